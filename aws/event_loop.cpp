#include "aws/event_loop.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <deque>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kSpareCapacity = 64;  // SIMDJSON_PADDING
// A Content-Length is believed up to here; a body that really is larger grows as it comes.
constexpr std::size_t kLargestReserve = std::size_t{16} << 20U;
// S3 rotates its addresses: a connection should not live for ever (protocol notes, 300 s).
constexpr long kConnectionLifetimeSeconds = 300;

using Milliseconds = std::chrono::milliseconds;

void StartCurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error(Reaction::kFixCommand, "libcurl does not start");
}

// The file of certificates to trust.  One file and no directory, because libcurl keeps what it read
// only then; otherwise it reads all of them again for each connection.
std::string CertificateFile(const std::string& ca_bundle) {
  if (!ca_bundle.empty()) {
    if (access(ca_bundle.c_str(), R_OK) != 0) {
      throw Error(Reaction::kFixCommand, "cannot read the CA bundle " + ca_bundle + ": " +
                                             std::generic_category().message(errno))
          .Hint("set AWS_CA_BUNDLE or --ca-bundle to a file of PEM certificates");
    }
    return ca_bundle;
  }
  const char* built_in = curl_version_info(CURLVERSION_NOW)->cainfo;
  for (const char* file : {built_in, "/etc/ssl/certs/ca-certificates.crt",
                           "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
    if (file != nullptr && access(file, R_OK) == 0) return file;
  }
  return {};
}

// "host:port" as an operator would write it.
std::string Authority(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) return std::string(url.substr(0, url.find('/')));
  url.remove_prefix(start + 3);
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

std::string LowerFirst(std::string text) {
  const bool acronym = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && !acronym) {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

std::string SystemMessage(long number) {
  return LowerFirst(std::generic_category().message(static_cast<int>(number)));
}

std::string_view TrimmedHeader(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ' ||
                           text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// How a request ended, with what libcurl knows about it.
struct Ending {
  CURLcode code = CURLE_OK;
  long system_error = 0;
  bool connected = false;
  std::string detail;
};

Error TimeoutError(const Ending& ending, const HttpRequest& request, const std::string& host) {
  if (!ending.connected) {
    return Error(Reaction::kRetryLater, "cannot connect to " + host + ": no connection within " +
                                            FormatDuration(request.connect_timeout))
        .Hint("check the network, the proxy and the endpoint");
  }
  const bool total = request.total_timeout.count() > 0;
  return {Reaction::kRetryLater,
          total ? host + " has not answered within " + FormatDuration(request.total_timeout)
                : host + " has sent nothing for " + FormatDuration(request.idle_timeout)};
}

Error UrlError(const std::string& host, const std::string& detail) {
  return Error(Reaction::kFixCommand, "\"" + host + "\" is not part of a usable URL: " + detail)
      .Hint("endpoints look like https://dynamodb.eu-central-1.amazonaws.com");
}

Error TransportError(const Ending& ending, const HttpRequest& request) {
  const std::string host = Authority(request.url);
  const std::string detail =
      ending.system_error != 0 ? SystemMessage(ending.system_error) : LowerFirst(ending.detail);
  switch (ending.code) {
    case CURLE_URL_MALFORMAT:
      return UrlError(host, detail);
    case CURLE_UNSUPPORTED_PROTOCOL:  // also what libcurl calls an answer that is not HTTP
      if (!ending.connected) return UrlError(host, detail);
      return {Reaction::kRetryLater, host + " has answered, but not in HTTP"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error(Reaction::kRetryLater, "cannot find the host of " + host)
          .Hint("check the region, the endpoint and the name server");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Error(Reaction::kRetryLater, "cannot find the proxy: " + detail)
          .Hint("check HTTPS_PROXY and HTTP_PROXY");
    case CURLE_COULDNT_CONNECT:
      return Error(Reaction::kRetryLater, "cannot connect to " + host + ": " + detail)
          .Hint("check the network and the endpoint");
    case CURLE_OPERATION_TIMEDOUT:
      return TimeoutError(ending, request, host);
    case CURLE_PEER_FAILED_VERIFICATION:
      return Error(Reaction::kFixCommand,
                   "the certificate of " + host + " is not trusted: " + detail)
          .Hint("set AWS_CA_BUNDLE or --ca-bundle to the certificates to trust");
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Reaction::kFixCommand, "no certificates to check " + host + " with: " + detail)
          .Hint("set AWS_CA_BUNDLE or --ca-bundle to a file of PEM certificates");
    case CURLE_SSL_CONNECT_ERROR:
      return Error(Reaction::kRetryLater, "no TLS with " + host + ": " + detail)
          .Hint("check that the endpoint speaks TLS; one that does not begins with http://");
    case CURLE_GOT_NOTHING:
      return {Reaction::kRetryLater, host + " closed the connection without an answer"};
    case CURLE_PARTIAL_FILE:
      return {Reaction::kRetryLater, host + " cut its answer short"};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return {Reaction::kRetryLater, "the connection to " + host + " broke: " + detail};
    default:
      return {Reaction::kRetryLater, "no answer from " + host + ": " + detail};
  }
}

// The libcurl side: handles, sockets, and libcurl's one timer.  Everything it starts (callbacks,
// timers, completions) runs on the io_context.
class Curl {
 public:
  Curl(asio::io_context& context, HttpOptions options);
  ~Curl();
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;

  Task<HttpResponse> Send(const HttpRequest& request);
  std::size_t in_flight() const { return in_flight_; }
  // Lets go of Asio: called before the io_context goes and destroys the tasks that wait here.
  void Detach();

 private:
  class Transfer;
  // What the epoll set has been told about a socket, by number.
  struct Socket {
    std::uint32_t registered = 0;  // events in the epoll set; 0: not in it
    bool ours = false;             // opened by OpenSocket: we also see it close
    bool wanted = false;           // a request waits for it now
  };

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* self, curl_socket_t socket);

  Socket& At(curl_socket_t socket);
  void Watch(curl_socket_t socket, std::uint32_t events);
  void Kick();
  void ArmTimer(std::chrono::steady_clock::time_point when);
  void AwaitSockets();
  void OnReadable();
  void FinishDone();
  void StartWaiting();
  CURL* TakeHandle();

  asio::io_context& context_;
  HttpOptions options_;
  std::string certificates_;
  CURLM* multi_ = nullptr;
  CURLSH* share_ = nullptr;
  int epoll_ = -1;
  std::optional<asio::posix::stream_descriptor> readable_;
  std::optional<asio::steady_timer> timer_;
  std::optional<std::chrono::steady_clock::time_point> timer_due_;  // as libcurl wants it
  bool timer_armed_ = false;
  bool kicked_ = false;
  std::vector<Socket> sockets_;
  std::vector<CURL*> spare_;
  std::deque<Transfer*> waiting_;
  std::size_t in_flight_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// One request, in the frame of the task that awaits it: destroying the task takes it out of
// libcurl.
class Curl::Transfer {
 public:
  Transfer(Curl& curl, const HttpRequest& request)
      : curl_(curl),
        request_(request),
        done_(curl.context_, asio::steady_timer::time_point::max()) {}
  ~Transfer() {
    if (easy_ != nullptr) {
      Leave();
    } else if (!finished_) {
      auto& waiting = curl_.waiting_;
      waiting.erase(std::remove(waiting.begin(), waiting.end(), this), waiting.end());
    }
    curl_slist_free_all(headers_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Hands itself to libcurl.  What goes wrong here comes out of Take().
  void Start();
  void Finish(CURLcode code);
  Task<HttpResponse> Await();

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(easy_, option, value); code != CURLE_OK) {
      throw Error(Reaction::kFixCommand,
                  std::string("libcurl refuses a setting: ") + curl_easy_strerror(code));
    }
  }
  void Prepare();
  void SetMethod();
  void SetHeaders();
  void SetConnection();
  void Leave();
  HttpResponse Take();
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  void AddHeader(std::string_view line);
  void AddBody(std::string_view bytes);

  Curl& curl_;
  const HttpRequest& request_;
  asio::steady_timer done_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> message_{};
  HttpResponse response_;
  Ending ending_;
  std::exception_ptr failure_;
  bool finished_ = false;
};

void Curl::Transfer::Start() {
  ++curl_.in_flight_;
  try {
    easy_ = curl_.TakeHandle();
    Prepare();
    if (curl_multi_add_handle(curl_.multi_, easy_) != CURLM_OK) throw std::bad_alloc();
  } catch (...) {
    failure_ = std::current_exception();
    finished_ = true;
    Leave();
    done_.cancel();
  }
}

Task<HttpResponse> Curl::Transfer::Await() {
  if (!finished_) {
    asio::error_code ignored;
    co_await done_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return Take();
}

void Curl::Transfer::Prepare() {
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_ERRORBUFFER, message_.data());
  Set(CURLOPT_URL, request_.url.c_str());
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, this);
  SetConnection();
  SetMethod();
  SetHeaders();
}

void Curl::Transfer::SetConnection() {
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_MAXLIFETIME_CONN, kConnectionLifetimeSeconds);
  Set(CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
  Set(CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(CURLOPT_OPENSOCKETDATA, &curl_);
  Set(CURLOPT_CLOSESOCKETFUNCTION, &CloseSocket);
  Set(CURLOPT_CLOSESOCKETDATA, &curl_);
  if (!curl_.options_.user_agent.empty()) {
    Set(CURLOPT_USERAGENT, curl_.options_.user_agent.c_str());
  }
  if (!curl_.certificates_.empty()) {
    Set(CURLOPT_CAINFO, curl_.certificates_.c_str());
    Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!request_.use_proxy) Set(CURLOPT_PROXY, "");
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  if (request_.total_timeout.count() > 0) {
    Set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout.count()));
  }
  if (request_.idle_timeout.count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(request_.idle_timeout);
    Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds.count()));
  }
}

void Curl::Transfer::SetMethod() {
  if (request_.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  } else if (request_.method == "GET") {
    Set(CURLOPT_HTTPGET, 1L);
  } else if (request_.method == "DELETE" && request_.body.empty()) {
    Set(CURLOPT_HTTPGET, 1L);
    Set(CURLOPT_CUSTOMREQUEST, "DELETE");
  } else {
    // As a POST's fields, also for PUT: libcurl then sends small bodies in one piece with the
    // headers, reads the bytes where they are, and can start over by itself.
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    Set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
  }
}

void Curl::Transfer::SetHeaders() {
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    headers_ = longer;
  };
  for (const auto& [name, value] : request_.headers.fields()) {
    if (HasControlCharacter(name) || HasControlCharacter(value)) {
      throw Error(Reaction::kFixCommand, "the value of the header " + name +
                                             " contains a character that HTTP does not allow");
    }
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  // A name with nothing behind it takes away what libcurl would add by itself.
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    if (!request_.headers.Has(name)) add(std::string(name) + ":");
  }
  Set(CURLOPT_HTTPHEADER, headers_);
}

void Curl::Transfer::Finish(CURLcode code) {
  ending_.code = code;
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
  } else {
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &ending_.system_error);
    long sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
    ending_.connected = sent > 0;
    ending_.detail = message_[0] != '\0' ? message_.data() : curl_easy_strerror(code);
  }
  finished_ = true;
  Leave();
  done_.cancel();
}

void Curl::Transfer::Leave() {
  if (easy_ != nullptr) {
    curl_multi_remove_handle(curl_.multi_, easy_);
    curl_easy_reset(easy_);
    curl_.spare_.push_back(std::exchange(easy_, nullptr));
  }
  --curl_.in_flight_;
  if (*curl_.alive_) curl_.StartWaiting();
}

HttpResponse Curl::Transfer::Take() {
  if (failure_) std::rethrow_exception(failure_);
  if (ending_.code != CURLE_OK) throw TransportError(ending_, request_);
  response_.body.reserve(response_.body.size() + kSpareCapacity);
  return std::move(response_);
}

std::size_t Curl::Transfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  try {
    static_cast<Transfer*>(self)->AddHeader({data, size * count});
  } catch (...) {
    return 0;
  }
  return size * count;
}

std::size_t Curl::Transfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  try {
    static_cast<Transfer*>(self)->AddBody({data, size * count});
  } catch (...) {
    return 0;
  }
  return size * count;
}

void Curl::Transfer::AddHeader(std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {  // of the final answer, or of a 1xx before it
    response_.headers = {};
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  response_.headers.Add(std::string(line.substr(0, colon)),
                        std::string(TrimmedHeader(line.substr(colon + 1))));
}

void Curl::Transfer::AddBody(std::string_view bytes) {
  std::string& body = response_.body;
  if (body.empty()) {
    std::size_t expected = 0;
    const std::string_view length = response_.headers.Find("content-length");
    std::from_chars(length.data(), length.data() + length.size(), expected);
    body.reserve(std::max(std::min(expected, kLargestReserve), bytes.size()) + kSpareCapacity);
  }
  body.append(bytes);
}

Curl::Curl(asio::io_context& context, HttpOptions options)
    : context_(context),
      options_(std::move(options)),
      certificates_(CertificateFile(options_.ca_bundle)) {
  StartCurl();
  options_.max_connections = std::max<std::size_t>(options_.max_connections, 1);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  multi_ = curl_multi_init();
  share_ = curl_share_init();
  if (epoll_ < 0 || multi_ == nullptr || share_ == nullptr) {
    throw Error(Reaction::kRetryLater, "no resources for network connections");
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
  // TLS sessions are otherwise kept per handle, and hardly ever resumed.
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  readable_.emplace(context_, epoll_);
  timer_.emplace(context_);
  AwaitSockets();
}

Curl::~Curl() {
  for (CURL* easy : spare_) curl_easy_cleanup(easy);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
  if (share_ != nullptr) curl_share_cleanup(share_);
  if (epoll_ >= 0) close(epoll_);
}

void Curl::Detach() {
  *alive_ = false;
  timer_.reset();
  readable_->release();
  readable_.reset();
}

Curl::Socket& Curl::At(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= sockets_.size()) sockets_.resize(index + 1);
  return sockets_[index];
}

void Curl::Watch(curl_socket_t socket, std::uint32_t events) {
  Socket& known = At(socket);
  if (known.registered == events) return;
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  if (events == 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  } else if (epoll_ctl(epoll_, known.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket,
                       &event) != 0) {
    // The kernel forgets a socket when it is closed: what we remember may be of an older one.
    epoll_ctl(epoll_, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  }
  known.registered = events;
}

int Curl::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& curl = *static_cast<Curl*>(self);
  if (what == CURL_POLL_REMOVE) {
    // A kept connection stays in the set: its next request wants the same events again.
    Socket& known = curl.At(socket);
    known.wanted = false;
    if (!known.ours || (known.registered & EPOLLOUT) != 0) curl.Watch(socket, 0);
    return 0;
  }
  std::uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  curl.At(socket).wanted = true;
  curl.Watch(socket, events);
  return 0;
}

curl_socket_t Curl::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  static_cast<Curl*>(self)->At(socket) = Socket{0, true, false};
  return socket;
}

int Curl::CloseSocket(void* self, curl_socket_t socket) {
  static_cast<Curl*>(self)->At(socket) = Socket{};
  return close(socket);
}

int Curl::OnTimer(CURLM*, long milliseconds, void* self) {
  auto& curl = *static_cast<Curl*>(self);
  curl.timer_due_.reset();
  if (!*curl.alive_ || milliseconds < 0) return 0;
  if (milliseconds == 0) {
    curl.Kick();
  } else {
    curl.timer_due_ = std::chrono::steady_clock::now() + Milliseconds(milliseconds);
    curl.ArmTimer(*curl.timer_due_);
  }
  return 0;
}

// libcurl wants to be called soon, but not from inside its own callback.
void Curl::Kick() {
  if (std::exchange(kicked_, true)) return;
  asio::post(context_, [this, alive = alive_] {
    if (!*alive) return;
    kicked_ = false;
    int running = 0;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    FinishDone();
  });
}

// libcurl moves its deadline with every request, nearly always to later: the timer that is already
// set then rings too early once, which is cheaper than setting it each time.
void Curl::ArmTimer(std::chrono::steady_clock::time_point when) {
  if (timer_armed_ && timer_->expiry() <= when) return;
  timer_armed_ = true;
  timer_->expires_at(when);
  timer_->async_wait([this, alive = alive_](asio::error_code error) {
    if (error || !*alive) return;
    timer_armed_ = false;
    if (!timer_due_) return;
    if (*timer_due_ > std::chrono::steady_clock::now()) {
      ArmTimer(*timer_due_);
      return;
    }
    timer_due_.reset();
    Kick();
  });
}

void Curl::AwaitSockets() {
  readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, alive = alive_](asio::error_code error) {
                          if (error || !*alive) return;
                          OnReadable();
                          AwaitSockets();
                        });
}

void Curl::OnReadable() {
  std::array<epoll_event, 256> events{};
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (!At(event.data.fd).wanted) {  // a kept connection that the server has closed
      Watch(event.data.fd, 0);
      continue;
    }
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
    int running = 0;
    curl_multi_socket_action(multi_, event.data.fd, what, &running);
  }
  FinishDone();
}

void Curl::FinishDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->Finish(code);
  }
}

CURL* Curl::TakeHandle() {
  if (!spare_.empty()) {
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }
  CURL* easy = curl_easy_init();
  if (easy == nullptr) throw std::bad_alloc();
  curl_easy_setopt(easy, CURLOPT_SHARE, share_);
  return easy;
}

void Curl::StartWaiting() {
  while (!waiting_.empty() && in_flight_ < options_.max_connections) {
    Transfer* next = waiting_.front();
    waiting_.pop_front();
    next->Start();
  }
}

Task<HttpResponse> Curl::Send(const HttpRequest& request) {
  Transfer transfer(*this, request);
  waiting_.push_back(&transfer);
  StartWaiting();
  co_return co_await transfer.Await();
}

}  // namespace

struct EventLoop::State {
  explicit State(HttpOptions options)
      : context(std::make_unique<asio::io_context>()), curl(*context, std::move(options)) {}
  ~State() {
    signals.reset();
    curl.Detach();
    context.reset();  // destroys the tasks that wait, and they take their requests out of libcurl
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::unique_ptr<asio::io_context> context;
  Curl curl;
  std::optional<asio::signal_set> signals;
  std::function<void(int)> on_signal;
  void AwaitSignal() {
    signals->async_wait([this](asio::error_code error, int number) {
      if (error) return;
      AwaitSignal();
      on_signal(number);
    });
  }
};

EventLoop::EventLoop(HttpOptions options) : state_(std::make_unique<State>(std::move(options))) {}
EventLoop::~EventLoop() = default;

Executor EventLoop::executor() { return state_->context->get_executor(); }
asio::io_context& EventLoop::context() { return *state_->context; }
std::size_t EventLoop::in_flight() const { return state_->curl.in_flight(); }

void EventLoop::OnSignals(std::function<void(int)> handler) {
  state_->on_signal = std::move(handler);
  if (state_->signals) return;
  state_->signals.emplace(*state_->context, SIGINT, SIGTERM);
  state_->AwaitSignal();
}

void EventLoop::RunUntil(const bool& done) {
  while (!done) {
    state_->context->restart();
    state_->context->run();
  }
}

Task<HttpResponse> EventLoop::Send(const HttpRequest& request) {
  return state_->curl.Send(request);
}

}  // namespace ddbvault

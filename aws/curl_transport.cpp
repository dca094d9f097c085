#include "aws/curl_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <charconv>
#include <deque>
#include <exception>
#include <vector>

#include "aws/certificate_file.h"
#include "aws/header_lines.h"
#include "aws/socket_set.h"
#include "aws/transport_error.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kSpareCapacity = 64;  // SIMDJSON_PADDING
// A Content-Length is believed up to here; a body that really is larger grows as it comes.
constexpr std::size_t kLargestReserve = std::size_t{16} << 20U;
// The least that libcurl takes.  Each handle that has ever sent a body of more than 64 KB keeps
// one: its default of 64 KB would be 16 MB with 256 requests in flight.
constexpr long kUploadBuffer = 16 * 1024;
// S3 rotates its addresses: a connection should not live for ever (protocol notes, 300 s).
constexpr long kConnectionLifetimeSeconds = 300;

void StartCurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error(Reaction::kFixCommand, "libcurl does not start");
}

template <typename Value>
void Set(CURL* easy, CURLoption option, Value value) {
  if (const CURLcode code = curl_easy_setopt(easy, option, value); code != CURLE_OK) {
    throw Error(Reaction::kFixCommand,
                std::string("libcurl refuses a setting: ") + curl_easy_strerror(code));
  }
}

bool IsSentAsPost(const HttpRequest& request) {
  if (request.method == "HEAD" || request.method == "GET") return false;
  return request.method != "DELETE" || !request.body.empty();
}

TransportFailure FailureOf(CURLcode code, bool request_sent) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return TransportFailure::kBadUrl;
    case CURLE_UNSUPPORTED_PROTOCOL:  // also what libcurl calls an answer that is not HTTP
      return request_sent ? TransportFailure::kNotHttp : TransportFailure::kBadUrl;
    case CURLE_COULDNT_RESOLVE_HOST:
      return TransportFailure::kUnknownHost;
    case CURLE_COULDNT_RESOLVE_PROXY:
      return TransportFailure::kUnknownProxy;
    case CURLE_COULDNT_CONNECT:
      return TransportFailure::kNotConnected;
    case CURLE_OPERATION_TIMEDOUT:
      return TransportFailure::kTimeout;
    case CURLE_PEER_FAILED_VERIFICATION:
      return TransportFailure::kNotTrusted;
    case CURLE_SSL_CACERT_BADFILE:
      return TransportFailure::kNoCertificates;
    case CURLE_SSL_CONNECT_ERROR:
      return TransportFailure::kNoTls;
    case CURLE_GOT_NOTHING:
      return TransportFailure::kClosed;
    case CURLE_PARTIAL_FILE:
      return TransportFailure::kCut;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return TransportFailure::kBroken;
    default:
      return TransportFailure::kOther;
  }
}

}  // namespace

// The libcurl side: handles, sockets, and libcurl's one timer.  Everything it starts (callbacks,
// timers, completions) runs on the io_context.
class CurlTransport::Impl {
 public:
  Impl(asio::io_context& context, HttpOptions options);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Task<HttpResponse> Send(const HttpRequest& request);
  std::size_t in_flight() const { return running_.size(); }
  void Detach();

 private:
  class Transfer;

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* self, curl_socket_t socket);

  void Kick();
  void ArmTimer(std::chrono::steady_clock::time_point when);
  void AwaitSockets();
  void OnReadable();
  void FinishDone();
  void StartWaiting();
  CURL* TakeHandle();
  void SetUp(CURL* easy);
  void WatchIdle();

  asio::io_context& context_;
  HttpOptions options_;
  std::string certificates_;
  CURLM* multi_ = nullptr;
  CURLSH* share_ = nullptr;
  SocketSet sockets_;  // outlives multi_, which closes some
  std::optional<asio::posix::stream_descriptor> readable_;
  std::optional<asio::steady_timer> timer_;
  std::optional<std::chrono::steady_clock::time_point> timer_due_;  // as libcurl wants it
  bool timer_armed_ = false;
  bool kicked_ = false;
  std::vector<CURL*> spare_;
  std::deque<Transfer*> waiting_;
  std::vector<Transfer*> running_;
  std::optional<asio::steady_timer> idle_timer_;
  bool idle_watched_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// One request, in the frame of the task that awaits it: destroying the task takes it out of
// libcurl.
class CurlTransport::Impl::Transfer {
 public:
  Transfer(Impl& curl, const HttpRequest& request)
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
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Hands itself to libcurl.  What goes wrong here comes out of Take().
  void Start();
  void Finish(CURLcode code);
  Task<HttpResponse> Await();
  // Nothing has moved for longer than it may, as seen by who asks now and then.
  bool IsIdle(std::chrono::steady_clock::time_point now);

  // What libcurl calls, with the transfer as `self`.
  static int OnSending(void* self, char*, char*, int, int);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);

 private:
  void Set(CURLoption option, auto value) { ddbvault::Set(easy_, option, value); }
  void Prepare();
  void SetMethod();
  void SetHeaders();
  void SetConnection();
  void Leave();
  HttpResponse Take();
  void AddHeader(std::string_view line);
  bool AddBody(std::string_view bytes);

  Impl& curl_;
  const HttpRequest& request_;
  asio::steady_timer done_;
  CURL* easy_ = nullptr;
  HeaderLines lines_;
  std::vector<curl_slist> list_;  // of them
  int sends_ = 0;
  std::size_t place_ = 0;                           // in running_
  curl_off_t moved_ = 0;                            // bytes, both ways
  std::chrono::steady_clock::time_point moved_at_;  // when they were last seen to be more
  std::array<char, CURL_ERROR_SIZE> message_{};
  HttpResponse response_;
  std::optional<TransportEnding> ending_;
  std::exception_ptr failure_;
  bool finished_ = false;
  bool too_large_ = false;
};

void CurlTransport::Impl::Transfer::Start() {
  place_ = curl_.running_.size();
  curl_.running_.push_back(this);
  moved_at_ = std::chrono::steady_clock::now();
  curl_.WatchIdle();
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

Task<HttpResponse> CurlTransport::Impl::Transfer::Await() {
  if (!finished_) {
    asio::error_code ignored;
    co_await done_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return Take();
}

void CurlTransport::Impl::Transfer::Prepare() {
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_ERRORBUFFER, message_.data());
  Set(CURLOPT_URL, request_.url.c_str());
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_PREREQDATA, this);
  SetConnection();
  SetMethod();
  SetHeaders();
}

void CurlTransport::Impl::Transfer::SetConnection() {
  Set(CURLOPT_MAXAGE_CONN, static_cast<long>(request_.idle_most.count()));
  // Null: as the environment says.
  Set(CURLOPT_PROXY, request_.use_proxy ? static_cast<const char*>(nullptr) : "");
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout.count()));
}

// The handle may have made any request before: each way says all that another one sets.
void CurlTransport::Impl::Transfer::SetMethod() {
  Set(CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  if (request_.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  } else if (!IsSentAsPost(request_)) {
    Set(CURLOPT_HTTPGET, 1L);
    if (request_.method == "DELETE") Set(CURLOPT_CUSTOMREQUEST, "DELETE");
  } else {
    // As a POST's fields, also for PUT: libcurl then sends small bodies in one piece with the
    // headers, reads the bytes where they are, and can start over by itself.
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    Set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
  }
}

// libcurl's list, as curl_slist_append() makes it, without a block of memory or two for each line.
void CurlTransport::Impl::Transfer::SetHeaders() {
  std::optional<std::size_t> body_bytes;
  if (IsSentAsPost(request_)) body_bytes = request_.body.size();
  lines_ = HeaderLines(request_.headers, body_bytes);
  list_.resize(lines_.size());
  for (std::size_t i = 0; i < list_.size(); ++i) {
    list_[i].data = lines_.line(i);
    list_[i].next = i + 1 < list_.size() ? &list_[i + 1] : nullptr;
  }
  Set(CURLOPT_HTTPHEADER, list_.data());
}

void CurlTransport::Impl::Transfer::Finish(CURLcode code) {
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
  } else {
    TransportEnding ending;
    long sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &ending.system_error);
    ending.request_sent = sent > 0;
    ending.failure =
        too_large_ ? TransportFailure::kTooLarge : FailureOf(code, ending.request_sent);
    ending.detail = message_[0] != '\0' ? message_.data() : curl_easy_strerror(code);
    ending_ = std::move(ending);
  }
  finished_ = true;
  Leave();
  done_.cancel();
}

bool CurlTransport::Impl::Transfer::IsIdle(std::chrono::steady_clock::time_point now) {
  long sent = 0;
  long headers = 0;
  curl_off_t up = 0;
  curl_off_t down = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
  curl_easy_getinfo(easy_, CURLINFO_HEADER_SIZE, &headers);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &down);
  if (sent == 0 || request_.idle_timeout.count() == 0) return false;  // it connects: another limit
  const curl_off_t moved = sent + headers + up + down;
  if (moved != std::exchange(moved_, moved)) moved_at_ = now;
  return now - moved_at_ >= request_.idle_timeout;
}

void CurlTransport::Impl::Transfer::Leave() {
  if (easy_ != nullptr) {
    curl_multi_remove_handle(curl_.multi_, easy_);
    // It must not keep what ends with this transfer.
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, nullptr);
    // One that was in trouble goes: libcurl counts how often a handle has sent again, for good.
    const bool sound = response_.status != 0 && sends_ <= 1;
    if (sound) {
      curl_.spare_.push_back(easy_);
    } else {
      curl_easy_cleanup(easy_);
    }
    easy_ = nullptr;
  }
  curl_.running_[place_] = curl_.running_.back();
  curl_.running_[place_]->place_ = place_;
  curl_.running_.pop_back();
  if (*curl_.alive_) curl_.StartWaiting();
}

HttpResponse CurlTransport::Impl::Transfer::Take() {
  if (failure_) std::rethrow_exception(failure_);
  if (ending_) throw TransportError(*ending_, request_);
  response_.body.reserve(response_.body.size() + kSpareCapacity);
  return std::move(response_);
}

// libcurl calls this each time before it sends the request, its own replays too.
int CurlTransport::Impl::Transfer::OnSending(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  ++transfer.sends_;
  if (transfer.request_.sends != nullptr) ++*transfer.request_.sends;
  return CURL_PREREQFUNC_OK;
}

std::size_t CurlTransport::Impl::Transfer::OnHeader(char* data, std::size_t size, std::size_t count,
                                                    void* self) {
  try {
    static_cast<Transfer*>(self)->AddHeader({data, size * count});
  } catch (...) {
    return 0;
  }
  return size * count;
}

std::size_t CurlTransport::Impl::Transfer::OnBody(char* data, std::size_t size, std::size_t count,
                                                  void* self) {
  const bool taken = static_cast<Transfer*>(self)->AddBody({data, size * count});
  return taken ? size * count : 0;
}

void CurlTransport::Impl::Transfer::AddHeader(std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {  // of the final answer, or of a 1xx before it
    response_.headers = {};
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  response_.headers.Add(line.substr(0, colon), TrimmedHeader(line.substr(colon + 1)));
}

bool CurlTransport::Impl::Transfer::AddBody(std::string_view bytes) try {
  std::string& body = response_.body;
  too_large_ = bytes.size() > kLargestBody - body.size();
  if (too_large_) return false;
  if (body.empty()) {
    std::size_t expected = 0;
    const std::string_view length = response_.headers.Find("content-length");
    std::from_chars(length.data(), length.data() + length.size(), expected);
    body.reserve(std::max(std::min(expected, kLargestReserve), bytes.size()) + kSpareCapacity);
  }
  body.append(bytes);
  return true;
} catch (const std::exception&) {
  return false;
}

CurlTransport::Impl::Impl(asio::io_context& context, HttpOptions options)
    : context_(context),
      options_(std::move(options)),
      certificates_(CertificateFile(options_.ca_bundle)) {
  StartCurl();
  options_.max_connections = std::max<std::size_t>(options_.max_connections, 1);
  multi_ = curl_multi_init();
  share_ = curl_share_init();
  if (multi_ == nullptr || share_ == nullptr) {
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
  readable_.emplace(context_, sockets_.descriptor());
  timer_.emplace(context_);
  idle_timer_.emplace(context_);
  AwaitSockets();
}

CurlTransport::Impl::~Impl() {
  for (CURL* easy : spare_) curl_easy_cleanup(easy);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
  if (share_ != nullptr) curl_share_cleanup(share_);
}

void CurlTransport::Impl::Detach() {
  *alive_ = false;
  timer_.reset();
  idle_timer_.reset();
  readable_->release();
  readable_.reset();
}

int CurlTransport::Impl::OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  SocketSet& sockets = static_cast<Impl*>(self)->sockets_;
  if (what == CURL_POLL_REMOVE) {
    sockets.Release(socket);
    return 0;
  }
  std::uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  sockets.Want(socket, events);
  return 0;
}

curl_socket_t CurlTransport::Impl::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  SocketSet& sockets = static_cast<Impl*>(self)->sockets_;
  const int socket = sockets.Open(address->family, address->socktype, address->protocol);
  return socket < 0 ? CURL_SOCKET_BAD : socket;
}

int CurlTransport::Impl::CloseSocket(void* self, curl_socket_t socket) {
  return static_cast<Impl*>(self)->sockets_.Close(socket);
}

int CurlTransport::Impl::OnTimer(CURLM*, long milliseconds, void* self) {
  auto& curl = *static_cast<Impl*>(self);
  curl.timer_due_.reset();
  if (!*curl.alive_ || milliseconds < 0) return 0;
  if (milliseconds == 0) {
    curl.Kick();
  } else {
    curl.timer_due_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    curl.ArmTimer(*curl.timer_due_);
  }
  return 0;
}

// libcurl wants to be called soon, but not from inside its own callback.
void CurlTransport::Impl::Kick() {
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
void CurlTransport::Impl::ArmTimer(std::chrono::steady_clock::time_point when) {
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

void CurlTransport::Impl::AwaitSockets() {
  readable_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, alive = alive_](asio::error_code error) {
                          if (error || !*alive) return;
                          OnReadable();
                          AwaitSockets();
                        });
}

void CurlTransport::Impl::OnReadable() {
  sockets_.ForEachReady([this](int socket, std::uint32_t events) {
    int what = 0;
    if ((events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
    int running = 0;
    curl_multi_socket_action(multi_, socket, what, &running);
  });
  FinishDone();
}

void CurlTransport::Impl::FinishDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->Finish(code);
  }
}

// One look at all of them a second.  libcurl's own watch (CURLOPT_LOW_SPEED_TIME) sets a timer anew
// with each step of each request.
void CurlTransport::Impl::WatchIdle() {
  if (!*alive_ || std::exchange(idle_watched_, true)) return;
  idle_timer_->expires_after(std::chrono::seconds(1));
  idle_timer_->async_wait([this, alive = alive_](asio::error_code error) {
    if (error || !*alive) return;
    idle_watched_ = false;
    const auto now = std::chrono::steady_clock::now();
    std::vector<Transfer*> idle;
    for (Transfer* transfer : running_) {
      if (transfer->IsIdle(now)) idle.push_back(transfer);
    }
    for (Transfer* transfer : idle) transfer->Finish(CURLE_OPERATION_TIMEDOUT);
    if (!running_.empty()) WatchIdle();
  });
}

CURL* CurlTransport::Impl::TakeHandle() {
  if (!spare_.empty()) {
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  if (!easy) throw std::bad_alloc();
  SetUp(easy.get());
  return easy.release();
}

// What is the same for all requests, once for each handle: libcurl copies texts and parses some.
void CurlTransport::Impl::SetUp(CURL* easy) {
  Set(easy, CURLOPT_SHARE, share_);
  Set(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  Set(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  Set(easy, CURLOPT_PREREQFUNCTION, &Transfer::OnSending);
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  Set(easy, CURLOPT_PATH_AS_IS, 1L);
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(easy, CURLOPT_MAXLIFETIME_CONN, kConnectionLifetimeSeconds);
  Set(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(easy, CURLOPT_OPENSOCKETDATA, this);
  Set(easy, CURLOPT_CLOSESOCKETFUNCTION, &CloseSocket);
  Set(easy, CURLOPT_CLOSESOCKETDATA, this);
  if (!options_.user_agent.empty()) Set(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  if (!certificates_.empty()) {
    Set(easy, CURLOPT_CAINFO, certificates_.c_str());
    Set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
}

void CurlTransport::Impl::StartWaiting() {
  while (!waiting_.empty() && running_.size() < options_.max_connections) {
    Transfer* next = waiting_.front();
    waiting_.pop_front();
    next->Start();
  }
}

Task<HttpResponse> CurlTransport::Impl::Send(const HttpRequest& request) {
  Transfer transfer(*this, request);
  waiting_.push_back(&transfer);
  StartWaiting();
  co_return co_await transfer.Await();
}

CurlTransport::CurlTransport(asio::io_context& context, HttpOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}
CurlTransport::~CurlTransport() = default;

Task<HttpResponse> CurlTransport::Send(const HttpRequest& request) { return impl_->Send(request); }
void CurlTransport::Detach() { impl_->Detach(); }
std::size_t CurlTransport::in_flight() const { return impl_->in_flight(); }

}  // namespace ddbvault

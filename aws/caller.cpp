#include "aws/caller.h"

#include <algorithm>
#include <charconv>

#include "aws/endpoint.h"
#include "aws/error_response.h"
#include "aws/error_table.h"
#include "aws/sigv4.h"
#include "base/backoff.h"
#include "base/digest.h"
#include "base/log.h"

namespace ddbvault {
namespace {

// botocore, the Go and the Java SDK correct their clock from 4 to 5 minutes on; S3 and the others
// refuse signatures that are 5 to 15 minutes away.
constexpr Duration kToleratedSkew = std::chrono::minutes(4);
// From a Date, which has whole seconds and is as old as its answer.
constexpr Duration kCorrectedSkew = std::chrono::seconds(30);
constexpr Duration kBetweenLogLines{30000};
// Many calls in flight find the same credentials refused: the source is asked again once for all.
constexpr Duration kBetweenRefreshes{10000};

struct Endpoint {
  std::string scheme;
  std::string host;  // with the port unless it is the scheme's own, as in the Host header
  std::string base_path;
};

// libcurl leaves the scheme's own port out of the Host header, and the signature must agree.
std::string HostHeader(std::string_view authority, std::string_view scheme) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (authority.size() > port.size() && authority.substr(authority.size() - port.size()) == port) {
    authority.remove_suffix(port.size());
  }
  return std::string(authority);
}

Endpoint ParseEndpoint(const std::string& url) {
  Endpoint endpoint;
  const std::size_t colon = url.find("://");
  endpoint.scheme = url.substr(0, colon);
  const bool known = endpoint.scheme == "https" || endpoint.scheme == "http";
  if (colon == std::string::npos || !known || url.size() == colon + 3) {
    throw Error(Reaction::kFixCommand, "\"" + url + "\" is not the URL of an endpoint")
        .Hint("endpoints look like https://dynamodb.eu-central-1.amazonaws.com");
  }
  const std::size_t path = std::min(url.find('/', colon + 3), url.size());
  const std::string authority = url.substr(colon + 3, path - colon - 3);
  endpoint.host = HostHeader(authority, endpoint.scheme);
  endpoint.base_path = url.substr(path);
  while (!endpoint.base_path.empty() && endpoint.base_path.back() == '/') {
    endpoint.base_path.pop_back();
  }
  return endpoint;
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// How one try ended: with an answer for the caller, or with an error.
struct Outcome {
  std::optional<HttpResponse> response;
  std::optional<Error> error;
  AwsErrorTraits traits;
  bool sent = false;
  int sends = 0;
  bool unanswered = false;
  std::string access_key_id;  // signed with
  Duration skew{0};
  std::optional<Duration> server_delay;
  std::optional<Time> server_time;
  bool given_up = false;  // nothing was sent: it may not be (AwsRequest::may_send)
};

// What a call remembers between its tries.
struct Progress {
  std::string invocation_id;  // from the second attempt on
  Time started;
  int attempts = 0;
  int sends = 0;
  int retries = 0;  // attempts but the first and those after a remedy
  int last_cost = 0;
  bool unanswered = false;
  bool new_credentials = false;
  bool clock_corrected = false;
};

// A call's request as it goes out.  What differs from try to try is set anew in its headers.
struct Prepared {
  HttpRequest http;
  // As they are signed.
  std::string path;
  std::string query;
  std::string payload_hash;
  std::function<bool()> may_send;
};

// The keys of the next try may be some without a session token.
HttpHeaders WithoutToken(const HttpHeaders& headers) {
  HttpHeaders others;
  for (const auto& [name, value] : headers.fields()) {
    if (name != "X-Amz-Security-Token") others.Add(name, value);
  }
  return others;
}

Error WithTries(const Error& error, int attempts, std::string_view reason) {
  std::string message = error.message();
  if (attempts > 1) message += ", after " + std::to_string(attempts) + " tries";
  message += reason;
  Error longer(error.reaction(), std::move(message));
  longer.Code(error.code()).RequestId(error.request_id()).HttpStatus(error.http_status());
  longer.Hint(error.hint());
  return longer;
}

}  // namespace

struct AwsCaller::State {
  State(HttpTransport& the_transport, Clock& the_clock,
        std::shared_ptr<CredentialsProvider> the_credentials, CallerOptions the_options)
      : transport(the_transport),
        clock(the_clock),
        credentials(std::move(the_credentials)),
        options(std::move(the_options)),
        endpoint(ParseEndpoint(options.endpoint)),
        what(options.service + " at " + endpoint.host),
        signer(options.region, options.service) {}

  Task<AwsResponse> Call(AwsRequest request, std::vector<int> accepted);
  Task<Outcome> Try(Prepared& prepared, const std::vector<int>& accepted, const Progress& progress);
  Prepared Prepare(AwsRequest& request) const;
  void Judge(std::string_view method, const std::vector<int>& accepted, Outcome& outcome) const;
  void LookAtClock(Time server_time);
  bool Remedied(const Outcome& outcome, Progress& progress);
  Task<void> WaitToRetry(const Outcome& outcome, Progress& progress);
  bool MayRetry(const Outcome& outcome, Progress& progress);
  void LogTrouble(const Error& error, const Progress& progress);
  void LogRecovery();

  HttpTransport& transport;
  Clock& clock;
  std::shared_ptr<CredentialsProvider> credentials;
  CallerOptions options;
  Endpoint endpoint;
  std::string what;
  Signer signer;
  RetryQuota quota;
  SendRate rate;
  Duration skew{0};
  // AWS's time since the epoch, less Clock::Uptime, as the last answer said: a clock of ours that
  // is set does not move it.
  std::optional<Duration> server_less_uptime;
  std::string refused_key_id;
  Time refused_at;
  std::optional<Time> logged;
  bool in_trouble = false;
};

Task<AwsResponse> AwsCaller::State::Call(AwsRequest request, std::vector<int> accepted) {
  Progress progress;
  progress.started = clock.Now();
  Prepared prepared = Prepare(request);
  while (true) {
    // They tell AWS which requests are tries of one call: the first need not say so.
    if (++progress.attempts == 2) progress.invocation_id = RandomUuid();
    Outcome outcome = co_await Try(prepared, accepted, progress);
    if (outcome.given_up) {
      throw Error(Reaction::kRetryLater, "a write that may not be sent any more was given up");
    }
    progress.unanswered = progress.unanswered || outcome.unanswered;
    progress.sends += outcome.sends;
    if (!outcome.error) {
      quota.Return(progress.last_cost);
      LogRecovery();
      if (outcome.server_time) LookAtClock(*outcome.server_time);
      co_return AwsResponse{std::move(*outcome.response), progress.sends, progress.unanswered};
    }
    if (!Remedied(outcome, progress)) co_await WaitToRetry(outcome, progress);
  }
}

Task<Outcome> AwsCaller::State::Try(Prepared& prepared, const std::vector<int>& accepted,
                                    const Progress& progress) {
  Outcome outcome;
  if (options.retry_mode == RetryMode::kAdaptive) {
    const Duration wait = rate.Reserve(clock.Now());
    if (wait.count() > 0) co_await clock.Sleep(wait);
  }
  try {
    HttpRequest& http = prepared.http;
    if (progress.attempts > 1) {
      http.headers = WithoutToken(http.headers);
      http.headers.Set("amz-sdk-invocation-id", progress.invocation_id);
      http.headers.Set("amz-sdk-request", "attempt=" + std::to_string(progress.attempts) +
                                              "; max=" + std::to_string(options.max_attempts));
    }
    if (credentials) {
      std::optional<Credentials> fetched;
      const Credentials* keys = credentials->Current();
      if (keys == nullptr) keys = &fetched.emplace(co_await credentials->Get());
      outcome.access_key_id = keys->access_key_id;
      outcome.skew = skew;
      signer.Sign(http.method, prepared.path, prepared.query, prepared.payload_hash, *keys,
                  clock.Now() + skew, http.headers);
    }
    // Last of all: what goes before may have waited, for credentials or for its turn.
    if (prepared.may_send && !prepared.may_send()) {
      outcome.given_up = true;
      co_return outcome;
    }
    http.sends = &outcome.sends;
    outcome.sent = true;
    outcome.response = co_await transport.Send(http);
    outcome.unanswered = outcome.sends > 1;
  } catch (const Error& error) {
    outcome.error = error;
    outcome.traits.reaction = error.reaction();
    outcome.traits.retry = error.reaction() == Reaction::kRetryLater;
    outcome.unanswered = outcome.sent;
  }
  // One that failed early may not have gone out at all: who knows.
  if (outcome.sent) outcome.sends = std::max(outcome.sends, 1);
  if (outcome.response) Judge(prepared.http.method, accepted, outcome);
  if (options.retry_mode == RetryMode::kAdaptive) {
    rate.OnAnswer(clock.Now(), outcome.traits.throttling);
  }
  co_return outcome;
}

Prepared AwsCaller::State::Prepare(AwsRequest& request) const {
  const std::string host =
      request.host.empty() ? endpoint.host : HostHeader(request.host, endpoint.scheme);
  Prepared prepared;
  prepared.path = endpoint.base_path + request.path;
  prepared.query = CanonicalQuery(request.query);
  HttpRequest& http = prepared.http;
  http.method = std::move(request.method);
  http.url = endpoint.scheme + "://" + host + prepared.path;
  if (!prepared.query.empty()) http.url += "?" + prepared.query;
  http.headers = std::move(request.headers);
  // x-amz-crc32 is of the bytes as they are sent: compressed ones would have to be checked first.
  if (options.protocol == AwsProtocol::kJson) http.headers.Set("Accept-Encoding", "identity");
  http.body = request.body;
  http.use_proxy = !IsLoopbackHost(UrlHost(http.url));
  http.idle_most = request.idle_most;
  prepared.may_send = std::move(request.may_send);
  if (!credentials) return prepared;
  http.headers.Set("Host", host);
  const bool unsigned_payload =
      request.payload_hash == PayloadHash::kUnsigned && endpoint.scheme == "https";
  if (unsigned_payload) {
    prepared.payload_hash = kUnsignedPayload;
  } else {
    static const std::string of_nothing = Hex(AsBytes(Sha256("")));
    prepared.payload_hash = request.body.empty() ? of_nothing : Hex(AsBytes(Sha256(request.body)));
  }
  return prepared;
}

void AwsCaller::State::Judge(std::string_view method, const std::vector<int>& accepted,
                             Outcome& outcome) const {
  const HttpResponse& response = *outcome.response;
  outcome.server_time = ParseTime(response.headers.Find("date"));
  if (const auto delay = Number(response.headers.Find("x-amz-retry-after"))) {
    outcome.server_delay = Duration(static_cast<std::int64_t>(
        std::min<std::uint64_t>(*delay, static_cast<std::uint64_t>(kLongestDelay.count() * 2))));
  }
  const auto crc = Number(response.headers.Find("x-amz-crc32"));
  if (crc && options.protocol == AwsProtocol::kJson && *crc != Crc32(response.body)) {
    outcome.error =
        Error(Reaction::kCorrupt, "an answer of " + what + " was damaged on its way (x-amz-crc32)")
            .RequestId(RequestIdOf(response))
            .HttpStatus(response.status);
    outcome.traits = {Reaction::kCorrupt, true, false, Remedy::kNone, {}};
    outcome.unanswered = true;
    return;
  }
  const bool success = response.status >= 200 && response.status < 300;
  const bool may_hide_error = options.protocol == AwsProtocol::kXml && method == "POST";
  if (success && !(may_hide_error && !ErrorCode(response, options.protocol).empty())) return;
  if (std::find(accepted.begin(), accepted.end(), response.status) != accepted.end()) return;
  const int status = success ? 500 : response.status;
  outcome.response->status = status;
  outcome.error = ErrorFromResponse(response, options.protocol, what);
  outcome.traits = TraitsOf(outcome.error->code(), status);
  outcome.unanswered = outcome.unanswered || status >= 500;
  // Answers to HEAD have no body to say why.
  if (outcome.error->code().empty() && method == "HEAD") {
    if (status == 400) outcome.traits.remedy = Remedy::kNewCredentials;
    if (status == 403) outcome.traits.remedy = Remedy::kClock;
  }
}

// AWS takes what is signed within 15 minutes of its own time, and no longer: signed with a clock
// that is fast, a try would be good for longer than those who wait for its end reckon with.
void AwsCaller::State::LookAtClock(Time server_time) {
  const Duration ahead = server_time - clock.Now();
  server_less_uptime = server_time.time_since_epoch() - clock.Uptime();
  if (std::chrono::abs(ahead - skew) >= kCorrectedSkew) skew = ahead;
}

// Does what can be done before the call is tried once more; each remedy once a call.
bool AwsCaller::State::Remedied(const Outcome& outcome, Progress& progress) {
  if (outcome.traits.remedy == Remedy::kNewCredentials && credentials) {
    if (std::exchange(progress.new_credentials, true)) return false;
    const Time now = clock.Now();
    if (refused_key_id != outcome.access_key_id || now - refused_at >= kBetweenRefreshes) {
      refused_key_id = outcome.access_key_id;
      refused_at = now;
      credentials->Invalidate();
    }
    return true;
  }
  if (outcome.traits.remedy == Remedy::kClock && outcome.server_time) {
    const Duration ahead = *outcome.server_time - clock.Now();
    if (std::chrono::abs(ahead - outcome.skew) < kToleratedSkew) return false;
    if (std::exchange(progress.clock_corrected, true)) return false;
    if (std::chrono::abs(ahead - skew) < kToleratedSkew) return true;  // another call was quicker
    skew = ahead;
    LogWarn("{}: this machine's clock is {} {}; signing with AWS's time", what,
            FormatDuration(std::chrono::abs(ahead)), ahead.count() > 0 ? "slow" : "fast");
    return true;
  }
  return false;
}

// True: one of the tries that every call has.  False: only patience is left.  Throws when there is
// none.
bool AwsCaller::State::MayRetry(const Outcome& outcome, Progress& progress) {
  const Error& error = *outcome.error;
  if (!outcome.traits.retry) throw WithTries(error, progress.attempts, "");
  const bool patient = options.patient && error.reaction() == Reaction::kRetryLater;
  std::string_view reason;
  if (progress.retries + 1 < options.max_attempts) {
    if (options.retry_mode == RetryMode::kLegacy) return true;
    if (const int cost = quota.Take(outcome.traits.throttling); cost > 0) {
      progress.last_cost = cost;
      return true;
    }
    reason = "; no more, because too many other calls fail as well";
  }
  if (!patient) throw WithTries(error, progress.attempts, reason);
  if (options.stop != nullptr) options.stop->ThrowIfRequested();
  return false;
}

Task<void> AwsCaller::State::WaitToRetry(const Outcome& outcome, Progress& progress) {
  const bool ordinary = MayRetry(outcome, progress);
  const Duration base = outcome.traits.throttling ? kThrottledBaseDelay : options.base_delay;
  const Duration delay = RetryDelay(progress.retries, base, outcome.server_delay, Jitter());
  ++progress.retries;
  if (ordinary) {
    co_await clock.Sleep(delay);
    co_return;
  }
  LogTrouble(*outcome.error, progress);
  co_await clock.Sleep(delay, options.stop);
  if (options.stop != nullptr) options.stop->ThrowIfRequested();
}

void AwsCaller::State::LogTrouble(const Error& error, const Progress& progress) {
  const Time now = clock.Now();
  if (logged && now - *logged < kBetweenLogLines) return;
  logged = now;
  in_trouble = true;
  LogWarn("{}: {}; {} tries in {}, still trying", what, error.what(), progress.attempts,
          FormatDuration(now - progress.started));
}

void AwsCaller::State::LogRecovery() {
  if (!std::exchange(in_trouble, false)) return;
  LogInfo("{}: answers again", what);
}

AwsCaller::AwsCaller(HttpTransport& transport, Clock& clock,
                     std::shared_ptr<CredentialsProvider> credentials, CallerOptions options)
    : state_(
          std::make_unique<State>(transport, clock, std::move(credentials), std::move(options))) {}

AwsCaller::~AwsCaller() = default;

Task<AwsResponse> AwsCaller::Call(AwsRequest request, std::vector<int> accepted) {
  return state_->Call(std::move(request), std::move(accepted));
}

const CallerOptions& AwsCaller::options() const { return state_->options; }

Duration AwsCaller::clock_skew() const { return state_->skew; }

Duration AwsCaller::server_ahead() const {
  if (!state_->server_less_uptime) return Duration(0);
  const Time server_time{*state_->server_less_uptime + state_->clock.Uptime()};
  return server_time - state_->clock.Now();
}
bool AwsCaller::has_answered() const { return state_->server_less_uptime.has_value(); }

}  // namespace ddbvault

#include "bench/bare_loop.h"

#include <curl/curl.h>

#include <stdexcept>

#include "aws/sigv4.h"
#include "base/digest.h"
#include "bench/canned/canned_items.h"
#include "bench/canned/canned_load.h"
#include "bench/clocks.h"
#include "bench/settings.h"
#include "incremental/layout.h"

namespace ddbvault {
namespace {

std::size_t Discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

}  // namespace

class BareLoop::Impl {
 public:
  explicit Impl(BareOptions options)
      : options_(std::move(options)),
        names_(options_.items),
        item_(CannedItem(options_.item_bytes)),
        signer_(kCannedRegion, "s3"),
        multi_(curl_multi_init()),
        handles_(options_.in_flight) {
    credentials_.access_key_id = kBenchAccessKey;
    credentials_.secret_access_key = kBenchSecretKey;
    host_ = options_.endpoint.substr(options_.endpoint.find("//") + 2);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.in_flight));
    VersionInfo info;
    info.stream_label = kCannedStreamLabel;
    info.sequence_number = "100000000000000000001";
    info.change_time = SystemClock().Now();
    info.writer = RandomUuid();
    metadata_ = info.ToMetadata();
  }

  ~Impl() {
    for (Handle& handle : handles_) {
      curl_slist_free_all(handle.headers);
      curl_easy_cleanup(handle.easy);
    }
    curl_multi_cleanup(multi_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  BareCost Send(std::uint64_t count) {
    const double cpu = ThreadCpuSeconds();
    const double wall = WallSeconds();
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    for (; started < count && started < handles_.size(); ++started) Start(handles_[started]);
    while (done < count) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      int left = 0;
      while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        Handle& handle = Finish(*message);
        ++done;
        if (started < count) {
          Start(handle);
          ++started;
        }
      }
      if (done < count) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    return {(ThreadCpuSeconds() - cpu) / static_cast<double>(count), WallSeconds() - wall};
  }

 private:
  struct Handle {
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    std::string url;
    std::string body;
  };

  void Start(Handle& handle) {
    const std::uint64_t number = next_++ % options_.items;
    const std::size_t position = static_cast<std::size_t>(number);
    const std::string path = std::string("/") + kCannedBucket + "/" + kCannedBackup + "/" +
                             kCannedTable + "/" + names_.Name(position);
    const bool put = options_.method == BareMethod::kPut;
    handle.url = options_.endpoint + path;
    handle.body.clear();
    if (put) item_.AppendTo(handle.body, names_.Number(position));
    SetHeaders(handle, path, put);
    if (handle.easy == nullptr) SetUp(handle, put);
    curl_easy_setopt(handle.easy, CURLOPT_URL, handle.url.c_str());
    curl_easy_setopt(handle.easy, CURLOPT_HTTPHEADER, handle.headers);
    if (put) {
      curl_easy_setopt(handle.easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(handle.body.size()));
      curl_easy_setopt(handle.easy, CURLOPT_POSTFIELDS, handle.body.data());
    }
    curl_multi_add_handle(multi_, handle.easy);
  }

  static void SetUp(Handle& handle, bool put) {
    handle.easy = curl_easy_init();
    curl_easy_setopt(handle.easy, CURLOPT_PRIVATE, &handle);
    curl_easy_setopt(handle.easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.easy, CURLOPT_WRITEFUNCTION, &Discard);
    curl_easy_setopt(handle.easy, CURLOPT_PROXY, "");
    if (put) curl_easy_setopt(handle.easy, CURLOPT_CUSTOMREQUEST, "PUT");
  }

  void SetHeaders(Handle& handle, const std::string& path, bool put) {
    HttpHeaders headers;
    headers.Add("Host", host_);
    if (put) {
      headers.Add("Content-Type", "application/json");
      for (const auto& [name, value] : metadata_) headers.Add("x-amz-meta-" + name, value);
    } else {
      headers.Add("x-amz-checksum-mode", "ENABLED");
    }
    const std::string hash = Hex(AsBytes(Sha256(handle.body)));
    signer_.Sign(put ? "PUT" : "GET", path, "", hash, credentials_, SystemClock().Now(), headers);
    curl_slist_free_all(handle.headers);
    handle.headers = nullptr;
    for (const auto& [name, value] : headers.fields()) {
      const std::string line = std::string(name).append(": ").append(value);
      handle.headers = curl_slist_append(handle.headers, line.c_str());
    }
  }

  Handle& Finish(const CURLMsg& message) {
    char* handle = nullptr;
    long status = 0;
    curl_easy_getinfo(message.easy_handle, CURLINFO_PRIVATE, &handle);
    curl_easy_getinfo(message.easy_handle, CURLINFO_RESPONSE_CODE, &status);
    const CURLcode code = message.data.result;
    curl_multi_remove_handle(multi_, message.easy_handle);
    if (code != CURLE_OK || status != 200) {
      throw std::runtime_error("the bare loop: status " + std::to_string(status) + ", " +
                               curl_easy_strerror(code));
    }
    return *reinterpret_cast<Handle*>(handle);
  }

  BareOptions options_;
  CannedNames names_;
  NumberedText item_;
  Signer signer_;
  Credentials credentials_;
  ObjectMetadata metadata_;
  std::string host_;
  CURLM* multi_;
  std::vector<Handle> handles_;
  std::uint64_t next_ = 0;
};

BareLoop::BareLoop(BareOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
BareLoop::~BareLoop() = default;
BareCost BareLoop::Send(std::uint64_t count) { return impl_->Send(count); }

}  // namespace ddbvault

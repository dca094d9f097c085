// HTTP as the rest of ddbvault sees it: one request, one answer.
//
// HttpTransport is the seam for tests; the real one is EventLoop (event_loop.h), over libcurl.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

// Names are compared without regard to case; order is kept.  All in one text: a request and its
// answer have two dozen of them.
class HttpHeaders {
 public:
  using Field = std::pair<std::string_view, std::string_view>;  // name, value
  class Fields;

  void Add(std::string_view name, std::string_view value);
  void Set(std::string_view name, std::string_view value);  // replaces all of that name
  // The first value, or empty.  What this and fields() give is valid until Add() or Set(), and must
  // not be given to them.
  std::string_view Find(std::string_view name) const;
  bool Has(std::string_view name) const;
  Fields fields() const;

 private:
  struct Place {
    std::size_t name;
    std::size_t name_size;
    std::size_t value;
    std::size_t value_size;
  };
  std::string_view NameAt(const Place& place) const {
    return std::string_view(text_).substr(place.name, place.name_size);
  }
  std::string_view ValueAt(const Place& place) const {
    return std::string_view(text_).substr(place.value, place.value_size);
  }
  std::size_t Append(std::string_view text);

  std::string text_;
  std::vector<Place> places_;
};

class HttpHeaders::Fields {
 public:
  class Iterator {
   public:
    Iterator(const HttpHeaders& headers, std::size_t at) : headers_(headers), at_(at) {}
    Field operator*() const {
      const Place& place = headers_.places_[at_];
      return {headers_.NameAt(place), headers_.ValueAt(place)};
    }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const HttpHeaders& headers_;
    std::size_t at_;
  };
  explicit Fields(const HttpHeaders& headers) : headers_(headers) {}
  Iterator begin() const { return {headers_, 0}; }
  Iterator end() const { return {headers_, size()}; }
  std::size_t size() const { return headers_.places_.size(); }

 private:
  const HttpHeaders& headers_;
};

inline HttpHeaders::Fields HttpHeaders::fields() const { return Fields(*this); }

struct HttpRequest {
  std::string method = "GET";  // GET, PUT, POST, DELETE, HEAD
  std::string url;             // absolute; path and query percent-encoded already, sent as they are
  HttpHeaders headers;         // Host and Content-Length are the transport's
  // The body; a view so that an item's bytes are copied only into the socket.  Must stay valid
  // until Send() has returned.
  std::string_view body;
  Duration connect_timeout{3100};  // AWS SDKs' standard mode: 3.1 s
  // Ends the request when nothing at all has moved for so long; there is no limit on the whole.
  Duration idle_timeout{20000};
  // Limit on the whole request; zero: none.  For metadata services, which must answer quickly.
  Duration total_timeout{0};
  bool use_proxy = true;  // false for metadata services and loopback: never through a proxy
  // A kept connection that nothing has used for longer is not taken: servers close idle ones, and
  // what is sent on one that they are closing goes out a second time.  (libcurl's own limit.)
  std::chrono::seconds idle_most{118};
  // Where to add one each time the request goes out: libcurl sends it again by itself when a kept
  // connection turns out to be dead, and an earlier copy may have been carried out, or may yet be.
  int* sends = nullptr;
};

// Of an answer's body: twice of the largest that is asked for, a snapshot's file in one piece.
inline constexpr std::size_t kLargestBody = std::size_t{128} << 20;

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  // Has at least 64 bytes of spare capacity behind its size (SIMDJSON_PADDING).
  std::string body;
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // Any complete answer is a response, whatever its status.  No complete answer (refused, reset,
  // cut short, timed out, TLS not verified) is an Error; kRetryLater where another try can help,
  // kFixCommand where it cannot (bad URL, certificate not trusted, unknown host is kRetryLater),
  // kCorrupt for more than kLargestBody.
  // After an Error it is unknown whether the server has acted on the request.
  virtual Task<HttpResponse> Send(const HttpRequest& request) = 0;
};

}  // namespace ddbvault

// What requests are signed with, and where it comes from.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;    // empty: long-lived keys
  std::string account_id;       // empty: the source did not say
  std::optional<Time> expires;  // nullopt: never
};

// One source, or a chain of them.  For the event loop's thread.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  // Credentials that are valid now; refreshed before they expire, by one refresh at a time whoever
  // asks.  Throws Error{kPermission} with a hint when there are none to be had.
  virtual Task<Credentials> Get() = 0;
  // What Get() would give without a wait; nullptr: it may have to wait.  Valid until this is asked
  // again: to be used at once.
  virtual const Credentials* Current() { return nullptr; }
  // Forgets what is cached: AWS said that it has expired or is not known.
  virtual void Invalidate() = 0;
};

class StaticCredentials : public CredentialsProvider {
 public:
  explicit StaticCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Task<Credentials> Get() override { co_return credentials_; }
  const Credentials* Current() override { return &credentials_; }
  void Invalidate() override {}

 private:
  Credentials credentials_;
};

}  // namespace ddbvault

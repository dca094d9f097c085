// One place that credentials can come from: asked anew each time, without a cache.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

// What sources work with.  The references must outlive all sources made with them.
struct CredentialContext {
  HttpTransport& transport;
  Clock& clock;
  WorkerPool& workers;
  std::shared_ptr<const AwsSettings> settings;
};

// For the event loop's thread.  Must outlive the tasks that it returns.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // "the environment", "profile dev": where a message says that credentials were looked for.
  virtual std::string name() const = 0;
  // nullopt: nothing here says that there are any.  Throws Error when something does and they
  // cannot be had: kRetryLater where a later try can help, kFixCommand for settings that are wrong,
  // kPermission otherwise.  No secret is in the text of an Error.
  virtual Task<std::optional<Credentials>> Fetch() = 0;
  // True: what has expired may go on being used while nothing newer is to be had (the metadata
  // service's "static stability").
  virtual bool outlives_expiry() const { return false; }
};

// Always the same keys.
class StaticSource : public CredentialSource {
 public:
  StaticSource(std::string name, Credentials credentials)
      : name_(std::move(name)), credentials_(std::move(credentials)) {}
  std::string name() const override { return name_; }
  Task<std::optional<Credentials>> Fetch() override { co_return credentials_; }

 private:
  std::string name_;
  Credentials credentials_;
};

}  // namespace ddbvault

// The metadata service of an EC2 instance, version 2 only: its role's credentials and its region.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/credential_source.h"

namespace ddbvault {

// Asks with a session token (6 h), which it keeps.  Never through a proxy; 1 s to connect and 1 s
// to answer.  For the event loop's thread.
class ImdsClient {
 public:
  explicit ImdsClient(CredentialContext context) : context_(std::move(context)) {}

  // The text at "/latest/..."; nullopt: this is not an EC2 instance (nothing has ever answered),
  // the service is disabled, or there is no such thing (404).  Throws Error{kRetryLater} when it
  // answered before and does not now, Error{kPermission} when it refuses.
  Task<std::optional<std::string>> Get(std::string path);

 private:
  Task<HttpResponse> Send(HttpRequest request);
  Task<bool> FetchToken();
  bool has_token() const { return !token_.empty() && context_.clock.Now() < token_expires_; }

  CredentialContext context_;
  bool answered_ = false;
  std::string token_;
  Time token_expires_{};
};

class ImdsSource : public CredentialSource {
 public:
  ImdsSource(CredentialContext context, std::shared_ptr<ImdsClient> client)
      : context_(std::move(context)), client_(std::move(client)) {}
  std::string name() const override { return "the instance's metadata service"; }
  Task<std::optional<Credentials>> Fetch() override;
  bool outlives_expiry() const override { return true; }

 private:
  CredentialContext context_;
  std::shared_ptr<ImdsClient> client_;
};

}  // namespace ddbvault

// Keeps what a source gave, and fetches anew before it expires.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/credential_source.h"

namespace ddbvault {

// With 15 minutes left one caller fetches new credentials while the others go on with the old ones;
// with 10 minutes left all wait for them (botocore's advisory and mandatory refresh).  A fetch that
// fails is logged and tolerated until the old ones have expired; fetches that brought nothing
// better are a minute apart.  Never more than one fetch at a time.
//
// When the source's credentials outlive their expiry, expired ones go on being used for 10 to 15
// minutes at a time until there are new ones.
class RefreshingCredentials : public CredentialsProvider {
 public:
  RefreshingCredentials(std::shared_ptr<CredentialSource> source, Clock& clock);
  ~RefreshingCredentials() override;

  // Throws the source's Error; Error{kPermission} when it has none or only expired ones.
  Task<Credentials> Get() override;
  const Credentials* Current() override;
  // A fetch less than 10 s ago stays: the request that failed was signed before it.
  void Invalidate() override;

 private:
  struct Flight;
  bool usable() const;
  bool must_wait() const;
  bool refresh_due() const;
  Task<void> Refresh();
  void Keep(Credentials credentials);
  void Prolong();

  std::shared_ptr<CredentialSource> source_;
  Clock& clock_;
  std::optional<Credentials> credentials_;
  Time fetched_{};
  Time next_fetch_{};
  std::shared_ptr<Flight> flight_;
};

}  // namespace ddbvault

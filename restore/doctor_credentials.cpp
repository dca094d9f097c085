#include "restore/doctor_credentials.h"

#include <algorithm>
#include <string>

namespace ddbvault {
namespace {

// As much of it as other tools show.
std::string KeyText(const Credentials& credentials) {
  const std::string& id = credentials.access_key_id;
  return "an access key that ends in " + id.substr(id.size() - std::min<std::size_t>(id.size(), 4));
}

Task<std::string> Get(CredentialsProvider& provider, Clock& clock) {
  const Credentials credentials = co_await provider.Get();
  std::string seen = KeyText(credentials);
  if (credentials.expires) {
    seen += ", for " + FormatDuration(*credentials.expires - clock.Now()) +
            " more, then they are fetched again";
  } else if (!credentials.session_token.empty()) {
    seen += ", temporary";
  }
  co_return seen;
}

}  // namespace

Task<bool> CheckCredentials(Checks& checks, CredentialsProvider& credentials, StsClient* sts,
                            Clock& clock) {
  Task<std::string> get = Get(credentials, clock);
  const bool there = co_await checks.Try(
      "credentials", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (--profile)",
      std::move(get));
  if (!there) co_return false;
  if (sts == nullptr) {
    checks.Skip("caller identity", "not asked: the endpoints are not AWS's own");
    co_return true;
  }
  try {
    const CallerIdentity identity = co_await sts->GetCallerIdentity();
    checks.Ok("caller identity", identity.arn);
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    // The call needs no permission; a network without a way to STS is no reason to worry.
    checks.Warn("caller identity", std::string("STS does not say: ") + error.what(),
                "nothing else needs STS; if other calls fail too, look at the credentials first");
  }
  co_return true;
}

}  // namespace ddbvault

#include "aws/certificate_file.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.h"

namespace ddbvault {

std::string CertificateFile(const std::string& ca_bundle) {
  if (!ca_bundle.empty()) {
    if (access(ca_bundle.c_str(), R_OK) != 0) {
      throw Error(Reaction::kFixCommand, "cannot read the CA bundle " + ca_bundle + ": " +
                                             std::generic_category().message(errno))
          .Hint("set AWS_CA_BUNDLE or --ca-bundle to a file of PEM certificates");
    }
    return ca_bundle;
  }
  // Debian and its children; Amazon Linux and Red Hat; Alpine.
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/cert.pem"}) {
    if (access(file, R_OK) == 0) return file;
  }
  return {};
}

}  // namespace ddbvault

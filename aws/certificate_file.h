// The file of certificates to trust.
#pragma once

#include <string>

namespace ddbvault {

// `ca_bundle` if it is not empty, else the system's; empty when there is none.  One file and no
// directory, because libcurl keeps what it has read only then; otherwise it reads all certificates
// again for each connection.  Throws Error{kFixCommand} when ca_bundle cannot be read.
std::string CertificateFile(const std::string& ca_bundle);

}  // namespace ddbvault

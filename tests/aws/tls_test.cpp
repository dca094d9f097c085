// Who is trusted: against openssl's own server, with certificates made on the spot.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "aws/event_loop.h"
#include "base/error.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

constexpr std::chrono::seconds kDeadline(30);

class TlsServer {
 public:
  // `name`: what the certificate is for, as "IP:127.0.0.1" or "DNS:other.test".
  TlsServer(const TempDir& directory, const std::string& name)
      : certificate_(directory.path() / "certificate.pem"), key_(directory.path() / "key.pem") {
    ChildProcess request({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key_, "-out",
                          certificate_, "-days", "2", "-subj", "/CN=test", "-addext",
                          "subjectAltName=" + name});
    EXPECT_EQ(request.Wait(kDeadline), 0) << request.stderr_text();
    server_.emplace(std::vector<std::string>{"openssl", "s_server", "-accept", "127.0.0.1:0",
                                             "-www", "-cert", certificate_, "-key", key_});
    const std::string line = server_->WaitForStdoutLine("ACCEPT", kDeadline);
    url_ = "https://" + line.substr(line.find(' ') + 1);
  }
  const std::string& certificate() const { return certificate_; }
  const std::string& url() const { return url_; }

 private:
  std::string certificate_;
  std::string key_;
  std::optional<ChildProcess> server_;
  std::string url_;
};

HttpResponse Get(const std::string& url, const std::string& ca_bundle) {
  HttpOptions options;
  options.ca_bundle = ca_bundle;
  EventLoop loop(options);
  HttpRequest request;
  request.url = url + "/";
  request.use_proxy = false;
  return loop.Run(loop.Send(request));
}

void ExpectNotTrusted(const TlsServer& server, const std::string& ca_bundle) {
  try {
    Get(server.url(), ca_bundle);
    FAIL() << "trusted";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_TRUE(error.message().starts_with("the certificate of " + server.url().substr(8) +
                                            " is not trusted: "))
        << error.message();
    EXPECT_EQ(error.hint(), "set AWS_CA_BUNDLE or --ca-bundle to the certificates to trust");
  }
}

TEST(Tls, ACertificateOfTheBundleIsTrustedAndAnUnknownOneIsNot) {
  const TempDir directory;
  const TlsServer server(directory, "IP:127.0.0.1");
  EXPECT_EQ(Get(server.url(), server.certificate()).status, 200);
  ExpectNotTrusted(server, "");
}

TEST(Tls, ATrustedCertificateOfAnotherHostIsRefused) {
  const TempDir directory;
  const TlsServer server(directory, "DNS:other.test");
  ExpectNotTrusted(server, server.certificate());
}

TEST(Tls, ABundleWithoutACertificateIsSaidToBeOne) {
  const TempDir directory;
  const TlsServer server(directory, "IP:127.0.0.1");
  try {
    Get(server.url(), "/dev/null");
    FAIL() << "trusted";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_EQ(error.hint(), "set AWS_CA_BUNDLE or --ca-bundle to a file of PEM certificates");
  }
}

}  // namespace
}  // namespace ddbvault

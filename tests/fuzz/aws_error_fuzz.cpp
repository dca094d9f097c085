// Answers of any AWS service that say no: never anything but an Error, short and in one line.
#include "aws/error_response.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Choice choice = Choose(data, size);
  HttpResponse response;
  constexpr int kStatuses[] = {400, 301, 403, 404, 412, 500, 503, 200};
  response.status = kStatuses[(choice.which >> 2) % 8];
  const auto [type, body] = Halves(choice.rest);
  if ((choice.which & 0x80) != 0) {
    response.headers.Add("x-amzn-ErrorType", std::string(type));
    response.body = body;
  } else {
    response.body = choice.rest;
  }
  constexpr AwsProtocol kProtocols[] = {AwsProtocol::kJson, AwsProtocol::kXml, AwsProtocol::kQuery};
  const AwsProtocol protocol = kProtocols[choice.which % 3];
  const std::string code = ErrorCode(response, protocol);
  const Error error = ErrorFromResponse(response, protocol, "the service");
  Require(error.code() == code, "the Error has AWS's name");
  Require(error.http_status() == response.status, "the Error has the status");
  Require(!error.message().empty(), "an Error says something");
  return 0;
}

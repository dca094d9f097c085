// How the operations of FakeDynamoDb refuse: with AWS's name of the error.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace ddbvault {

using FakeJson = nlohmann::ordered_json;  // attributes stay in the order in which they were sent

class FakeError : public std::runtime_error {
 public:
  FakeError(std::string type, const std::string& message)
      : std::runtime_error(message), type_(std::move(type)) {}
  const std::string& type() const { return type_; }

 private:
  std::string type_;
};

}  // namespace ddbvault

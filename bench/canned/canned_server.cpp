#include "bench/canned/canned_server.h"

namespace ddbvault {

CannedServer::CannedServer(std::uint16_t port)
    : dynamodb_(std::make_unique<CannedDynamoDb>(CannedLoad())),
      s3_(std::make_unique<CannedS3>(CannedLoad())),
      http_([this](const CannedRequest& request) { return Answer(request); }, port),
      thread_([this] { http_.Run(); }) {}

CannedServer::~CannedServer() {
  http_.Stop();
  thread_.join();
}

void CannedServer::Load(const CannedLoad& load) {
  auto dynamodb = std::make_unique<CannedDynamoDb>(load);
  auto s3 = std::make_unique<CannedS3>(load);
  const std::lock_guard lock(mutex_);
  s3->kept() = std::move(s3_->kept());
  dynamodb_ = std::move(dynamodb);
  s3_ = std::move(s3);
  counts_.clear();
  item_puts_ = item_gets_ = item_heads_ = 0;
  item_requests_.clear();
  item_requests_.reserve(load.items + load.changes);
  accepted_before_ = http_.accepted();
}

KeptObjects CannedServer::kept() {
  const std::lock_guard lock(mutex_);
  return s3_->kept();
}

void CannedServer::SetKept(KeptObjects kept) {
  const std::lock_guard lock(mutex_);
  s3_->kept() = std::move(kept);
}

std::map<std::string, std::uint64_t> CannedServer::counts() {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> counts(counts_.begin(), counts_.end());
  if (item_puts_ > 0) counts["PUT item"] = item_puts_;
  if (item_gets_ > 0) counts["GET item"] = item_gets_;
  if (item_heads_ > 0) counts["HEAD item"] = item_heads_;
  counts["connections"] = http_.accepted() - accepted_before_;
  return counts;
}

std::vector<Instant> CannedServer::item_requests() {
  const std::lock_guard lock(mutex_);
  return item_requests_;
}

std::uint64_t CannedServer::item_puts() {
  const std::lock_guard lock(mutex_);
  return item_puts_;
}

CannedAnswer CannedServer::Answer(const CannedRequest& request) {
  const std::lock_guard lock(mutex_);
  const std::string_view target = request.Header("x-amz-target");
  if (!target.empty()) {
    const std::string_view operation = target.substr(target.find('.') + 1);
    auto count = counts_.find(operation);
    if (count == counts_.end()) count = counts_.emplace(operation, 0).first;
    ++count->second;
    return dynamodb_->Answer(operation, request);
  }
  S3Operation operation = S3Operation::kOther;
  CannedAnswer answer = s3_->Answer(request, operation);
  CountS3(request, operation);
  return answer;
}

void CannedServer::CountS3(const CannedRequest& request, S3Operation operation) {
  if (operation == S3Operation::kOther) {
    const bool list = request.HasParameter("prefix");
    ++counts_[std::string(request.method) + (list ? " list" : " other")];
    return;
  }
  item_requests_.push_back(std::chrono::steady_clock::now());
  if (operation == S3Operation::kPutItem) ++item_puts_;
  if (operation == S3Operation::kGetItem) ++item_gets_;
  if (operation == S3Operation::kHeadItem) ++item_heads_;
}

}  // namespace ddbvault

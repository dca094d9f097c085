// DynamoDB and DynamoDB Streams in the process of the test: an HttpTransport that speaks their
// JSON.
//
//   FakeDynamoDb aws(clock);
//   aws.CreateTable("orders", {{{"id", 'S'}}});
//   FakeStream& stream = aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
//   aws.Put("orders", R"({"id":{"S":"a"}})");
//   stream.SplitShard(stream.open_shards()[0]);
//   aws.before = FailCalls("GetRecords", {2}, 500, "InternalServerError");
//
// Time (change times, iterators that expire after 15 minutes, records that are trimmed after 24
// hours) is the clock's.  Signatures are not looked at.  Requests take effect when they are sent,
// one at a time; each answer comes a turn of the event loop later.  For the event loop's thread.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http.h"
#include "base/clock.h"
#include "item/key_schema.h"
#include "tests/support/fake_error.h"
#include "tests/support/fake_stream.h"
#include "tests/support/fake_table.h"

namespace ddbvault {

struct FakeDynamoDbSettings {
  // A Scan's page: AWS 1 MB.
  std::size_t scan_page_bytes = std::size_t{1} << 20;
  // The next so many Scans answer no items and a LastEvaluatedKey, and skip nothing.
  int empty_scan_pages = 0;
  // How many requests of a batch are done; the rest comes back as unprocessed.  0: throttled.
  std::size_t batch_write_takes = std::numeric_limits<std::size_t>::max();
  std::size_t batch_get_takes = std::numeric_limits<std::size_t>::max();
  // DescribeTable says `creating_status` so many times for a new table.
  int creating_describes = 0;
  std::string creating_status = "CREATING";
  // Operations that this server does not have: UnknownOperationException.
  std::set<std::string> unknown_operations;
  bool dates = false;  // answers have a Date, by the server's clock
  // What EnableStream and UpdateTable give to new streams.
  FakeStreamSettings stream;
  std::size_t shards = 1;
};

class FakeDynamoDb : public HttpTransport {
 public:
  // Sees a call before or after the server acts on it.  To answer something else: returns it.  To
  // cut the connection: throws Error{kRetryLater}.
  using Hook = std::function<std::optional<HttpResponse>(const HttpRequest& request,
                                                         std::string_view operation)>;

  explicit FakeDynamoDb(const Clock& clock);
  Task<HttpResponse> Send(const HttpRequest& request) override;

  Hook before;
  Hook after;
  FakeDynamoDbSettings settings;

  // An error answer of AWS's form.
  static HttpResponse Failure(int status, std::string_view type);
  // How often an operation ("GetRecords") was asked for; empty: all of them.
  int calls(std::string_view operation = {}) const;

  // The tables, without a request.  They throw FakeError as the operations do.
  FakeTable& CreateTable(const std::string& name, KeySchema schema);
  void DropTable(const std::string& name);  // its streams stay
  FakeTable& table(const std::string& name);
  void Put(const std::string& table, std::string_view item_json);
  void Delete(const std::string& table, std::string_view key_json);
  void Expire(const std::string& table, std::string_view key_json);  // a delete by TTL
  std::optional<std::string> Get(const std::string& table, std::string_view key_json);
  std::vector<std::string> items(const std::string& table);
  void SetTimeToLive(const std::string& table, std::string attribute);
  void SetTag(const std::string& table, std::string name, std::string value);
  void SetPointInTimeRecovery(const std::string& table, bool enabled);

  // A new stream with a label of its own.
  FakeStream& EnableStream(const std::string& table, const std::string& view_type);
  void DisableStream(const std::string& table);
  FakeStream& stream(const std::string& table);  // the table's latest
  FakeStream& stream_by_arn(const std::string& arn);

 private:
  struct Table {
    FakeTable items;
    std::string id;
    FakeJson created_with;   // the request of CreateTable
    std::string stream_arn;  // of the latest
    int creating_describes = 0;
    std::string ttl_attribute;
    bool point_in_time_recovery = false;
    std::map<std::string, std::string> tags;
  };
  using Operation = std::string (FakeDynamoDb::*)(const FakeJson& request);

  HttpResponse Act(std::string_view operation, std::string_view body);
  Table& Find(const FakeJson& request);
  Table& FindByName(const std::string& name);
  Table& FindByArn(const std::string& arn);
  FakeJson DescribeOf(Table& table);
  void Record(Table& table, const FakeWrite& write, bool by_ttl = false);
  void CheckBatchWrite(Table& table, const FakeJson& requests) const;
  std::string NewLabel();

  std::string BatchGetItem(const FakeJson& request);
  std::string BatchWriteItem(const FakeJson& request);
  std::string CreateTableOperation(const FakeJson& request);
  std::string DeleteItem(const FakeJson& request);
  std::string DeleteTable(const FakeJson& request);
  std::string DescribeContinuousBackups(const FakeJson& request);
  std::string DescribeStream(const FakeJson& request);
  std::string DescribeTable(const FakeJson& request);
  std::string DescribeTimeToLive(const FakeJson& request);
  std::string GetItem(const FakeJson& request);
  std::string GetRecords(const FakeJson& request);
  std::string GetShardIterator(const FakeJson& request);
  std::string ListTables(const FakeJson& request);
  std::string ListTagsOfResource(const FakeJson& request);
  std::string PutItem(const FakeJson& request);
  std::string Query(const FakeJson& request);
  std::string Scan(const FakeJson& request);
  std::string TagResource(const FakeJson& request);
  std::string UpdateContinuousBackups(const FakeJson& request);
  std::string UpdateTable(const FakeJson& request);
  std::string UpdateTimeToLive(const FakeJson& request);

  static const std::map<std::string, Operation, std::less<>> kOperations;

  const Clock& clock_;
  std::map<std::string, Table> tables_;
  std::map<std::string, std::unique_ptr<FakeStream>> streams_;  // by ARN
  std::map<std::string, int, std::less<>> calls_;
  Time last_label_;
};

// A hook that lets `act` decide about the n-th calls (from 1) of one operation; empty: of any.
FakeDynamoDb::Hook OnCalls(std::string operation, std::set<int> which,
                           std::function<std::optional<HttpResponse>()> act);
// Cuts the connection at those calls.
FakeDynamoDb::Hook CutCalls(std::string operation, std::set<int> which);
// Answers them with an error of AWS's: FailCalls("Scan", {1, 3}, 400, "ThrottlingException").
FakeDynamoDb::Hook FailCalls(std::string operation, std::set<int> which, int status,
                             std::string type);

}  // namespace ddbvault

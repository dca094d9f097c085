#include "stream/sqlite_checkpoints.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace ddbvault {
namespace {

// user_version of a file: how many of the steps below it has gone through.
constexpr int kSchema = 3;
// Another process of ours may be saving; a save takes milliseconds.
constexpr int kBusyTimeoutMilliseconds = 10000;

constexpr const char* kSteps[kSchema] = {R"sql(
  CREATE TABLE shard (
    consumer TEXT NOT NULL,
    stream_arn TEXT NOT NULL,
    shard_id TEXT NOT NULL,
    parent_shard_id TEXT NOT NULL,
    applied TEXT NOT NULL,
    noted TEXT NOT NULL,
    finished INTEGER NOT NULL,
    read_milliseconds INTEGER NOT NULL,
    PRIMARY KEY (consumer, stream_arn, shard_id)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE stream (
    consumer TEXT NOT NULL,
    stream_arn TEXT NOT NULL,
    guarded_until_milliseconds INTEGER NOT NULL,
    PRIMARY KEY (consumer, stream_arn)
  ) WITHOUT ROWID, STRICT;
  PRAGMA user_version = 1;
)sql",
                                         R"sql(
  CREATE TABLE lease (
    consumer TEXT NOT NULL,
    table_arn TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (consumer, table_arn)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE doubt (
    consumer TEXT NOT NULL,
    table_arn TEXT NOT NULL,
    object TEXT NOT NULL,
    until_milliseconds INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    PRIMARY KEY (consumer, table_arn, object)
  ) WITHOUT ROWID, STRICT;
  PRAGMA user_version = 2;
)sql",
                                         R"sql(
  ALTER TABLE doubt ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;
  PRAGMA user_version = 3;
)sql"};

// A stream's ARN is the table's, "/stream/" and a label that sorts by time.
constexpr std::string_view kStreamOf = "/stream/";

std::string_view TableOf(std::string_view stream_arn) {
  return stream_arn.substr(0, stream_arn.find(kStreamOf));
}

// Creates the file privately before SQLite would do it with the umask's mode.
void CreatePrivately(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!directory.empty() && !std::filesystem::exists(directory, error)) {
    std::filesystem::create_directories(directory, error);
    if (error) {
      throw Error(Reaction::kFixCommand, "cannot make the directory " + directory.string() +
                                             " for the checkpoints file: " + error.message())
          .Hint("give a writable file on a local disk with --checkpoints FILE");
    }
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    throw Error(Reaction::kFixCommand,
                "cannot open the checkpoints file " + path + ": " + std::strerror(errno))
        .Hint("give a writable file on a local disk with --checkpoints FILE");
  }
  close(file);
}

}  // namespace

class SqliteCheckpoints::Database {
 public:
  explicit Database(const std::string& path) : path_(path) {
    CreatePrivately(path);
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    handle_.reset(opened);  // there is one also after an error
    Check(code, "open");
    sqlite3_busy_timeout(handle(), kBusyTimeoutMilliseconds);
    Execute("PRAGMA journal_mode = WAL");
    Execute("PRAGMA synchronous = FULL");
    Execute("BEGIN IMMEDIATE");
    const int schema = Version();
    if (schema < 0 || schema > kSchema) {
      throw Error(Reaction::kCorrupt, "the checkpoints file " + path + " has schema " +
                                          std::to_string(schema) + ", this ddbvault knows " +
                                          std::to_string(kSchema))
          .Hint("use the ddbvault that wrote it, or another file with --checkpoints");
    }
    for (int step = schema; step < kSchema; ++step) Execute(kSteps[step]);
    Execute("COMMIT");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void Execute(const char* sql) const {
    Check(sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr), "write");
  }

  void Check(int code, const char* doing) const {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    const bool damaged = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
    const bool passing = code == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_IOERR;
    Reaction reaction = Reaction::kFixCommand;
    if (damaged) reaction = Reaction::kCorrupt;
    if (passing) reaction = Reaction::kRetryLater;
    throw Error(reaction,
                std::string("cannot ") + doing + " the checkpoints file " + path_ + ": " +
                    (handle_ != nullptr ? sqlite3_errmsg(handle()) : sqlite3_errstr(code)))
        .Hint(damaged ? "move the file away: the follower then goes on from the positions in "
                        "state.json and compares before it writes"
                      : "check the disk's space and the file's permissions");
  }

  sqlite3* handle() const { return handle_.get(); }

  // Rolled back unless committed.
  class Transaction {
   public:
    explicit Transaction(Database& database) : database_(database) {
      database_.Execute("BEGIN IMMEDIATE");
    }
    ~Transaction() {
      if (!done_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void Commit() {
      database_.Execute("COMMIT");
      done_ = true;
    }

   private:
    Database& database_;
    bool done_ = false;
  };

 private:
  struct Closer {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  int Version() const {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v2(handle(), "PRAGMA user_version", -1, &statement, nullptr), "read");
    sqlite3_step(statement);
    const int version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return version;
  }

  std::string path_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

namespace {

// One prepared statement, used once; parameters bound in order.
template <typename Database>
class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database) {
    database_.Check(sqlite3_prepare_v2(database.handle(), sql, -1, &statement_, nullptr), "read");
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(std::string_view text) {
    // Never a null pointer: SQLite would bind NULL for it.
    const char* data = text.data() == nullptr ? "" : text.data();
    database_.Check(sqlite3_bind_text(statement_, ++bound_, data, static_cast<int>(text.size()),
                                      SQLITE_TRANSIENT),
                    "write");
    return *this;
  }
  Statement& Bind(std::int64_t number) {
    database_.Check(sqlite3_bind_int64(statement_, ++bound_, number), "write");
    return *this;
  }
  bool Step() {
    const int code = sqlite3_step(statement_);
    database_.Check(code, "write");
    return code == SQLITE_ROW;
  }
  std::string Text(int column) const {
    const unsigned char* text = sqlite3_column_text(statement_, column);
    return {reinterpret_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t Number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

}  // namespace

SqliteCheckpoints::SqliteCheckpoints(const std::string& path)
    : database_(std::make_unique<Database>(path)) {}

SqliteCheckpoints::~SqliteCheckpoints() = default;

std::vector<std::string> SqliteCheckpoints::Streams(std::string_view consumer,
                                                    std::string_view table_arn) {
  const std::string prefix = std::string(table_arn) + std::string(kStreamOf);
  Statement statement(*database_,
                      "SELECT stream_arn FROM stream WHERE consumer = ?"
                      " AND substr(stream_arn, 1, length(?)) = ? ORDER BY stream_arn");
  statement.Bind(consumer).Bind(prefix).Bind(prefix);
  std::vector<std::string> arns;
  while (statement.Step()) arns.push_back(statement.Text(0));
  return arns;
}

std::vector<ShardCheckpoint> SqliteCheckpoints::Load(std::string_view consumer,
                                                     std::string_view stream_arn) {
  Statement statement(*database_,
                      "SELECT shard_id, parent_shard_id, applied, noted, finished,"
                      " read_milliseconds FROM shard WHERE consumer = ? AND stream_arn = ?");
  statement.Bind(consumer).Bind(stream_arn);
  std::vector<ShardCheckpoint> checkpoints;
  while (statement.Step()) {
    ShardCheckpoint checkpoint;
    checkpoint.shard_id = statement.Text(0);
    checkpoint.parent_shard_id = statement.Text(1);
    checkpoint.applied = statement.Text(2);
    checkpoint.noted = statement.Text(3);
    checkpoint.finished = statement.Number(4) != 0;
    checkpoint.read = Time(Duration(statement.Number(5)));
    checkpoints.push_back(std::move(checkpoint));
  }
  return checkpoints;
}

void SqliteCheckpoints::SaveAll(std::string_view consumer, std::string_view stream_arn,
                                const std::vector<ShardCheckpoint>& checkpoints) {
  Database::Transaction transaction(*database_);
  RequireOurs(consumer, TableOf(stream_arn));
  for (const ShardCheckpoint& checkpoint : checkpoints) {
    Statement statement(*database_, "INSERT OR REPLACE INTO shard VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    statement.Bind(consumer)
        .Bind(stream_arn)
        .Bind(checkpoint.shard_id)
        .Bind(checkpoint.parent_shard_id)
        .Bind(checkpoint.applied)
        .Bind(checkpoint.noted)
        .Bind(std::int64_t{checkpoint.finished})
        .Bind(checkpoint.read.time_since_epoch().count());
    statement.Step();
  }
  transaction.Commit();
}

std::optional<Time> SqliteCheckpoints::GuardedUntil(std::string_view consumer,
                                                    std::string_view stream_arn) {
  Statement statement(*database_,
                      "SELECT guarded_until_milliseconds FROM stream"
                      " WHERE consumer = ? AND stream_arn = ?");
  statement.Bind(consumer).Bind(stream_arn);
  if (!statement.Step()) return std::nullopt;
  return Time(Duration(statement.Number(0)));
}

void SqliteCheckpoints::SaveGuardedUntil(std::string_view consumer, std::string_view stream_arn,
                                         Time time) {
  Database::Transaction transaction(*database_);
  RequireOurs(consumer, TableOf(stream_arn));
  Statement statement(*database_, "INSERT OR REPLACE INTO stream VALUES (?, ?, ?)");
  statement.Bind(consumer).Bind(stream_arn).Bind(time.time_since_epoch().count());
  statement.Step();
  transaction.Commit();
}

void SqliteCheckpoints::Forget(std::string_view consumer, std::string_view stream_arn,
                               std::string_view shard_id) {
  Database::Transaction transaction(*database_);
  RequireOurs(consumer, TableOf(stream_arn));
  Statement statement(*database_,
                      "DELETE FROM shard WHERE consumer = ? AND stream_arn = ? AND shard_id = ?");
  statement.Bind(consumer).Bind(stream_arn).Bind(shard_id);
  statement.Step();
  transaction.Commit();
}

void SqliteCheckpoints::ForgetStream(std::string_view consumer, std::string_view stream_arn) {
  Database::Transaction transaction(*database_);
  RequireOurs(consumer, TableOf(stream_arn));
  for (const char* sql : {"DELETE FROM stream WHERE consumer = ? AND stream_arn = ?",
                          "DELETE FROM shard WHERE consumer = ? AND stream_arn = ?"}) {
    Statement statement(*database_, sql);
    statement.Bind(consumer).Bind(stream_arn);
    statement.Step();
  }
  transaction.Commit();
}

std::optional<std::uint64_t> SqliteCheckpoints::Generation(std::string_view consumer,
                                                           std::string_view table_arn) {
  Statement statement(*database_,
                      "SELECT generation FROM lease WHERE consumer = ? AND table_arn = ?");
  statement.Bind(consumer).Bind(table_arn);
  if (!statement.Step()) return std::nullopt;
  return static_cast<std::uint64_t>(statement.Number(0));
}

void SqliteCheckpoints::TakeOver(std::string_view consumer, std::string_view table_arn,
                                 std::uint64_t generation, std::optional<Time> guarded_until) {
  Database::Transaction transaction(*database_);
  if (guarded_until) {
    for (const std::string& arn : Streams(consumer, table_arn)) {
      Statement guard(*database_, "INSERT OR REPLACE INTO stream VALUES (?, ?, ?)");
      guard.Bind(consumer).Bind(arn).Bind(guarded_until->time_since_epoch().count());
      guard.Step();
    }
  }
  Statement statement(*database_, "INSERT OR REPLACE INTO lease VALUES (?, ?, ?)");
  statement.Bind(consumer).Bind(table_arn).Bind(static_cast<std::int64_t>(generation));
  statement.Step();
  transaction.Commit();
  taken_[{std::string(consumer), std::string(table_arn)}] = generation;
}

void SqliteCheckpoints::RequireOurs(std::string_view consumer, std::string_view table_arn) {
  const auto ours = taken_.find({std::string(consumer), std::string(table_arn)});
  if (ours == taken_.end()) return;
  const std::optional<std::uint64_t> there = Generation(consumer, table_arn);
  if (there == ours->second) return;
  throw Error(Reaction::kConflict, "the positions of table " + std::string(table_arn) +
                                       " in the checkpoints file are another follower's by now")
      .Hint("one follower per table and place: it has taken over, and goes on from there");
}

std::vector<WriteDoubt> SqliteCheckpoints::Doubts(std::string_view consumer,
                                                  std::string_view table_arn) {
  Statement statement(*database_,
                      "SELECT object, until_milliseconds, writes, owed FROM doubt"
                      " WHERE consumer = ? AND table_arn = ?");
  statement.Bind(consumer).Bind(table_arn);
  std::vector<WriteDoubt> doubts;
  while (statement.Step()) {
    WriteDoubt doubt;
    doubt.object = statement.Text(0);
    doubt.until = Time(Duration(statement.Number(1)));
    doubt.writes = static_cast<int>(statement.Number(2));
    doubt.owed = statement.Number(3) != 0;
    doubts.push_back(std::move(doubt));
  }
  return doubts;
}

void SqliteCheckpoints::SaveDoubts(std::string_view consumer, std::string_view table_arn,
                                   const std::vector<WriteDoubt>& doubts) {
  Database::Transaction transaction(*database_);
  RequireOurs(consumer, table_arn);
  for (const WriteDoubt& doubt : doubts) {
    Statement statement(*database_, "INSERT OR REPLACE INTO doubt VALUES (?, ?, ?, ?, ?, ?)");
    statement.Bind(consumer)
        .Bind(table_arn)
        .Bind(doubt.object)
        .Bind(doubt.until.time_since_epoch().count())
        .Bind(std::int64_t{doubt.writes})
        .Bind(std::int64_t{doubt.owed ? 1 : 0});
    statement.Step();
  }
  transaction.Commit();
}

void SqliteCheckpoints::ForgetDoubt(std::string_view consumer, std::string_view table_arn,
                                    std::string_view object) {
  Database::Transaction transaction(*database_);
  RequireOurs(consumer, table_arn);
  Statement statement(*database_,
                      "DELETE FROM doubt WHERE consumer = ? AND table_arn = ? AND object = ?");
  statement.Bind(consumer).Bind(table_arn).Bind(object);
  statement.Step();
  transaction.Commit();
}

}  // namespace ddbvault

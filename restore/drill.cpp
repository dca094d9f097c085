#include "restore/drill.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "item/json_string.h"

namespace ddbvault {
namespace {

// CreateTable: names have at most 255 characters (API reference).
constexpr std::size_t kMostCharacters = 255;
constexpr std::string_view kMark = "-drill-";
constexpr std::size_t kRandomBytes = 4;
// FormatCompactTime(), a dash, and the random bytes in hex.
constexpr std::size_t kTailCharacters = 16 + 1 + 2 * kRandomBytes;
// DELETING takes seconds; of tables with many indexes, minutes.
constexpr Duration kPollEvery{1000};
constexpr int kPolls = 600;

// The source's items, and a definition without what a scratch table must not have: it is not
// followed, and it must be possible to delete it.
class ScratchSource : public ItemSource {
 public:
  explicit ScratchSource(ItemSource& source) : source_(source) {}

  Task<SourceDescription> Open() override { return source_.Open(); }
  Task<std::string> TableDefinition() override {
    const std::string definition = co_await source_.TableDefinition();
    try {
      auto json = nlohmann::ordered_json::parse(definition);
      for (const char* member : {"DeletionProtectionEnabled", "StreamSpecification", "ddbvault"}) {
        json.erase(member);
      }
      co_return json.dump();
    } catch (const nlohmann::json::exception&) {
      throw Error(Reaction::kCorrupt, "table.json is not the description of a table");
    }
  }
  Task<void> Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) override {
    return source_.Read(std::move(schema), wanted, std::move(sink), stop);
  }
  void RequireWhole() const override { source_.RequireWhole(); }
  const SourceCounts& counts() const override { return source_.counts(); }

 private:
  ItemSource& source_;
};

class DrillRun {
 public:
  DrillRun(DrillContext context, DrillOptions options)
      : context_(context), options_(std::move(options)) {}

  Task<DrillResult> Run() {
    std::exception_ptr failure;
    try {
      co_await RestoreScratch();
      co_await Compare();
    } catch (...) {
      failure = std::current_exception();
    }
    if (!options_.keep && mine_) co_await DeleteScratch();
    if (failure) std::rethrow_exception(failure);
    co_return result_;
  }

 private:
  RestoreOptions Options() const {
    RestoreOptions options;
    options.table = options_.scratch;
    options.in_flight = options_.in_flight;
    options.memory = options_.memory;
    options.units_per_second = options_.units_per_second;
    options.samples = options_.samples;
    return options;
  }

  RestoreContext With(ItemSource& source) const {
    return {context_.client,  context_.creator, source,           context_.clock,
            context_.workers, context_.stop,    context_.progress};
  }

  Task<void> RestoreScratch() {
    const auto there = co_await context_.client.DescribeTable(options_.scratch);
    if (there && !options_.resume) {
      throw Error(Reaction::kConflict, "there is a table " + options_.scratch + " already")
          .Hint("Go on with it (--resume " + options_.scratch + "), or try again in a second.");
    }
    mine_ = true;
    RestoreOptions options = Options();
    options.create = !there;
    options.into_existing = there.has_value();
    ScratchSource source(context_.source);
    LogInfo("{}: restoring into {}, which is deleted at the end", options_.table, options_.scratch);
    const Duration begun = context_.clock.Uptime();
    result_.restored = co_await Restore(With(source), std::move(options));
    result_.restore_took = context_.clock.Uptime() - begun;
  }

  // What a restore of the witness would change.
  Task<void> Compare() {
    context_.progress = Progress{};
    RestoreOptions options = Options();
    options.into_existing = true;
    options.delete_extra = true;
    options.dry_run = true;
    const Duration begun = context_.clock.Uptime();
    RestoreResult compared = co_await Restore(With(context_.witness), std::move(options));
    result_.compare_took = context_.clock.Uptime() - begun;
    result_.witness = std::move(compared.source);
    result_.compared = compared.update.value_or(UpdateCounts());
  }

  enum class Deletion { kAsked, kTooEarly, kGone };

  // Throws what is wrong with the call.
  Task<Deletion> AskToDelete() {
    std::string request = "{\"TableName\":";
    AppendJsonString(request, options_.scratch);
    request += "}";
    try {
      co_await context_.creator.Call("DeleteTable", std::move(request));
      co_return Deletion::kAsked;
    } catch (const Error& error) {
      // It is CREATING, or was never made.
      if (error.code() == "ResourceInUseException") co_return Deletion::kTooEarly;
      if (error.code() == "ResourceNotFoundException") co_return Deletion::kGone;
      throw;
    }
  }

  // Also after a stop: it is what is left to do, and DELETING goes on by itself.
  Task<void> DeleteScratch() {
    std::string problem = "it is still there after ten minutes";
    try {
      Deletion deletion = Deletion::kTooEarly;
      for (int poll = 0; poll < kPolls; ++poll) {
        if (deletion == Deletion::kTooEarly) deletion = co_await AskToDelete();
        if (deletion == Deletion::kAsked) {
          const auto there = co_await context_.creator.DescribeTable(options_.scratch);
          if (!there) deletion = Deletion::kGone;
        }
        result_.deleted = deletion == Deletion::kGone;
        if (result_.deleted || (deletion == Deletion::kAsked && context_.stop.requested())) {
          co_return;
        }
        co_await context_.clock.Sleep(kPollEvery);
      }
    } catch (const Error& error) {
      problem = error.what();
    }
    LogWarn("{}: the scratch table {} could not be deleted: {} (hint: delete it)", options_.table,
            options_.scratch, problem);
  }

  DrillContext context_;
  DrillOptions options_;
  bool mine_ = false;  // the scratch table may be there, and is ours to delete
  DrillResult result_;
};

}  // namespace

std::string ScratchName(std::string_view table, Time now) {
  const std::size_t most = kMostCharacters - kMark.size() - kTailCharacters;
  return std::string(table.substr(0, most)) + std::string(kMark) + FormatCompactTime(now) + "-" +
         Hex(RandomBytes(kRandomBytes));
}

bool IsScratchName(std::string_view table, std::string_view name) {
  const std::string example = ScratchName(table, Time{});
  if (name.size() != example.size()) return false;
  // A digit is like a digit, and a hex digit like another.
  const std::size_t tail = example.size() - kTailCharacters;
  const std::size_t random = example.size() - 2 * kRandomBytes;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool digit = name[i] >= '0' && name[i] <= '9';
    const bool hex = digit || (name[i] >= 'a' && name[i] <= 'f');
    const bool wants_digit = i >= tail && i < random && example[i] >= '0' && example[i] <= '9';
    const bool fits = i >= random ? hex : wants_digit ? digit : name[i] == example[i];
    if (!fits) return false;
  }
  return true;
}

Task<DrillResult> Drill(DrillContext context, DrillOptions options) {
  DrillRun run(context, std::move(options));
  co_return co_await run.Run();
}

}  // namespace ddbvault

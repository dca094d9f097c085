#!/usr/bin/env python3
"""For each law of the product, changes that break it, and the tests that must notice.

    tests/mutations/mutations.py [--only NAME] [--jobs N] SCRATCH

Clones the working tree's HEAD into SCRATCH, makes one change at a time, builds test_stream and
test_incremental, runs them, and prints which tests failed.  Ends with status 1 when a change is not
noticed (or does not apply any more).  Takes a minute or more for each: by hand, not in CI.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# name, law, file, what is there, what is put in its place
MUTATIONS = [
    ("checkpoint-before-apply", 1, "stream/shard_consumer.cpp",
     "  // The note goes to disk before",
     "  checkpoint_.applied = last_read_;\n  // The note goes to disk before"),
    ("finished-when-read", 1, "stream/shard_consumer.cpp",
     "  co_await group_->Join();\n  checkpoint_.finished = true;",
     "  checkpoint_.finished = true;"),
    ("drop-what-cannot-be-applied", 2, "incremental/backup_sink.cpp",
     "  co_await Park(name, pending, std::move(reason));",
     "  (void)name;"),
    ("do-not-block-the-item", 2, "incremental/backup_sink.cpp",
     "  if (name != kUnknownItem) blocked_.insert(name);",
     ""),
    ("coalesce-always", 2, "incremental/backup_sink.cpp",
     "  if (clock_.Now() - first.change_time <= options_.coalesce_beyond) return;",
     ""),
    ("two-writes-of-one-object", 3, "incremental/backup_sink.cpp",
     "  const bool idle = queue == nullptr;\n  if (idle) queue",
     "  const bool idle = true;\n  if (queue == nullptr) queue"),
    ("forget-unanswered-writes", 3, "incremental/backup_sink.cpp",
     "    if (result.in_doubt && options_.doubts != nullptr) {",
     "    if (false) {"),
    ("doubts-not-on-disk", 3, "incremental/doubts.cpp",
     "  checkpoints_.SaveDoubts(consumer_, table_arn_, changed);",
     ""),
    ("children-early", 5, "stream/shard_graph.cpp",
     "    if (!waits) readable.push_back(shard);",
     "    readable.push_back(shard);"),
    ("no-note", 4, "stream/shard_consumer.cpp",
     "  if (CompareSequenceNumbers(last_read_, checkpoint_.noted) > 0) "
     "checkpoint_.noted = last_read_;",
     ""),
    ("no-guard-without-positions", 4, "stream/follower.cpp",
     "    context_->guarded_until_time = now + kClockTolerance;",
     ""),
    ("no-guard-after-another-follower", 4, "incremental/followed_table.cpp",
     "  if (known != lease_->generation_before()) {",
     "  if (false) {"),
    ("replay-over-a-repair", 4, "incremental/backup_sink.cpp",
     "  if (!info || info->source != Source::kStream) info = co_await NewestOfStream(key);",
     ""),
    ("first-page-only", 5, "stream/follower.cpp",
     "      if (start.empty()) co_return listing;",
     "      co_return listing;"),
    ("trimmed-silently", 6, "stream/shard_consumer.cpp",
     "  if (expected_) co_await context_.events.OnGap(std::move(gap));",
     ""),
    ("gap-closed-by-an-earlier-backfill", 6, "incremental/state.cpp",
     "if (gap.closed || !backfill.reconciled_began || *backfill.reconciled_began <= gap.found) {",
     "if (gap.closed || !backfill.reconciled_began) {"),
    ("deleted-in-the-gap-stays", 6, "incremental/backfill.cpp",
     "  if (find_deleted_) {\n    co_await seen_.Finish();",
     "  if (false) {\n    co_await seen_.Finish();"),
    ("unconditional-backfill", 7, "incremental/item_writer.cpp",
     "  if (IsSettled(look, item, read_time)) co_return WriteOutcome::kKept;",
     ""),
    ("backfill-does-not-look-again", 7, "incremental/item_writer.cpp",
     "    if (overtaken) {",
     "    if (false) {"),
    ("backfill-does-not-wait-for-late-writes", 7, "incremental/backfill.cpp",
     "    if (page_done && last) page_done = co_await writer_->SettleDoubts(stop_);",
     ""),
    ("backfill-forgets-its-death", 7, "incremental/backfill.cpp",
     "    find_deleted_ = find_deleted_ || (segment.open && !conditions_);",
     ""),
    ("no-lease", 8, "incremental/lease.cpp",
     "    if (free || ran_out) {",
     "    if (true) {"),
    ("write-without-the-lease", 8, "incremental/lease.h",
     "  bool held() const { return clock_.Now() < until_; }",
     "  bool held() const { return true; }"),
    ("shorten-numbers", 9, "incremental/backup_sink.cpp",
     "std::string_view() : change.new_image;",
     "std::string_view() : change.keys;"),
    ("prefix-of-another-table", 10, "incremental/layout.h",
     "  std::string ItemPrefix() const { return table_ + \"/\"; }",
     "  std::string ItemPrefix() const { return table_; }"),
]

FAILED = re.compile(r"^\[  FAILED  \] ([^ ,]+)", re.M)


def run(command, timeout=900):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return 124, ""


def try_one(tree, jobs, path, before, after):
    file = tree / path
    text = file.read_text()
    if text.count(before) != 1:
        return "does not apply any more"
    file.write_text(text.replace(before, after))
    try:
        status, output = run(["ninja", "-C", str(tree / "build"), "-j", str(jobs), "test_stream",
                              "test_incremental"])
        if status != 0:
            return "does not build: " + next((line for line in output.splitlines()
                                              if "error" in line), "?")
        failed = set()
        for program in ("test_stream", "test_incremental"):
            status, output = run([str(tree / "build/tests" / program)], timeout=300)
            failed.update(FAILED.findall(output))
            if status != 0 and not FAILED.search(output):
                failed.add(program + (" hangs" if status == 124 else " dies"))
        return sorted(failed)
    finally:
        file.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only")
    parser.add_argument("--jobs", default=2)
    parser.add_argument("scratch", type=pathlib.Path)
    options = parser.parse_args()
    tree = options.scratch / "tree"
    if not tree.exists():
        subprocess.run(["git", "clone", "-q", str(ROOT), str(tree)], check=True)
        # Unused names are no errors here: a mutation leaves some.
        subprocess.run(["cmake", "-S", str(tree), "-B", str(tree / "build"), "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=Debug", "-DDDBVAULT_WERROR=OFF"],
                       check=True, stdout=subprocess.DEVNULL)
    unnoticed = 0
    for name, law, path, before, after in MUTATIONS:
        if options.only and name != options.only:
            continue
        found = try_one(tree, options.jobs, path, before, after)
        bad = isinstance(found, str) or not found
        unnoticed += bad
        print(f"law {law}  {name}: ", end="")
        if isinstance(found, str):
            print(found.upper())
        elif not found:
            print("NOT NOTICED")
        else:
            print(f"{len(found)} tests: " + ", ".join(found[:6]))
        sys.stdout.flush()
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())

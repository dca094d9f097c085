"""The changes that break a law, one by one; see mutations.py."""

import dataclasses

STREAM = ("test_stream",)
INCREMENTAL = ("test_incremental",)
BOTH = ("test_incremental", "test_stream")
MODEL = ("test_incremental", "test_model")
ITEM = ("test_item",)
AWS = ("test_aws",)
SNAPSHOT = ("test_snapshot",)
RESTORE = ("test_restore",)


@dataclasses.dataclass(frozen=True)
class Mutation:
    name: str
    law: int
    path: str
    before: str  # is there exactly once
    after: str
    noticed_by: str  # the test that is expected to
    programs: tuple = INCREMENTAL


MUTATIONS = [
    # 1. Durable first.
    Mutation(
        "checkpoint-before-apply", 1, "stream/shard_consumer.cpp",
        "  // The note goes to disk before",
        "  checkpoint_.applied = last_read_;\n  // The note goes to disk before",
        "FollowerTest.SavesACheckpointOnlyBelowWhatIsDurable", BOTH),
    Mutation(
        "checkpoint-over-a-batch-in-flight", 1, "stream/shard_consumer.cpp",
        "  while (!in_flight_.empty() && in_flight_.front()->applied) {",
        "  while (!in_flight_.empty()) {",
        "FollowerTest.SavesACheckpointOnlyBelowWhatIsDurable", BOTH),
    Mutation(
        "finished-when-read", 1, "stream/shard_consumer.cpp",
        "  co_await group_->Join();\n  checkpoint_.finished = true;",
        "  checkpoint_.finished = true;",
        "FollowerTest.FinishesAShardOnlyWhenItIsAppliedNotWhenItIsRead", STREAM),
    Mutation(
        "page-done-when-cut-short", 1, "incremental/backfill.cpp",
        "  co_await writes.Join();\n  co_return all;",
        "  co_await writes.Join();\n  co_return true;",
        "BackfillTest.AStopDoesNotWaitForTheRestOfThePage"),
    Mutation(
        "watermark-over-what-is-on-its-way", 1, "stream/shard_consumer.cpp",
        "    const Time known = std::min(first.last_change_time - std::chrono::seconds(1),\n"
        "                                first.asked - context_.options.propagation);",
        "    const Time known = context_.AwsNow();",
        "FollowerTest.KnowsUpToWhichMomentEverythingIsApplied", STREAM),

    # 2. No change is lost.
    Mutation(
        "drop-what-cannot-be-applied", 2, "incremental/backup_sink.cpp",
        "  co_await Park(name, pending, std::move(reason));",
        "  (void)name;",
        "BackupSinkTest.ParksWhatCannotBeAppliedAndEverythingLaterOfThatItem"),
    Mutation(
        "count-the-parked-and-write-it-not", 2, "incremental/backup_sink.cpp",
        "    co_await store_.Put(std::move(request));\n    ++counters_.parked;",
        "    ++counters_.parked;",
        "BackupSinkTest.ParksWhatCannotBeAppliedAndEverythingLaterOfThatItem"),
    Mutation(
        "do-not-block-the-item", 2, "incremental/backup_sink.cpp",
        "  if (name != kUnknownItem) blocked_.insert(name);",
        "",
        "BackupSinkTest.ParksWhatCannotBeAppliedAndEverythingLaterOfThatItem"),
    Mutation(
        "blocked-until-the-restart", 2, "incremental/backup_sink.cpp",
        "      if (item != kUnknownItem) blocked_.insert(item);",
        "",
        "BackupSinkTest.KeepsAnItemBlockedInTheNextProcess"),
    Mutation(
        "parked-forgotten-with-the-restart", 2, "incremental/backup_sink.cpp",
        "      ++counted_;",
        "",
        "BackupSinkTest.KeepsAnItemBlockedInTheNextProcess"),
    Mutation(
        "parked-over-another", 2, "incremental/backup_sink.cpp",
        " + \"-\" + Hex(AsBytes(Sha256(change.raw))).substr(0, 32)",
        "",
        "BackupSinkTest.ParksEachOfTwoRecordsOfOneLengthWithoutANumber"),
    Mutation(
        "released-before-it-is-right", 2, "incremental/parked.cpp",
        "    released.outcome = co_await writer.Reconcile(key);\n"
        "    released.records += co_await DropParked(store, records);",
        "    released.records += co_await DropParked(store, records);\n"
        "    released.outcome = co_await writer.Reconcile(key);",
        "ParkedTest.RemovesNoRecordUnlessTheItemIsRightWhicheverCallFails"),
    Mutation(
        "coalesce-always", 2, "incremental/backup_sink.cpp",
        "  if (clock_.Now() + ahead - first.change_time <= options_.coalesce_beyond) return;",
        "  (void)ahead;",
        "BackupSinkTest.CoalescesOnlyBeyondTheLag"),
    Mutation(
        "coalesce-what-must-be-parked", 2, "incremental/backup_sink.cpp",
        "  while (queue.pending.size() >= 2 && queue.pending.front().change->defect.empty() &&\n"
        "         !queue.pending.front().key.empty() && queue.pending[1].change->defect.empty() &&\n"
        "         !queue.pending[1].key.empty()) {",
        "  while (queue.pending.size() >= 2) {",
        "BackupSinkTest.CoalescesOnlyBeyondTheLag"),
    Mutation(
        "begin-again-is-not-said", 2, "stream/shard_consumer.cpp",
        "  context_.sink.BeginAgain(checkpoint_.shard_id);\n",
        "",
        "FollowedTableFaults.LosesNothingWhicheverStoreCallFails", BOTH),
    Mutation(
        "a-hot-item-holds-up-all", 2, "stream/shard_consumer.cpp",
        "         bytes_in_flight_ < context_.share;",
        "         bytes_in_flight_ < context_.share * 100;",
        "LineageTest.AShardThatIsHeldUpHoldsUpNoOther", STREAM),

    # 3. In order per item.
    Mutation(
        "two-writes-of-one-object", 3, "incremental/backup_sink.cpp",
        "  const bool idle = queue == nullptr;\n  if (idle) queue",
        "  const bool idle = true;\n  if (queue == nullptr) queue",
        "BackupSinkTest.NeverHasTwoWritesOfOneObjectInFlight"),
    Mutation(
        "a-failed-change-is-overtaken", 3, "incremental/backup_sink.cpp",
        "  if (failed != failed_.end() && failed->second == pending.batch->origin.shard_id) {",
        "  if (false) {",
        "BackupSinkTest.ALaterBatchDoesNotOvertakeAChangeThatHasFailed"),
    Mutation(
        "the-rest-of-the-queue-goes-on", 3, "incremental/backup_sink.cpp",
        "    if (error) break;\n    pending.batch->SettleOne();",
        "    if (error) pending.batch->error = std::exchange(error, nullptr);\n"
        "    pending.batch->SettleOne();",
        "BackupSinkTest.WritesNothingOfAnItemAfterAChangeThatCouldNotBeWritten"),
    Mutation(
        "forget-unanswered-writes", 3, "incremental/backup_sink.cpp",
        "    if (result.in_doubt && options_.doubts != nullptr) {",
        "    if (false) {",
        "InterleavingsTest.APutThatLandsTenMinutesLate", MODEL),
    Mutation(
        "an-unanswered-try-is-not-told", 3, "incremental/s3_store.cpp",
        "    result.in_doubt = answer.unanswered_attempt;",
        "",
        "S3StoreTest.AWriteAfterALostAnswerIsInDoubt"),
    Mutation(
        "doubts-not-on-disk", 3, "incremental/doubts.cpp",
        "  checkpoints_.SaveDoubts(consumer_, table_arn_, changed);",
        "",
        "InterleavingsTest.APutThatLandsTenMinutesLate", MODEL),
    Mutation(
        "doubts-looked-at-too-early", 3, "incremental/doubts.cpp",
        "    if (doubt.until <= clock_.Now()) due.push_back(doubt);",
        "    due.push_back(doubt);",
        "InterleavingsTest.APutThatLandsTenMinutesLate", MODEL),
    Mutation(
        "replayed-changes-are-not-in-doubt", 3, "incremental/backup_sink.cpp",
        "  DoubtReplayed(pending);\n",
        "",
        "BackupSinkTest.AChangeThatFailedIsInDoubtAgainWhenItIsOfferedAgain", MODEL),
    Mutation(
        "offered-again-and-not-in-doubt-again", 3, "incremental/backup_sink.cpp",
        "    doubted_.erase(name);",
        "    (void)name;",
        "BackupSinkTest.AChangeThatFailedIsInDoubtAgainWhenItIsOfferedAgain"),
    Mutation(
        "the-same-change-again-is-not-late", 3, "incremental/doubts.cpp",
        "    if (order < 0 || (order == 0 && i > 1)) return true;",
        "    if (order < 0) return true;",
        "InterleavingsTest.APutThatLandsTenMinutesLate", MODEL),
    Mutation(
        "no-second-look-at-the-table", 3, "incremental/doubts.cpp",
        "  if (removed > 0 && put_right_) co_await put_right_(object);",
        "",
        "Model.EndsWithTheTableWhateverHappens", MODEL),
    Mutation(
        "no-doubt-in-the-place-of-one-cut-off", 3, "incremental/backup_sink.cpp",
        "    if (options_.doubt_guarded && options_.doubts != nullptr) "
        "options_.doubts->Add({key});",
        "",
        "BackupSinkTest.DoubtsWhatItWritesInThePlaceOfAFollowerThatWasCutOff"),
    Mutation(
        "the-sink-is-not-told-of-the-one-cut-off", 3, "incremental/followed_table.cpp",
        "  options_.sink.doubt_guarded = lease_->taken_over();\n",
        "",
        "RecoveryTest.DoesNotSendAWriteAgainThatAnotherFollowerHasOvertaken"),
    Mutation(
        "a-lease-that-was-not-given-back-looks-so", 3, "incremental/lease.cpp",
        "  taken_over_ = taken_over_ || (there && !there->released && !ours_there);",
        "  (void)ours_there;",
        "LeaseTest.KnowsWhetherItWasGivenBack"),

    # 4. A replay never makes an older state current.
    Mutation(
        "no-note", 4, "stream/shard_consumer.cpp",
        "  if (CompareSequenceNumbers(last_read_, checkpoint_.noted) > 0) "
        "checkpoint_.noted = last_read_;",
        "",
        "FollowerTest.KeepsAWindowGuardedHoweverOftenItsReplayIsCutShort", BOTH),
    Mutation(
        "note-not-saved", 4, "stream/shard_consumer.cpp",
        "checkpoint_.noted = last_read_;\n  Save();",
        "checkpoint_.noted = last_read_;",
        "FollowerTest.KeepsAWindowGuardedHoweverOftenItsReplayIsCutShort", BOTH),
    Mutation(
        "note-moves-back", 4, "stream/shard_consumer.cpp",
        "  if (CompareSequenceNumbers(last_read_, checkpoint_.noted) > 0) "
        "checkpoint_.noted = last_read_;",
        "  checkpoint_.noted = last_read_;",
        "FollowerTest.KeepsAWindowGuardedHoweverOftenItsReplayIsCutShort", STREAM),
    Mutation(
        "no-guard-without-positions", 4, "stream/follower.cpp",
        "    context_->guarded_until_time = now + kClockTolerance;",
        "",
        "FollowerTest.GuardsWhatALostCheckpointStoreMayHaveSeen", BOTH),
    Mutation(
        "no-guard-by-time", 4, "incremental/backup_sink.cpp",
        "  return pending.change->change_time <= pending.batch->origin.guarded_until_time ||\n"
        "         Replayed(pending);",
        "  return Replayed(pending);",
        "BackupSinkTest.GuardsByTimeWhenThereIsNoNote"),
    Mutation(
        "no-guard-after-another-follower", 4, "incremental/followed_table.cpp",
        "  if (known != lease_->generation_before()) {",
        "  if (false) {",
        "InterleavingsTest.AFollowerThatComesBackWithOldPositions"),
    Mutation(
        "no-guard-where-there-are-no-conditions", 4, "stream/follower.cpp",
        "  if (options_.guard_always) context_->guarded_until_time = Time::max();",
        "",
        "InterleavingsTest.TwoFollowersOfOnePlace", BOTH),
    Mutation(
        "adopted-positions-are-news", 4, "incremental/followed_table.cpp",
        "  checkpoints_.SaveAll(consumer_, table_.stream.arn, positions);",
        "  checkpoints_.SaveAll(consumer_, table_.stream.arn, positions);\n"
        "  checkpoints_.SaveGuardedUntil(consumer_, table_.stream.arn, Time{});",
        "RecoveryTest.GoesOnFromThePositionsInStateJsonWhenItsOwnAreLost"),
    Mutation(
        "replay-over-a-repair", 4, "incremental/backup_sink.cpp",
        "  if (!info || info->source != Source::kStream) info = co_await NewestOfStream(key);",
        "",
        "Model.EndsWithTheTableWhateverHappens", MODEL),
    Mutation(
        "numbers-compare-across-streams", 4, "incremental/layout.cpp",
        "  if (const int order = at_rest->stream_label.compare(stream_label); order != 0) "
        "return order;",
        "  (void)stream_label;",
        "InterleavingsTest.ASequenceNumberThatRestartsUnderANewStreamLabel"),
    Mutation(
        "numbers-compare-as-texts", 4, "item/change.cpp",
        "  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;",
        "",
        "CompareSequenceNumbersTest.ComparesNumbersNotTexts", ITEM),
    Mutation(
        "the-cut-trusts-the-topmost-version", 4, "snapshot/cut.cpp",
        "        look_beneath_(cut.consistent && !object.versions.front().version_id.empty()),",
        "        look_beneath_(false),",
        "CutTest.ShowsTheChangeThatAnOlderReadingStandsOver", SNAPSHOT),
    Mutation(
        "the-cut-takes-later-changes", 4, "snapshot/cut.cpp",
        "    return info->change_time <= cut.moment ? Fit::kAtMoment : Fit::kLater;",
        "    return Fit::kAtMoment;",
        "SnapshotWriterTest.ShowsItemsAsTheyWereBeforeLaterChanges", SNAPSHOT),

    # 5. Lineage.
    Mutation(
        "children-early", 5, "stream/shard_graph.cpp",
        "    if (!waits) readable.push_back(shard);",
        "    readable.push_back(shard);",
        "FollowerTest.ReadsParentsBeforeChildren", STREAM),
    Mutation(
        "children-of-a-parent-left-out-of-the-listing", 5, "stream/shard_graph.cpp",
        "unfinished.contains(parent) || (Lists(parent)",
        "(Lists(parent)",
        "LineageTest.DoesNotReadAChildWhileItsParentIsBeingReadThoughNoListingHasTheParent",
        STREAM),
    Mutation(
        "what-is-being-read-is-not-unfinished", 5, "stream/follower.cpp",
        "  for (const auto& [id, running] : running_) unfinished.insert(id);\n",
        "",
        "LineageTest.DoesNotReadAChildWhileItsParentIsBeingReadThoughNoListingHasTheParent",
        STREAM),
    Mutation(
        "children-from-latest", 5, "stream/shard_consumer.cpp",
        "last_read_.empty() ? IteratorType::kTrimHorizon",
        "last_read_.empty() ? IteratorType::kLatest",
        "FollowerTest.ReadsParentsBeforeChildren", STREAM),
    Mutation(
        "an-empty-answer-is-the-end", 5, "stream/shard_consumer.cpp",
        "    if (iterator_.empty()) co_return co_await Finish();",
        "    if (iterator_.empty() || empty) co_return co_await Finish();",
        "FollowerTest.IsNotFooledByEmptyPagesBeforeData", STREAM),
    Mutation(
        "first-page-only", 5, "stream/follower.cpp",
        "      if (start.empty()) co_return listing;",
        "      co_return listing;",
        "FollowerTest.WalksAllPagesOfDescribeStream", STREAM),
    Mutation(
        "no-wait-for-a-child", 5, "stream/follower.cpp",
        "    const bool orphaned = listing.enabled && LacksAChild();",
        "    const bool orphaned = false;",
        "FollowerTest.FindsAChildThatIsListedLate", STREAM),

    # 6. A gap is never silent.
    Mutation(
        "trimmed-silently", 6, "stream/shard_consumer.cpp",
        "  if (expected_) co_await context_.events.OnGap(std::move(gap));",
        "",
        "FollowerTest.PutsTrimmedRecordsOnRecordAsAGapAndGoesOn", STREAM),
    Mutation(
        "the-position-moves-before-the-gap-is-on-record", 6, "stream/shard_consumer.cpp",
        "  if (expected_) co_await context_.events.OnGap(std::move(gap));\n"
        "  checkpoint_.finished = gone;\n"
        "  checkpoint_.applied.clear();  // TRIM_HORIZON; the note stays, so that what follows is"
        " guarded\n"
        "  Save();",
        "  checkpoint_.finished = gone;\n"
        "  checkpoint_.applied.clear();\n"
        "  Save();\n"
        "  if (expected_) co_await context_.events.OnGap(std::move(gap));",
        "FollowerTest.LosesNothingWhicheverCallFails", BOTH),
    Mutation(
        "a-shard-vanishes-silently", 6, "stream/follower.cpp",
        "    co_await Gap(\"a shard that was not read to its end is no longer listed\", id, "
        "position.read);",
        "",
        "FollowerTest.PutsAShardThatVanishedUnfinishedOnRecordAsAGap", STREAM),
    Mutation(
        "a-parent-came-and-went-silently", 6, "stream/follower.cpp",
        "    co_await Gap(\"the parent of a shard came and went unread\", shard.shard_id, Time{});",
        "",
        "FollowerTest.NoticesAChildWhoseParentCameAndWentUnread", STREAM),
    Mutation(
        "one-listing-without-it-is-the-end-of-a-shard", 6, "stream/follower.cpp",
        "    if (LacksAShard(listing) && incomplete < kListingTries) {",
        "    if (false) {",
        "FollowerTest.DoesNotTakeOneListingWithoutAShardForItsEnd", STREAM),
    Mutation(
        "a-day-without-a-read-of-a-shard-is-none", 6, "stream/shard_consumer.cpp",
        "  if (absent && !said) {",
        "  if (absent && !said && false) {",
        "LineageTest.CallsADayWithoutAReadOfOneShardAGap", BOTH),
    Mutation(
        "a-day-without-a-follower-is-none", 6, "stream/follower.cpp",
        "  if (latest != Time{} && context_->AwsNow() - latest > kRetention) {",
        "  if (false) {",
        "FollowerTest.CallsMoreThan24HoursWithoutAReadAGap", BOTH),
    Mutation(
        "a-day-without-positions-is-none", 6, "incremental/followed_table.cpp",
        "             AwsNow() - state_.read > kRetention) {",
        "             AwsNow() - state_.read > 1000 * kRetention) {",
        "RecoveryTest.NoticesADayWithoutAFollowerThatHadNoPositionsYet"),
    Mutation(
        "lost-positions-begin-anew", 6, "incremental/followed_table.cpp",
        "  AdoptPositions();\n",
        "",
        "RecoveryTest.NoticesWhatWasTrimmedWhileItsPositionsWereLost"),
    Mutation(
        "one-answer-and-the-stream-is-gone", 6, "stream/follower.cpp",
        "++not_found >= kListingTries",
        "++not_found >= 1",
        "LineageTest.DoesNotBelieveOneAnswerThatTheStreamIsGone", BOTH),
    Mutation(
        "the-stream-is-gone-silently", 6, "stream/follower.cpp",
        "  if (!all) co_await Gap(\"the stream is gone\", \"\", Time{});",
        "  (void)all;",
        "LineageTest.PutsAStreamThatIsGoneOnRecordUnlessAllOfItWasApplied", BOTH),
    Mutation(
        "a-new-stream-silently", 6, "incremental/followed_table.cpp",
        "    gap.reason = \"the stream was disabled and enabled again: changes in between are in "
        "no stream\";",
        "",
        "FollowedTableTest.DrainsTheOldStreamAndPutsTheGapOnRecord"),
    Mutation(
        "a-table-made-again-silently", 6, "incremental/followed_table.cpp",
        "    gap.reason = \"the table was deleted and created again\";",
        "",
        "FollowedTableTest.PutsARecreatedTableOnRecordAsAGap"),
    Mutation(
        "never-backfilled-silently", 6, "incremental/followed_table.cpp",
        "    if (!backfilled) gap.reason = ",
        "    if (!backfilled) (void)",
        "FollowedTableTest.BacksUpWhatChanges"),
    Mutation(
        "gaps-forgotten-with-an-older-state", 6, "incremental/followed_table.cpp",
        "  if (conditions_ || !store_.traits().versioned) co_return;",
        "  co_return;",
        "RecoveryTest.ForgetsNoGapWhenAnOlderStateJsonLandsLate"),
    Mutation(
        "gap-closed-by-an-earlier-backfill", 6, "incremental/state.cpp",
        "      if (gap.closed || !backfill.reconciled_began ||\n"
        "          *backfill.reconciled_began < gap.found + kClockResolution) {",
        "      if (gap.closed || !backfill.reconciled_began) {",
        "State.ClosesAGapOnlyByABackfillThatSurelyBeganAfterIt"),
    Mutation(
        "gap-closed-by-a-backfill-of-the-same-second", 6, "incremental/state.cpp",
        "*backfill.reconciled_began < gap.found + kClockResolution",
        "*backfill.reconciled_began < gap.found",
        "State.ClosesAGapOnlyByABackfillThatSurelyBeganAfterIt"),
    Mutation(
        "gap-closed-by-some-of-the-segments", 6, "incremental/backfill.cpp",
        "  if (segments.size() < options_.segments) return std::nullopt;",
        "",
        "BackfillTest.SharesTheSegmentsAmongMachines"),
    Mutation(
        "deleted-in-the-gap-stays", 6, "incremental/backfill.cpp",
        "table_.key_schema, reconciling_ ? &seen_ : nullptr,",
        "table_.key_schema, nullptr,",
        "InterleavingsTest.AnOutageIsPutRightByOneBackfillAndItsGapClosed"),
    Mutation(
        "a-snapshot-does-not-tell-of-a-gap", 6, "snapshot/cut.cpp",
        "  if (!gaps.empty()) return gaps.front().id + \" is open: changes may be missing\";",
        "",
        "SnapshotWriterTest.SaysFuzzyWhereThereIsNoCoverage", SNAPSHOT),

    # 7. Backfill beside a follower.
    Mutation(
        "unconditional-backfill", 7, "incremental/item_writer.cpp",
        "    request.condition = PutCondition::kIfAbsent;\n"
        "    const bool written = co_await PutUnlessDamaged(std::move(request));",
        "    const bool written = co_await PutUnlessDamaged(std::move(request));",
        "ItemWriterTest.LeavesWhatTheFollowerWrote"),
    Mutation(
        "backfill-settles-nothing", 7, "incremental/item_writer.cpp",
        "  if (IsSettled(look, item, read_time)) co_return WriteOutcome::kKept;",
        "",
        "ItemWriterTest.NeverBringsADeletedItemBack"),
    Mutation(
        "an-earlier-read-wins", 7, "incremental/item_writer.cpp",
        "  if (look.info && !stream && look.info->read_time > read_time) return true;",
        "",
        "ItemWriterTest.LetsTheLaterReadWinAmongBackfills"),
    Mutation(
        "written-as-it-was-scanned", 7, "incremental/item_writer.cpp",
        "    const auto item = co_await table_.GetItem(layout_.table(), key.bytes());",
        "    const std::optional<std::string> item = look.body;",
        "ItemWriterTest.ReadsTheItemAgainBeforeItReplacesAnything"),
    Mutation(
        "backfill-does-not-look-again", 7, "incremental/item_writer.cpp",
        "    if (overtaken) {",
        "    if (false) {",
        "ItemWriterTest.TakesItsVersionAwayWhenTheFollowerCameInBetween"),
    Mutation(
        "a-change-above-does-not-count", 7, "incremental/item_writer.cpp",
        "        after.push_back(std::move(*info));\n        continue;",
        "        continue;",
        "ItemWriterTest.TakesItsVersionAwayWhenTheFollowerCameInBetween"),
    Mutation(
        "a-delete-marker-above-does-not-count", 7, "incremental/item_writer.cpp",
        "        if (!beneath) co_return true;  // only a follower writes those",
        "",
        "ItemWriterTest.TakesItsVersionAwayWhenTheFollowerCameInBetween"),
    Mutation(
        "a-late-try-above-is-news", 7, "incremental/item_writer.cpp",
        "        return CompareWithChange(info, change.stream_label, change.sequence_number) >= 0;",
        "        return (void)change, false;",
        "InterleavingsTest.AFollowersPutThatLandsLateDuringAReconcile"),
    Mutation(
        "backfill-does-not-wait-for-late-writes", 7, "incremental/backfill.cpp",
        "    if (page_done && last) page_done = co_await writer_->SettleDoubts(halt_);",
        "",
        "InterleavingsTest.ABackfillsPutThatLandsTenMinutesLate"),
    Mutation(
        "backfill-forgets-its-death", 7, "incremental/backfill.cpp",
        "  if (before.open) {",
        "  if (false) {",
        "KilledBackfillTest.IsPutRightByTheNextOne"),
    Mutation(
        "backfill-does-not-say-that-it-is-at-work", 7, "incremental/backfill.cpp",
        "  state.open = true;\n",
        "",
        "KilledBackfillTest.IsPutRightByTheNextOne"),
    Mutation(
        "the-last-step-is-not-marked", 7, "incremental/backfill.cpp",
        "  co_await MarkOpen(true);\n",
        "",
        "KilledBackfillTest.IsPutRightAlsoAfterOneThatFailedInItsLastStep"),
    Mutation(
        "what-was-sent-is-not-waited-for", 7, "incremental/backfill.cpp",
        "    co_await clock_.Sleep(unchecked->until - AwsNow(), &halt_);",
        "",
        "KilledBackfillTest.IsPutRightWhenItsPutLandsTenMinutesLater"),
    Mutation(
        "a-server-that-ignores-conditions-is-believed", 7, "incremental/conditions.cpp",
        "  co_return conditions == Conditions::kKept;",
        "  (void)conditions;\n  co_return true;",
        "ItemWriterTest.KnowsWhichKindOfServerItTalksTo"),
    Mutation(
        "backfill-without-a-stream", 7, "incremental/backfill.cpp",
        "  if (!table_.stream.enabled) {",
        "  if (false) {",
        "BackfillTest.RefusesATableWhoseStreamIsOff"),
    Mutation(
        "an-item-is-read-as-it-was", 7, "aws/dynamodb_client.cpp",
        "                                \",\\\"ConsistentRead\\\":true}\");",
        "                                \",\\\"ConsistentRead\\\":false}\");",
        "DynamoDbClientTest.GetsAnItemAsItIs", AWS),

    # 8. One writer.
    Mutation(
        "no-lease", 8, "incremental/lease.cpp",
        "    if (free || ran_out) {",
        "    if (true) {",
        "LeaseTest.RefusesASecondFollowerWithTheNameOfTheFirst"),
    Mutation(
        "taken-from-one-that-renews-it", 8, "incremental/lease.cpp",
        "clock_.Now() - since >= kLeaseLife;",
        "clock_.Now() - since >= kLeaseLife / 5;",
        "LeaseTest.RefusesASecondFollowerWithTheNameOfTheFirst"),
    Mutation(
        "held-for-ever", 8, "incremental/lease.cpp",
        "  until_ = record_.expires;",
        "  until_ = Time::max();",
        "LeaseTest.IsNotHeldWhileItCannotBeRenewedAndIsAgainAfterwards"),
    Mutation(
        "held-from-the-answer-on", 8, "incremental/lease.cpp",
        "  until_ = record_.expires;",
        "  until_ = clock_.Now() + kLeaseLife;",
        "LeaseTest.IsNotHeldWhileItCannotBeRenewedAndIsAgainAfterwards"),
    Mutation(
        "renewed-over-another", 8, "incremental/lease.cpp",
        "    written = co_await file_.Replace(std::move(body));",
        "    co_await file_.Save(std::move(body));",
        "LeaseTest.TellsTheOldOwnerThatItWasTaken"),
    Mutation(
        "taken-and-not-looked-at-again", 8, "incremental/lease.cpp",
        "  if (!ours) until_ = Time{};\n  co_return ours;",
        "  co_return ours || true;",
        "LeaseTest.RefusesASecondFollowerWithTheNameOfTheFirst"),
    Mutation(
        "a-write-is-sent-without-the-lease", 8, "incremental/backup_sink.cpp",
        "  if (options_.lease != nullptr && !options_.lease->held()) {",
        "  if (false) {",
        "RecoveryTest.DoesNotSendAWriteAgainThatAnotherFollowerHasOvertaken", MODEL),
    Mutation(
        "a-try-is-sent-without-the-lease", 8, "incremental/backup_sink.cpp",
        "    request.may_send = [this] { return options_.lease == nullptr || "
        "options_.lease->held(); };\n",
        "",
        "RecoveryTest.DoesNotSendAWriteAgainThatAnotherFollowerHasOvertaken"),
    Mutation(
        "asked-before-the-first-try-only", 8, "aws/caller.cpp",
        "    if (request.may_send && !request.may_send()) {",
        "    if (progress.attempts == 0 && request.may_send && !request.may_send()) {",
        "CallerTest.AsksBeforeEachTryWhetherItMayBeSent", AWS),
    Mutation(
        "the-store-does-not-ask", 8, "incremental/s3_store.cpp",
        "  put.may_send = std::move(request.may_send);\n",
        "",
        "S3StoreTest.AWriteAfterALostAnswerIsInDoubt"),
    Mutation(
        "the-client-does-not-ask", 8, "aws/s3_client.cpp",
        "  request.may_send = std::move(put.may_send);\n",
        "",
        "S3StoreTest.AWriteAfterALostAnswerIsInDoubt"),
    Mutation(
        "state-written-over-anothers", 8, "incremental/followed_table.cpp",
        "    written = co_await state_file_.Replace(ToJson(state_));",
        "    co_await state_file_.Save(ToJson(state_));\n    written = true;",
        "InterleavingsTest.TwoFollowersOfOnePlace"),

    # 9. Fidelity.
    Mutation(
        "a-number-through-a-double", 9, "item/canonical.cpp",
        "  if (type == 'N') return NormalNumber(text);",
        "  if (type == 'N') return NormalNumber(std::to_string(std::stod(text)));",
        "CanonicalTest.GivesTheGoldenForms", ITEM),
    Mutation(
        "numbers-of-17-digits", 9, "item/normal_number.cpp",
        "  decimal.digits.erase(0, first);",
        "  decimal.digits.erase(0, first);\n"
        "  if (decimal.digits.size() > 17) decimal.digits.resize(17);",
        "NormalNumberTest.KeepsToDynamoDbsLimits", ITEM),
    Mutation(
        "binary-without-its-padding", 9, "item/canonical.cpp",
        "  return Base64(*bytes);",
        "  std::string bare = Base64(*bytes);\n"
        "  while (bare.ends_with('=')) bare.pop_back();\n"
        "  return bare;",
        "CanonicalTest.GivesTheGoldenForms", ITEM),
    Mutation(
        "sets-in-the-order-they-came", 9, "item/canonical.cpp",
        "  std::sort(members.begin(), members.end());\n",
        "",
        "CanonicalTest.GivesTheGoldenForms", ITEM),
    Mutation(
        "an-empty-set-passes", 9, "item/canonical.cpp",
        "  if (members.empty()) Corrupt(\"a set without members\");\n",
        "",
        "CanonicalTest.RefusesWhatIsNotDynamoDbJson", ITEM),
    Mutation(
        "not-as-deep-as-dynamodb", 9, "item/canonical.cpp",
        "constexpr int kMaxLevels = 64;",
        "constexpr int kMaxLevels = 31;",
        "CanonicalTest.ReadsSixtyFourLevelsAndNoMore", ITEM),
    Mutation(
        "lone-surrogates-are-lost", 9, "item/json_string.cpp",
        " && byte != 0xED) continue;",
        ") continue;",
        "JsonStringTest.LoneSurrogatesSurvive", ITEM),
    Mutation(
        "the-image-in-another-form", 9, "incremental/backup_sink.cpp",
        "    request.body = change.event_name == EventName::kRemove ? std::string_view() : "
        "change.new_image;",
        "    std::string Canonical(std::string_view item);\n"
        "    std::string form;\n"
        "    if (change.event_name != EventName::kRemove) form = Canonical(change.new_image);\n"
        "    request.body = form;",
        "BackupSinkTest.KeepsTheImagesBytesAsTheyCame"),
    Mutation(
        "the-key-for-the-image", 9, "incremental/backup_sink.cpp",
        "std::string_view() : change.new_image;",
        "std::string_view() : change.keys;",
        "BackupSinkTest.KeepsTheImagesBytesAsTheyCame"),
    Mutation(
        "spaces-out-of-strings", 9, "snapshot/lines.cpp",
        "    if (in_string) {",
        "    if (in_string && !IsSpace(c)) {",
        "OneLine.TakesLineBreaksOutAndLeavesStringsAlone", SNAPSHOT),

    # 10. Boundaries.
    Mutation(
        "prefix-of-another-table", 10, "incremental/layout.h",
        "  std::string ItemPrefix() const { return table_ + \"/\"; }",
        "  std::string ItemPrefix() const { return table_; }",
        "Layout.NeverTakesAnotherTablesObjectsForItsOwn"),
    Mutation(
        "what-is-no-item-is-one", 10, "incremental/layout.cpp",
        "  if (key.substr(0, prefix.size()) != prefix) return false;",
        "",
        "Layout.NeverTakesAnotherTablesObjectsForItsOwn"),
    Mutation(
        "into-another-tables-prefix", 10, "incremental/owner.cpp",
        "    Refuse(found, owner, store.traits().description);",
        "    (void)Refuse;",
        "FollowedTableTest.RefusesAPrefixThatBelongsToAnotherTable"),
    Mutation(
        "under-names-of-another-hash", 10, "incremental/owner.cpp",
        "  RequireSameHash(found, layout.hash());\n",
        "",
        "FollowedTableTest.RefusesToNameItemsByAnotherHash"),
    Mutation(
        "a-snapshot-of-what-is-no-item", 10, "snapshot/aggregate.cpp",
        "  if (!layout_.IsItemObject(object.key)) {",
        "  if (false) {",
        "SnapshotWriterTest.ReadsNoOtherTablesObjectsAndCountsForeignOnes", SNAPSHOT),

    # 11. Nothing dropped, nothing destroyed unasked.
    Mutation(
        "restore-into-a-table-with-items", 11, "restore/restore.cpp",
        "    } else if (!options_.into_existing) {",
        "    } else if (false) {",
        "Restore.RefusesATableThatHasItemsUnlessTold", RESTORE),
    Mutation(
        "restore-looks-at-one-page", 11, "restore/restore.cpp",
        "      if (page.last_evaluated_key.empty()) co_return;",
        "      co_return;",
        "Restore.RefusesATableThatHasItemsUnlessTold", RESTORE),
    Mutation(
        "restore-over-a-table-to-be-created", 11, "restore/restore.cpp",
        "    if (options_.create && table) {",
        "    if (false) {",
        "Restore.CreatesTheTableWhenTold", RESTORE),
    Mutation(
        "a-dry-run-writes", 11, "restore/restore.cpp",
        "      if (options_.dry_run) {\n        ++context_.progress.done;\n        continue;",
        "      if (false) {\n        continue;",
        "Restore.OnlyReadsWithDryRun", RESTORE),
    Mutation(
        "what-was-not-taken-is-dropped", 11, "restore/table_writer.cpp",
        "    requests = std::move(result.unprocessed);",
        "    requests.clear();",
        "TableWriterTest.SendsAgainWhatTheTableDidNotTake", RESTORE),
    Mutation(
        "a-failed-restore-ends-well", 11, "restore/restore.cpp",
        "      Rethrow(failure);",
        "",
        "Restore.LosesNothingWhicheverCallFails", RESTORE),
    Mutation(
        "a-checksum-is-not-compared", 11, "snapshot/snapshot_reader.cpp",
        "  if (!file.sha256.empty() && Hex(AsBytes(Sha256(body))) != file.sha256) {",
        "  if (false) {",
        "SnapshotReaderTest.NamesAFileWithAFlippedBit", ("test_snapshot", "test_restore")),
    Mutation(
        "items-are-not-counted", 11, "snapshot/snapshot_reader.cpp",
        "  if (decoder.items() != file.items) {",
        "  if (false) {",
        "DamagedSnapshot.IsNoticedWhereverABitIsFlipped",
        ("test_snapshot", "test_restore")),
    Mutation(
        "a-manifest-is-not-compared", 11, "snapshot/open_snapshot.cpp",
        "  if (sha256.empty() || Hex(AsBytes(Sha256(body))) == sha256) return;",
        "  (void)body;\n  if (sha256.size() != 1) return;",
        "SnapshotReaderTest.NamesDamagedManifests", ("test_snapshot", "test_restore")),
    Mutation(
        "the-summary-before-the-parts", 11, "snapshot/snapshot_writer.cpp",
        "    co_await WriteManifests(context_.snapshots, files);\n"
        "    // From here on the summary may be there, whatever we hear of it: then the files must "
        "stay.\n"
        "    keep_ = true;\n"
        "    const bool first = co_await WriteSummary(context_.snapshots, files);",
        "    files.summary.table_sha256 = Hex(AsBytes(Sha256(files.table_json)));\n"
        "    files.summary.files_sha256 =\n"
        "        Hex(AsBytes(Sha256(ToJson(files.files, files.summary.s3_prefix))));\n"
        "    keep_ = true;\n"
        "    const bool first = co_await WriteSummary(context_.snapshots, files);\n"
        "    co_await WriteManifests(context_.snapshots, files);",
        "SnapshotFaults.LeaveAWholeSnapshotOrNoneWhicheverWriteFails", SNAPSHOT),
    Mutation(
        "a-snapshot-over-another", 11, "snapshot/publish.cpp",
        "co_await PutText(snapshots, key, json, PutCondition::kIfAbsent);",
        "co_await PutText(snapshots, key, json, PutCondition::kNone);",
        "SnapshotRaces.TwoRunsOfOneMomentLeaveOneWholeSnapshot", SNAPSHOT),
    Mutation(
        "damaged-items-left-out-silently", 11, "snapshot/snapshot_writer.cpp",
        "    if (!options_.skip_damaged) RequireUndamaged(found_);\n",
        "",
        "SnapshotWriterTest.NamesDamagedObjectsAndWritesNothing", SNAPSHOT),
    Mutation(
        "an-empty-snapshot-unasked", 11, "snapshot/snapshot_checks.cpp",
        "  if (found.items > 0 || allow_smaller) return;",
        "  if (found.items > 0 || allow_smaller || true) return;",
        "SnapshotWriterTest.RefusesAnEmptySnapshotUnlessTold", SNAPSHOT),
    Mutation(
        "verify-does-not-compare", 11, "restore/verify_judge.cpp",
        "  if (item) return at_rest.kind == Kind::kItem && at_rest.canonical == "
        "ComparableForm(*item);",
        "  if (item) return at_rest.kind == Kind::kItem;",
        "VerifyTest.FindsAStaleObject", RESTORE),
    Mutation(
        "verify-does-not-look-for-what-is-too-much", 11, "restore/verify_backup_pass.cpp",
        "      if (!seen) unseen.push_back(info);",
        "      (void)seen;",
        "VerifyTest.FindsAnAddedObject", RESTORE),

    # 12. Quiet.
    Mutation(
        "a-parked-record-in-the-log", 12, "incremental/backup_sink.cpp",
        "        layout_.table(), number, origin.shard_id, reason);",
        "        layout_.table(), number, origin.shard_id, reason + std::string(change.raw));",
        "BackupSinkTest.LogsNotWhatAStoreSaysOfTheObjectThatItRefuses"),
    Mutation(
        "what-the-store-says-in-the-log", 12, "incremental/backup_sink.cpp",
        "\"the store refuses it: \" + error.code();",
        "std::string(error.what());",
        "BackupSinkTest.LogsNotWhatAStoreSaysOfTheObjectThatItRefuses"),
    Mutation(
        "what-dynamodb-quotes-in-an-error", 12, "aws/error_response.cpp",
        "    message.resize(std::min(message.size(), message.find(':')));",
        "",
        "ErrorResponse.DoesNotQuoteKeysOfItems", AWS),
    Mutation(
        "item-data-in-an-error", 12, "item/canonical.cpp",
        "  if (!bytes) Corrupt(\"a B that is not base64\");",
        "  if (!bytes) Corrupt((\"a B that is not base64: \" + text).c_str());",
        "CanonicalTest.ErrorsCarryNoItemData", ITEM),
    Mutation(
        "secrets-of-the-chain-in-the-log", 12, "aws/credential_chain.cpp",
        "      LogDebug(\"credentials come from {}\", source->name());",
        "      LogDebug(\"credentials come from {}: {}\", source->name(),\n"
        "               credentials->secret_access_key);",
        "CredentialChain.AsksThePlacesInTheirOrder", AWS),
    Mutation(
        "secrets-of-the-caller-in-the-log", 12, "aws/caller.cpp",
        "      outcome.access_key_id = keys.access_key_id;",
        "      outcome.access_key_id = keys.access_key_id;\n"
        "      LogDebug(\"signing with {} {}\", keys.access_key_id, keys.session_token);",
        "CallerTest.PatienceOutlastsEveryRetryAndEndsWithTheStop", AWS),
    Mutation(
        "a-body-in-the-log", 12, "aws/caller.cpp",
        "    outcome.sent = true;\n",
        "    outcome.sent = true;\n    LogDebug(\"sending {}\", http.body);\n",
        "CallerTest.PatienceOutlastsEveryRetryAndEndsWithTheStop", AWS),
    Mutation(
        "keys-in-a-report-unasked", 12, "restore/verify_judge.cpp",
        "  if (run_.options.show_keys) finding.key = suspect.key;",
        "  finding.key = suspect.key;",
        "VerifyTest.FindsAStaleObject", RESTORE),
]

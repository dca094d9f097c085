"""The changes that break laws 1 to 6: what follows a stream."""

from mutation import AWS, BOTH, ITEM, MODEL, RESTORE, SNAPSHOT, STREAM, Mutation

MUTATIONS = [
    # 1. Durable first.
    Mutation(
        "a-coalesced-change-is-done-early", 1, "incremental/backup_sink.cpp",
        "    out.left_out.push_back(std::move(out.batch));",
        "    out.batch->SettleOne(nullptr);",
        "BackupSinkTest.ACoalescedChangeIsNotDoneBeforeTheOneThatReplacesIt"),
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
        "BackfillTest.GoesOnWhereItStopped"),
    Mutation(
        "watermark-over-what-is-on-its-way", 1, "stream/shard_consumer.cpp",
        "    const Time known = std::min(first.last_change_time - std::chrono::seconds(1),\n"
        "                                first.asked - context_.options.propagation);",
        "    const Time known = context_.AwsNow();",
        "FollowerTest.PromisesNoMomentWhoseChangesAreStillWithTheSink", STREAM),

    Mutation(
        "new-directories-are-not-synced", 1, "incremental/synced_file.cpp",
        "    if (directory.is_open()) SyncDirectory(directory, parent);\n",
        "",
        "PowerLossTest.WhatIsPutIsThere"),
    Mutation(
        "what-is-found-is-not-synced", 1, "incremental/versioned_files.cpp",
        "    if (writes_) SyncOnce(directory);\n",
        "",
        "VersionedPowerLossTest.AVersionThatIsFoundIsThere"),
    Mutation(
        "a-failed-sync-is-forgotten", 1, "incremental/versioned_files.cpp",
        "    synced_.erase(directory);\n",
        "",
        "VersionedPowerLossTest.AVersionThatIsFoundAfterAFailedSyncIsThere"),
    Mutation(
        "a-tail-ends-by-our-clock", 1, "stream/stream_tail.cpp",
        "    if (first) tail.began_at_aws = tail.began + tail.streams.server_ahead();\n",
        "    if (first) tail.began_at_aws = tail.began;\n",
        "StreamTailTest.KnowsItsEndByTheTimeOfAwsWhateverOurClockSays", STREAM),

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
        "    const std::size_t in_doubt = writer.in_doubt();\n",
        "    released.records += co_await DropParked(store, item.records);\n"
        "    const std::size_t in_doubt = writer.in_doubt();\n",
        "ParkedTest.RemovesNoRecordUnlessTheItemIsRightWhicheverCallFails"),
    Mutation(
        "released-while-a-write-may-still-land", 3, "incremental/parked.cpp",
        "    if (writer.in_doubt() > in_doubt) co_return;",
        "    (void)in_doubt;",
        "ParkedTest.KeepsAnItemBlockedWhileAWriteOfItMayStillLand"),
    Mutation(
        "coalesce-always", 2, "incremental/backup_sink.cpp",
        "  if (AwsNow() - first.change_time <= std::min(most, options_.coalesce_beyond)) return;",
        "",
        "BackupSinkTest.CoalescesOnlyBeyondTheLag"),
    Mutation(
        "coalesce-what-must-be-parked", 2, "incremental/backup_sink.cpp",
        "  while (queue.pending.size() >= 2 && applies(queue.pending.front()) &&\n"
        "         applies(*std::next(queue.pending.begin()))) {",
        "  (void)applies;\n  while (queue.pending.size() >= 2) {",
        "BackupSinkTest.LeavesOutNoRecordThatMustBeParkedHoweverFarBehind"),
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

    Mutation(
        "a-hot-item-holds-up-its-shard", 2, "incremental/backup_sink.cpp",
        "  const bool for_it = IsHeldUp(queue.pending.front().batch->origin) && ready_.empty();",
        "  const bool for_it = false;",
        "FollowedTableTest.AHotItemHoldsUpNobodyElseForLong", BOTH),
    Mutation(
        "what-a-slow-store-keeps-waiting-is-left-out", 2, "incremental/backup_sink.cpp",
        "  const bool for_it = IsHeldUp(queue.pending.front().batch->origin) && ready_.empty();",
        "  const bool for_it = IsHeldUp(queue.pending.front().batch->origin);",
        "BackupSinkTest.DoesNotCoalesceSoonerWhileOtherItemsWaitToo", BOTH),

    # 3. In order per item.
    Mutation(
        "two-writes-of-one-object", 3, "incremental/backup_sink.cpp",
        "    queue->pending.push_back(std::move(pending));\n    return;",
        "    const auto at_once = [this, one = std::move(pending)]() -> Task<void> {\n"
        "      co_await ApplyOne(one.name, one);\n      one.Settle(nullptr);\n    };\n"
        "    asio::co_spawn(executor_, at_once, [](const std::exception_ptr&) {});\n    return;",
        "BackupSinkTest.NeverHasTwoWritesOfOneObjectInFlight"),
    Mutation(
        "a-failed-change-is-overtaken", 3, "incremental/backup_sink.cpp",
        "  if (failed != failed_.end() && failed->second == pending.batch->origin.shard_id) {",
        "  if (false) {",
        "BackupSinkTest.ALaterBatchDoesNotOvertakeAChangeThatHasFailed"),
    Mutation(
        "the-rest-of-the-queue-goes-on", 3, "incremental/backup_sink.cpp",
        "  if (error) {\n    Fail(queue, error);\n  } else {\n"
        "    queue.pending.front().Settle(nullptr);\n"
        "    queue.pending.pop_front();\n  }\n  if (error || queue.pending.empty()) {",
        "  queue.pending.front().Settle(error);\n  queue.pending.pop_front();\n"
        "  if (queue.pending.empty()) {",
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
        "    if (entry.due <= clock_.Uptime()) due.push_back(entry);",
        "    due.push_back(entry);",
        "InterleavingsTest.AFollowersPutThatLandsLateDuringAReconcile", MODEL),
    Mutation(
        "replayed-changes-are-not-in-doubt", 3, "incremental/backup_sink.cpp",
        "  DoubtReplayed(pending);\n",
        "",
        "BackupSinkTest.AChangeThatFailedIsInDoubtAgainWhenItIsOfferedAgain", MODEL),
    Mutation(
        "offered-again-and-not-in-doubt-again", 3, "incremental/backup_sink.cpp",
        "  doubted_.erase(queue.name);",
        "",
        "BackupSinkTest.AChangeThatFailedIsInDoubtAgainWhenItIsOfferedAgain"),
    Mutation(
        "the-same-change-again-is-not-late", 3, "incremental/doubts.cpp",
        "    if (order < 0 || (order == 0 && i > 1)) return true;",
        "    if (order < 0) return true;",
        "InterleavingsTest.AFollowersPutThatLandsLateDuringAReconcile", MODEL),
    Mutation(
        "no-second-look-at-the-table", 3, "incremental/doubts.cpp",
        "  if (!entry.doubt.owed || !put_right_) co_return removed;",
        "  if (true) co_return removed;",
        "DoubtsTest.WhatCameLateIsRemovedAndPutRightOnce"),
    Mutation(
        "no-doubt-in-the-place-of-one-cut-off", 3, "incremental/backup_sink.cpp",
        "Replayed(pending) || pending.change->change_time <= options_.doubt_until;",
        "Replayed(pending);",
        "BackupSinkTest.DoubtsWhatItWritesInThePlaceOfAFollowerThatWasCutOff"),
    Mutation(
        "copies-of-a-late-write-are-changes", 3, "incremental/doubts.cpp",
        "    if (info) changes.emplace(info->stream_label, info->sequence_number);",
        "    if (info) changes.emplace(info->stream_label, version.version_id);",
        "DoubtsTest.WhatCameLateIsRemovedHoweverManyOfItsTriesLanded"),
    Mutation(
        "what-a-late-write-hid-is-forgotten", 3, "incremental/doubts.cpp",
        "    Owe(object);\n"
        "    const Version top",
        "    doubts_.at(object).doubt.owed = true;\n"
        "    const Version top",
        "DoubtsTest.WhatWasRemovedIsPutRightByTheNextProcessWhereThisOneCannot"),
    Mutation(
        "a-repair-in-doubt-is-not-looked-at-again", 3, "incremental/doubts.cpp",
        "  if (!landed || tried_before) LookAgain(object);",
        "  (void)landed, (void)tried_before;",
        "DoubtsTest.WhatIsInDoubtWhenItIsPutRightIsPutRightOnceMore"),
    Mutation(
        "a-repair-that-failed-has-sent-nothing", 3, "incremental/doubts.cpp",
        "  if (!landed || tried_before) LookAgain(object);",
        "  if (!landed) LookAgain(object);",
        "DoubtsTest.WhatWasRemovedIsPutRightByTheNextProcessWhereThisOneCannot"),
    Mutation(
        "another-host-knows-of-no-doubts", 3, "incremental/followed_table.cpp",
        "    doubts_->Add(state_.in_doubt);\n",
        "",
        "RecoveryTest.RemovesTheLateWriteOfAFollowerOnAnotherHost"),
    Mutation(
        "a-refused-try-ends-the-doubt", 3, "incremental/s3_store.cpp",
        "  result.in_doubt = !result.written || sends > 2;",
        "  result.in_doubt = result.written && sends > 2;",
        "S3StoreTest.AConditionalPutIsNotOursWhenAnothersObjectIsThere"),
    Mutation(
        "what-the-transport-sent-twice-is-one", 3, "aws/caller.cpp",
        "    outcome.unanswered = outcome.sends > 1;",
        "    outcome.unanswered = false;",
        "S3StoreTest.AConditionalPutIsOursWhenTheTransportSentItTwice"),
    Mutation(
        "copies-of-one-try-are-not-counted", 3, "aws/caller.cpp",
        "    progress.sends += outcome.sends;",
        "    ++progress.sends;",
        "S3StoreTest.OneThatWasSentTwiceOnItsSecondTryIsInDoubt"),
    Mutation(
        "the-sink-is-not-told-of-the-one-cut-off", 3, "incremental/followed_table.cpp",
        "  if (lease_->unnoted_until() != Time{}) {",
        "  if (false) {",
        "RecoveryTest.RemovesTheLateWriteOfAFollowerThatWasCutOff"),
    Mutation(
        "all-since-the-owners-death-is-in-doubt", 3, "incremental/lease.cpp",
        "    const Time until = std::min(file_.stored() + kLeaseLife + kMostSkew, AwsNow());",
        "    const Time until = AwsNow();",
        "RecoveryTest.DoubtsNothingThatChangedAfterTheFollowerBeforeHadDied"),
    Mutation(
        "a-killed-owners-clock-is-believed", 3, "incremental/lease.cpp",
        "    const Time until = std::min(file_.stored() + kLeaseLife + kMostSkew, AwsNow());",
        "    const Time until = std::min(there->expires + kMostSkew, AwsNow());",
        "LeaseTest.KnowsUntilWhenAKilledOwnerWithASlowClockMayHaveWritten"),
    Mutation(
        "what-the-one-before-last-had-in-flight-is-noted-too", 3, "incremental/lease.cpp",
        "  if (may_land) unnoted_until_ = std::max(unnoted_until_, before);",
        "",
        "LeaseTest.ToldByOurPositionsWhatTheOwnerBeforeHadInFlightButNotTheOneBeforeIt", MODEL),
    Mutation(
        "signed-with-a-clock-that-is-fast", 3, "aws/caller.cpp",
        "  if (std::chrono::abs(ahead - skew) >= kCorrectedSkew) skew = ahead;",
        "",
        "CallerTest.SignsWithAwsTimeOnceAnAnswerHasToldIt", AWS),
    Mutation(
        "a-lease-that-was-not-given-back-looks-so", 3, "incremental/lease.cpp",
        "    others_wrote_until_ = std::max(others_wrote_until_, until);\n",
        "",
        "LeaseTest.ToldByOurPositionsWhatTheOwnerBeforeHadInFlightButNotTheOneBeforeIt"),
    Mutation(
        "a-lease-given-back-forgets-the-cut-off-one", 3, "incremental/lease.cpp",
        "  if (may_land) record_.in_doubt = in_doubt;\n",
        "",
        "LeaseTest.ToldByOurPositionsWhatTheOwnerBeforeHadInFlightButNotTheOneBeforeIt"),
    Mutation(
        "what-only-its-positions-tell-is-given-back-in-no-doubt", 3, "incremental/lease.cpp",
        "std::max(record_.in_doubt, others_wrote_until_);",
        "record_.in_doubt;",
        "LeaseTest.GivesBackInDoubtWhatOnlyItsPositionsTell"),
    Mutation(
        "a-lease-is-never-given-back-in-doubt", 3, "incremental/lease.cpp",
        "  record_.in_doubt = in_doubt ? AwsNow() : std::max(record_.in_doubt, "
        "others_wrote_until_);\n",
        "  (void)in_doubt;\n",
        "LeaseTest.RemembersThatItWasNotGivenBackForAsLongAsAWriteMayLand"),

    Mutation(
        "a-failed-write-is-forgotten-when-it-is-offered-again", 3, "incremental/backup_sink.h",
        "return last_failed_ + kSignatureLife > AwsNow();",
        "return !failed_.empty();",
        "RecoveryTest.GivesTheLeaseBackInDoubtWhenAWriteHasFailed"),
    Mutation(
        "a-doubt-is-said-by-a-wrong-clock", 3, "incremental/lease.cpp",
        "  return clock_.Now() + (options_.server_ahead ? options_.server_ahead() : Duration(0));",
        "  return clock_.Now();",
        "LeaseTest.SaysWhatIsInDoubtByTheClockOfAws"),

    # 4. A replay never makes an older state current.
    Mutation(
        "no-note", 4, "stream/shard_consumer.cpp",
        "  if (CompareSequenceNumbers(last_read_, checkpoint_.noted) > 0) "
        "checkpoint_.noted = last_read_;",
        "",
        "FollowerTest.KeepsAWindowGuardedHoweverOftenItsReplayIsCutShort", BOTH),
    Mutation(
        "note-not-saved", 4, "stream/shard_consumer.cpp",
        "  handed_over_ = true;\n  Save();",
        "  handed_over_ = true;",
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
        "an-older-copy-of-ones-own-positions-is-believed", 4, "incremental/older_positions.cpp",
        "  if (!ArePositionsOlder(here, state)) co_return generation;",
        "  if (true) co_return generation;",
        "InterleavingsTest.AFollowerThatComesBackWithAnOlderCopyOfItsOwnPositions"),
    Mutation(
        "no-guard-after-another-follower", 4, "incremental/followed_table.cpp",
        "                        ours_ ? std::nullopt : std::optional(guarded_until));",
        "                        ours_ || true ? std::nullopt : std::optional(guarded_until));",
        "InterleavingsTest.AFollowerThatComesBackWithOldPositionsWhereStateJsonIsLost"),
    Mutation(
        "old-positions-kept-after-another-follower", 4, "incremental/followed_table.cpp",
        "  if (ours_ || (state_.stream_arn.empty() && !fresh)) return;",
        "  return;",
        "FollowedTableTest.LeavesOldPositionsForThoseOfTheFollowerSince"),
    Mutation(
        "a-late-write-over-a-delete-marker-stays", 3, "incremental/doubts.cpp",
        "      found.push_back({version.version_id, version.etag, std::nullopt});\n",
        "",
        "DoubtsTest.WhatCameLateOverADeleteMarkerIsRemoved"),
    Mutation(
        "a-follower-that-never-began-has-followed", 6, "incremental/followed_table.cpp",
        "  if (!state_.stream_label.empty()) lease_->MarkFollowed();",
        "  lease_->MarkFollowed();",
        "FollowedTableTest.WasNotFollowedWhenItWasStoppedBeforeItBegan"),
    Mutation(
        "a-lost-state-is-a-first-follow", 6, "incremental/lease.cpp",
        "  followed_before_ = there && there->followed;",
        "",
        "FollowedTableTest.PutsTheLossOfStateJsonOnRecordAsAGap"),
    Mutation(
        "positions-saved-over-a-successors", 4, "stream/sqlite_checkpoints.cpp",
        "  if (there == ours->second) return;",
        "  return;",
        "SqliteCheckpointsTest.LetsNobodyMoveWhatAnotherHasTakenOver", STREAM),
    Mutation(
        "no-guard-where-there-are-no-conditions", 4, "stream/follower.cpp",
        "  if (options_.guard_always) context_->guarded_until_time = Time::max();",
        "",
        "InterleavingsTest.AFollowerOfWhichNoLeaseTells", BOTH),
    Mutation(
        "adopted-positions-are-news", 4, "incremental/followed_table.cpp",
        "  checkpoints_.SaveGuardedUntil(consumer_, stream_arn, AwsNow() + kClockTolerance);",
        "  checkpoints_.SaveGuardedUntil(consumer_, stream_arn, Time{});",
        "RecoveryTest.ComparesWhatComesAfterAdoptedPositionsWithWhatIsAtRest"),
    Mutation(
        "parked-for-damage-that-was-put-right", 2, "incremental/backup_sink.cpp",
        "      if (error.reaction() != Reaction::kCorrupt || !read) throw;",
        "      if (error.reaction() != Reaction::kCancelled || !read) throw;",
        "BackupSinkTest.WritesOverARepairOfADamagedObject"),
    Mutation(
        "replay-over-a-repair", 4, "incremental/backup_sink.cpp",
        "      info = co_await NewestOfStream(key, pending.change->change_time);",
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
        "the-cut-trusts-the-topmost-version", 4, "snapshot/look_at.cpp",
        "        look_beneath_(cut.at_moment() && has_versions),",
        "        look_beneath_(false),",
        "CutTest.ShowsTheChangeThatAnOlderReadingStandsOver", SNAPSHOT),
    Mutation(
        "the-cut-takes-later-changes", 4, "snapshot/look_at.cpp",
        "    return info->change_time <= cut.moment ? Fit::kAtMoment : Fit::kLater;",
        "    return Fit::kAtMoment;",
        "SnapshotWriterTest.ShowsItemsAsTheyWereBeforeLaterChanges", SNAPSHOT),
    Mutation(
        "a-moment-of-the-past-goes-by-the-stores-time", 4, "snapshot/look_at.cpp",
        "    if (fit == Fit::kAtMoment) fits = i - 1;\n",
        "",
        "AsOfTest.GoesByTheTimeOfTheChangeNotOfTheObject", SNAPSHOT),

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
        "one-answer-finishes-a-listed-shard", 6, "stream/shard_consumer.cpp",
        "  if (gone && co_await MayComeBack()) co_return false;",
        "",
        "LineageTest.ReadsOnAShardThatIsListedWhateverAnswersSayThatItIsGone", STREAM),
    Mutation(
        "the-position-moves-before-the-gap-is-on-record", 6, "stream/shard_consumer.cpp",
        "  if (expected_) co_await context_.events.OnGap(std::move(gap));\n"
        "  ShardCheckpoint next = checkpoint_;\n"
        "  next.finished = gone;\n"
        "  next.applied.clear();  // TRIM_HORIZON; the note stays, so that what follows is guarded\n"
        "  context_.checkpoints.Save(context_.consumer, context_.stream_arn, next);",
        "  ShardCheckpoint next = checkpoint_;\n"
        "  next.finished = gone;\n"
        "  next.applied.clear();\n"
        "  context_.checkpoints.Save(context_.consumer, context_.stream_arn, next);\n"
        "  if (expected_) co_await context_.events.OnGap(std::move(gap));",
        "LineageTest.PutsAGapOnRecordBeforeThePositionMovesOn", BOTH),
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
        "  if (absent && !(on_record && nothing_at_rest)) {",
        "  if (absent && !on_record && on_record) {",
        "LineageTest.CallsADayWithoutAReadOfOneShardAGap", BOTH),
    Mutation(
        "what-is-read-and-not-applied-counts-as-read", 6, "stream/shard_consumer.cpp",
        "    if (nothing_in_hand || !checkpoint_.applied.empty()) checkpoint_.read = read_;",
        "    checkpoint_.read = read_;\n    (void)nothing_in_hand;",
        "AbsenceTest.CountsAShardOfWhichNothingIsAppliedAsUnread", STREAM),
    Mutation(
        "a-gap-on-record-is-closed-by-a-backfill-from-before-older-changes", 6,
        "stream/shard_consumer.cpp",
        "  if (absent && !(on_record && nothing_at_rest)) {",
        "  if (absent && !on_record) {",
        "AbsenceTest.FindsTheGapOnRecordAgainOnceOlderChangesWereApplied", STREAM),
    Mutation(
        "an-earlier-stream-without-positions-is-forgotten", 3,
        "incremental/followed_table.cpp",
        "  if (!known && !state_.stream_arn.empty()) streams.push_back(state_.stream_arn);\n",
        "  (void)known;\n",
        "RecoveryTest.ReadsTheEarlierStreamFromItsBeginningWhereNothingTellsAPosition", MODEL),
    Mutation(
        "what-was-read-before-is-promised-no-more", 6, "stream/follower.cpp",
        "    if (options_.read_before != Time{}) "
        "promised_ = std::min(promised_, options_.read_before);\n",
        "",
        "RecoveryTest.NoticesADayBetweenItsFirstListingAndItsFirstReadWhereItsPositionsAreLost",
        BOTH),
    Mutation(
        "the-rest-of-an-earlier-stream-is-lost-with-its-positions", 6,
        "incremental/followed_table.cpp",
        "  if (state_.stream_arn < table_.stream.arn) AdoptPositions(state_.stream_arn);\n",
        "",
        "RecoveryTest.ReadsTheRestOfTheEarlierStreamWhenItsPositionsAreLost"),
    Mutation(
        "what-is-written-in-part-counts-as-nothing", 6, "stream/shard_consumer.cpp",
        "  if (checkpoint_.applied.empty()) NoteAge(*batch);\n",
        "",
        "AbsenceTest.CountsAShardOfWhichSomethingMayBeAppliedFromItsOldestChange", STREAM),
    Mutation(
        "what-is-tried-again-and-again-counts-as-nothing", 6, "stream/shard_consumer.cpp",
        "  handed_over_ = true;\n",
        "",
        "AbsenceTest.FindsTheGapOnRecordAgainWhileWhatIsOlderCannotBeApplied", STREAM),
    Mutation(
        "what-was-never-promised-is-not-needed-either", 6, "stream/follower.cpp",
        "  return std::min(latest, needed ? *created : std::max(*created, promised_));",
        "  (void)needed;\n  return std::min(latest, std::max(*created, promised_));",
        "AbsenceTest.CallsAnOldShardAGapInAFirstRunWhereItsParentsChangesWereApplied", STREAM),
    Mutation(
        "a-day-without-a-follower-is-none", 6, "stream/follower.cpp",
        "  if (latest != Time{} && context_->AwsNow() - latest > kRetention) {",
        "  if (false) {",
        "FollowerTest.CallsMoreThan24HoursWithoutAReadAGap", BOTH),
    Mutation(
        "a-day-without-positions-is-none", 6, "stream/follower.cpp",
        "  Time latest = options_.read_before;",
        "  Time latest{};",
        "RecoveryTest.NoticesADayWithoutAFollowerThatHadNoPositionsYet"),
    Mutation(
        "lost-positions-begin-anew", 6, "incremental/followed_table.cpp",
        "  AdoptPositions(table_.stream.arn);\n",
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
        "a-new-stream-silently", 6, "incremental/gap_before_stream.cpp",
        "    gap.reason = \"the stream was disabled and enabled again: changes in between are in "
        "no stream\";",
        "",
        "FollowedTableTest.DrainsTheOldStreamAndPutsTheGapOnRecord"),
    Mutation(
        "a-table-made-again-silently", 6, "incremental/gap_before_stream.cpp",
        "    gap.reason = \"the table was deleted and created again\";",
        "",
        "FollowedTableTest.PutsARecreatedTableOnRecordAsAGap"),
    Mutation(
        "a-table-made-again-is-taken-over-before-that-is-on-record", 6, "incremental/owner.cpp",
        "  co_return OwnerCheck::kRecreated;",
        "  co_await object.Save(body);\n  co_return OwnerCheck::kRecreated;",
        "FollowedTableTest.PutsARecreatedTableOnRecordAsAGap"),
    Mutation(
        "never-backfilled-silently", 6, "incremental/gap_before_stream.cpp",
        "    } else {\n      gap.reason =",
        "    } else {\n      (void)",
        "FollowedTableTest.BacksUpWhatChanges"),
    Mutation(
        "nobody-followed-after-a-backfill-silently", 6, "incremental/gap_before_stream.cpp",
        "co_return promises;",
        "co_return false;",
        "GapBeforeStreamTest.IsThereWhenNobodyFollowedAfterAnEarlierBackfill"),
    Mutation(
        "gaps-forgotten-with-an-older-state", 6, "incremental/state_file.cpp",
        "  if (conditions_ || !store_.traits().versioned) co_return state;",
        "  co_return state;",
        "RecoveryTest.ForgetsNoGapWhenAnOlderStateJsonLandsLate"),
    Mutation(
        "gap-closed-by-an-earlier-backfill", 6, "incremental/state.cpp",
        "      if (gap.closed || !backfill.reconciled_began ||\n"
        "          *backfill.reconciled_began < gap.closable_from()) {",
        "      if (gap.closed || !backfill.reconciled_began) {",
        "State.ClosesAGapOnlyByABackfillThatSurelyBeganAfterIt"),
    Mutation(
        "gap-closed-by-a-backfill-of-the-same-second", 6, "incremental/state.cpp",
        "return std::max(found, landed) + kClockResolution;",
        "return std::max(found, landed);",
        "State.ClosesAGapOnlyByABackfillThatSurelyBeganAfterIt"),
    Mutation(
        "a-gap-is-closed-before-all-has-landed", 6, "incremental/state.cpp",
        "return std::max(found, landed) + kClockResolution;",
        "return found + kClockResolution;",
        "GapLandingTest.OfAFollowerThatWasKilled"),
    Mutation(
        "what-stands-over-a-late-write-stays", 3, "incremental/doubts.cpp",
        "      CameLate({changed, versions.end()})) {",
        "      false) {",
        "DoubtsTest.WhatABackfillLeftOverWhatCameLateIsPutRight"),
    Mutation(
        "a-killed-follower-has-sent-nothing", 6, "incremental/followed_table.cpp",
        "  Time last = lease_->others_wrote_until();",
        "  Time last{};",
        "GapLandingTest.OfAFollowerThatWasKilled"),
    Mutation(
        "what-has-failed-does-not-land", 6, "incremental/followed_table.cpp",
        "  if (sink_->last_failed() != Time{}) {",
        "  if (false) {",
        "GapLandingTest.OfTheFollowerThatGoesOn"),
    Mutation(
        "a-gap-that-goes-on-lands-as-it-did", 6, "incremental/followed_table.cpp",
        "    gap.found = AwsNow();\n"
        "    gap.landed = SentHasLanded();\n"
        "    co_await",
        "    gap.found = AwsNow();\n"
        "    co_await",
        "GapLandingTest.OfOneThatWasKilledInAGapThatGoesOn"),
    Mutation(
        "a-backfill-of-an-earlier-stream-covers-the-next", 6, "incremental/gap_before_stream.cpp",
        "whole.stream_label == begin.label && whole.reconciled_began > held_from;",
        "whole.reconciled_began > held_from;",
        "RecoveryTest.TakesABackfillOfAnEarlierStreamForNoneBeforeItsFirstFollow"),
    Mutation(
        "when-a-stream-was-enabled-is-not-known", 6, "aws/streams_client.cpp",
        "  return ParseTime(std::string(stream_label) + \"Z\");",
        "  return ParseTime(stream_label);",
        "StreamLabelTest.TellsWhenTheStreamWasEnabled", AWS),
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
    Mutation(
        "a-gap-begins-when-the-stream-was-last-read", 6, "incremental/followed_table.cpp",
        "  found.from = std::min(found.from, state_.watermark.value_or(Time{}));\n",
        "",
        "FollowedTableTest.PutsAGapOnRecordFromTheMomentUpToWhichAllWasApplied"),
    Mutation(
        "aws-time-is-by-a-clock-that-is-set", 6, "aws/caller.cpp",
        "  return server_time - state_->clock.Now();\n",
        "  static const Duration ahead = server_time - state_->clock.Now();\n  return ahead;\n",
        "CallerTest.KnowsAwsTimeAlsoWhenOurClockIsSet", AWS),
    Mutation(
        "no-version-tells-what-was-left-out", 6, "incremental/backup_sink.cpp",
        "  info.left_out_since = pending.left_out_since;\n",
        "",
        "BackupSinkTest.TellsInTheVersionSinceWhenChangesWereLeftOut", MODEL),
    Mutation(
        "a-moment-of-the-past-in-a-gap-is-shown", 6, "snapshot/cut.cpp",
        "    if (moment < gap.from || (gap.closed && moment >= *gap.closed)) continue;",
        "    if (moment < gap.from || gap.closed) continue;",
        "AsOfTest.RefusesAMomentInAGap", SNAPSHOT),
    Mutation(
        "a-record-that-a-copy-lacks-is-forgotten", 6, "restore/replica_sink.cpp",
        "  if (options_.on_unapplied) options_.on_unapplied();\n",
        "",
        "ReplicaTest.GoesOnPastAnItemThatTheTargetRefuses", RESTORE),
    Mutation(
        "a-copy-that-was-never-seeded-is-well", 6, "restore/replication.cpp",
        "  if (!before) PutOnRecord(kNeverSeeded);\n",
        "",
        "ReplicaTest.SaysThatACopyWasNeverSeeded", RESTORE),
]

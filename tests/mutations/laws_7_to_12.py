"""The changes that break laws 7 to 12: what is beside a follower, and what holds everywhere."""

from mutation import AWS, CLI, ITEM, MODEL, RESTORE, SNAPSHOT, Mutation

MUTATIONS = [
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
        "ItemWriterTest.TakesItsVersionAwayWhenADeleteMarkerCameInBetween"),
    Mutation(
        "a-late-try-above-is-news", 7, "incremental/item_writer.cpp",
        "        return CompareWithChange(info, change.stream_label, change.sequence_number) >= 0;",
        "        return (void)change, false;",
        "InterleavingsTest.AFollowersPutThatLandsLateDuringAReconcile"),
    Mutation(
        "backfill-does-not-wait-for-late-writes", 7, "incremental/backfill.cpp",
        "      page_done = co_await SayingSo(writer_->SettleDoubts(halt_), file, state);\n",
        "",
        "KilledBackfillTest.IsNotOneThatWaitsForWhatItHasInDoubt"),
    Mutation(
        "backfill-forgets-its-death", 7, "incremental/backfill.cpp",
        "  if (other.open) Add(state.unchecked, {other.unchecked_since(), SentHasLanded()});",
        "",
        "KilledBackfillTest.IsPutRightByTheNextOne"),
    Mutation(
        "backfill-does-not-say-that-it-is-at-work", 7, "incremental/backfill.cpp",
        "  state.open = true;\n",
        "",
        "KilledBackfillTest.IsPutRightByTheNextOne"),
    Mutation(
        "the-last-step-is-not-marked", 7, "incremental/backfill.cpp",
        "  speaks.open = true;\n",
        "",
        "KilledBackfillTest.IsPutRightWhenItDiedInItsLastStep"),
    Mutation(
        "the-survivor-forgets-the-dead", 7, "incremental/backfill.cpp",
        "  if (const auto others = co_await file.LoadOthers()) {",
        "  if (const auto others = std::optional<std::string>()) {",
        "KilledBackfillTest.IsPutRightByTheOneBesideIt"),
    Mutation(
        "what-was-sent-is-not-waited-for", 7, "incremental/backfill.cpp",
        "    if (landed || halt_.requested()) co_return sweep;",
        "    if (landed || sweep.looked != Time{}) co_return sweep;",
        "KilledBackfillTest.IsPutRightWhenItsPutLandsTenMinutesLater"),
    Mutation(
        "who-dies-during-the-wait-is-forgotten", 7, "incremental/backfill.cpp",
        "\"an earlier backfill was cut short, and what it had sent may still land\");\n",
        "\"an earlier backfill was cut short, and what it had sent may still land\");\n"
        "    sweep.looked = AwsNow();\n    co_return sweep;\n",
        "KilledBackfillTest.IsPutRightWhenItDiesWhileAnotherOneWaits"),
    Mutation(
        "a-server-that-ignores-conditions-is-believed", 7, "incremental/conditions.cpp",
        "  co_return conditions == Conditions::kKept;",
        "  (void)conditions;\n  co_return true;",
        "ConditionsTest.DoNotHoldWhereOnlyOneKindDoes"),
    Mutation(
        "the-last-step-says-nothing", 7, "incremental/backfill.cpp",
        "  if (!options_.dry_run) saying.Spawn(KeepSaying(file, state, done));\n",
        "  (void)file;\n  (void)state;\n",
        "KilledBackfillTest.IsNotOneThatIsAtItsLastStepForLong"),
    Mutation(
        "who-says-that-it-lives-has-checked-all", 7, "incremental/backfill.cpp",
        "  saved.at_work_since = at_work_since;\n",
        "  (void)at_work_since;",
        "KilledBackfillTest.IsPutRightWhenItWaitedLongForAnAnswer"),
    Mutation(
        "who-is-at-a-page-for-long-says-nothing", 7, "incremental/backfill.cpp",
        "co_await SayingSo(ReadAndWrite(pages), file, state);",
        "co_await ReadAndWrite(pages);",
        "KilledBackfillTest.IsPutRightWhenItWaitedLongForAnAnswer"),
    Mutation(
        "who-waits-for-what-is-in-doubt-says-nothing", 7, "incremental/backfill.cpp",
        "      page_done = co_await SayingSo(writer_->SettleDoubts(halt_), file, state);\n",
        "      page_done = co_await writer_->SettleDoubts(halt_);\n",
        "KilledBackfillTest.IsNotOneThatWaitsForWhatItHasInDoubt"),
    Mutation(
        "a-save-that-fails-is-the-last-one", 7, "incremental/backfill.cpp",
        "              layout_.table(), error.what(), FormatDuration(kSayEvery));\n",
        "              layout_.table(), error.what(), FormatDuration(kSayEvery));\n"
        "      done.Request();\n",
        "KilledBackfillTest.IsNotOneThatCouldNotSayForAMomentThatItLives"),
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

    Mutation(
        "an-object-in-the-other-order-of-the-key-stays", 7, "incremental/item_writer.cpp",
        "    if (same && !item && look.etag.empty()) same = !co_await HasOtherObject(key);\n",
        "",
        "BackfillOfAnotherTool.SaysThatAnItemIsGoneOfWhichOnlyTheOtherObjectIsThere"),

    Mutation(
        "a-seed-reads-the-source-first", 7, "restore/table_updater.cpp",
        "    co_await LookAtBoth(difference);\n    if (AreEqual",
        "    auto now = co_await client_.GetItem(options_.table, difference.key);\n"
        "    difference.current = now ? std::move(*now) : std::string();\n    if (AreEqual",
        "FollowedDiffTest.DoesNotPutAnOlderStateOverWhatWasCarriedOver", RESTORE),
    Mutation(
        "a-change-back-is-not-seen", 7, "restore/table_updater.cpp",
        "  if (AreEqual(wanted, difference.wanted.item)) co_return true;",
        "  if (!wanted.empty() || difference.wanted.item.empty()) co_return true;",
        "FollowedDiffTest.SeesAChangeBackThatWasThereAlready", RESTORE),

    # 8. One writer.
    Mutation(
        "a-lease-taken-once-more-is-not-kept", 8, "incremental/followed_table.cpp",
        "  lease_done_ = std::make_unique<Stop>();",
        "  if (!lease_done_) lease_done_ = std::make_unique<Stop>();",
        "FollowedTableTest.KeepsTheLeaseWhenItIsOpenedOnceMore"),
    Mutation(
        "generations-begin-anew", 8, "incremental/lease.cpp",
        "static_cast<std::uint64_t>(EpochSeconds(clock_.Now()))",
        "std::uint64_t{1}",
        "LeaseTest.GivesNoGenerationTwice"),
    Mutation(
        "one-cut-off-releases-its-successor", 8, "incremental/lease.cpp",
        "  if (there && there->owner != options_.owner) co_return;",
        "",
        "LeaseTest.OneThatWasCutOffTakesNothingFromItsSuccessor"),
    Mutation(
        "no-lease", 8, "incremental/lease.cpp",
        "    if (free || ran_out) {",
        "    if (true) {",
        "LeaseTest.RefusesASecondFollowerWithTheNameOfTheFirst"),
    Mutation(
        "taken-from-one-that-renews-it", 8, "incremental/lease.cpp",
        "clock_.Uptime() - since >= kLeaseLife;",
        "clock_.Uptime() - since >= kLeaseLife / 5;",
        "FollowedTableTest.EnablesNoStreamWithoutTheLease"),
    Mutation(
        "held-for-ever", 8, "incremental/lease.cpp",
        "  until_ = until;",
        "  until_ = Duration::max();",
        "LeaseTest.IsNotHeldWhileItCannotBeRenewedAndIsAgainAfterwards"),
    Mutation(
        "held-by-a-clock-that-is-set", 8, "incremental/lease.cpp",
        "return clock_.Uptime() < until_ && !paused;",
        "return clock_.Now() < record_.expires && !paused;",
        "LeaseTest.IsNotTakenFromALiveOwnerBecauseAClockWasSet"),
    Mutation(
        "held-after-a-pause-of-the-machine", 8, "incremental/lease.cpp",
        "return clock_.Uptime() < until_ && !paused;",
        "return clock_.Uptime() < until_ && (!paused || paused);",
        "LeaseTest.IsNotHeldAfterAPauseThatNoClockOfOursHasSeen"),
    Mutation(
        "held-from-the-answer-on", 8, "incremental/lease.cpp",
        "  until_ = until;",
        "  until_ = clock_.Uptime() + kLeaseLife;",
        "LeaseTest.IsHeldNoLongerThanOthersWaitHoweverLateItsAnswerCame"),
    Mutation(
        "renewed-over-another", 8, "incremental/lease.cpp",
        "    written = co_await file_.Replace(std::move(body));",
        "    co_await file_.Save(std::move(body));",
        "LeaseTest.TellsTheOldOwnerThatItWasTaken"),
    Mutation(
        "taken-and-not-looked-at-again", 8, "incremental/lease.cpp",
        "  if (!ours) until_ = {};\n  co_return ours;",
        "  co_return ours || true;",
        "LeaseTest.IsLookedAtAgainWhereConditionsDoNotHold"),
    Mutation(
        "a-write-is-sent-without-the-lease", 8, "incremental/backup_sink.cpp",
        "  if (HoldsLease()) co_return;",
        "  co_return;",
        "BackupSinkTest.BeginsNoWriteWithoutTheLease", MODEL),
    Mutation(
        "a-try-is-sent-without-the-lease", 8, "incremental/backup_sink.cpp",
        "    request.may_send = [this] { return HoldsLease(); };\n    const PutResult",
        "    const PutResult",
        "RecoveryTest.DoesNotSendAWriteAgainThatAnotherFollowerHasOvertaken"),
    Mutation(
        "asked-before-the-first-try-only", 8, "aws/caller.cpp",
        "    if (prepared.may_send && !prepared.may_send()) {",
        "    if (progress.attempts == 1 && prepared.may_send && !prepared.may_send()) {",
        "CallerTest.AsksBeforeEachTryWhetherItMayBeSent", AWS),
    Mutation(
        "asked-before-the-credentials-come", 8, "aws/caller.cpp",
        "  try {\n    HttpRequest& http = prepared.http;\n",
        "  try {\n    const bool may = !prepared.may_send || prepared.may_send();\n"
        "    prepared.may_send = [may] { return may; };\n"
        "    HttpRequest& http = prepared.http;\n",
        "CallerTest.AsksWhetherItMayBeSentWhenItHasWaitedForCredentials", AWS),
    Mutation(
        "the-store-does-not-ask", 8, "incremental/s3_store.cpp",
        "  put.may_send = std::move(request.may_send);\n",
        "",
        "S3StoreTest.APutAsksBeforeEachTryWhetherItMayBeSent"),
    Mutation(
        "a-delete-marker-is-put-unasked", 8, "incremental/s3_store.cpp",
        "  co_await client_->DeleteObject(prefix_ + key, {}, std::move(may_send));",
        "  co_await client_->DeleteObject(prefix_ + key, {});",
        "S3StoreTest.ADeleteMarkerAsksBeforeEachTryWhetherItMayBeSent"),
    Mutation(
        "the-client-does-not-ask", 8, "aws/s3_client.cpp",
        "  request.may_send = put.may_send;\n",
        "",
        "S3StoreTest.APutAsksBeforeEachTryWhetherItMayBeSent"),
    Mutation(
        "state-written-over-anothers", 8, "incremental/state_file.cpp",
        "    written = co_await file_.Replace(ToJson(state));",
        "    co_await file_.Save(ToJson(state));\n    written = true;",
        "RecoveryTest.DoesNotWriteItsStateOverThatOfTheFollowerAfterIt"),

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
        "    std::string form;\n"
        "    if (change.event_name != EventName::kRemove) form = change.new_image;\n"
        "    std::erase(form, ' ');\n"
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

    Mutation(
        "a-backfill-that-died-meanwhile-is-forgotten", 7, "incremental/state.cpp",
        "    } else if (died_by <= now) {",
        "    } else if (now == Time::max()) {",
        "State.KnowsWhatNoBackfillHasLookedAt"),

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
        "  RequireOneTable(found, owner, store.traits().description);",
        "",
        "FollowedTableTest.RefusesAPrefixThatBelongsToAnotherTable"),
    Mutation(
        "parked-records-of-another-table-are-released", 10, "cli/parked.cpp",
        "  RequireOneTable(owner, OwnerOf(table, layout.hash()), store.traits().description);\n",
        "  (void)owner;\n",
        "OtherRegionTest.ParkedReleasesNothing", CLI),
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
        "    } else if (!in_place()) {",
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
        "    if (updater_ == nullptr && options_.dry_run) {",
        "    if (false) {",
        "Restore.OnlyReadsWithDryRun", RESTORE),
    Mutation(
        "a-dry-run-in-place-writes", 11, "restore/table_updater.cpp",
        "  if (options_.dry_run) {",
        "  if (false) {",
        "InPlaceTest.TellsWhatItWouldDo", RESTORE),
    Mutation(
        "in-place-without-a-condition", 11, "restore/table_updater.cpp",
        "                                               : ItemIs(difference.current, options_.schema);",
        "                                               : ItemIs(\"{}\", options_.schema);",
        "InPlaceTest.ComparesAgainWhatChangedMeanwhile", RESTORE),
    Mutation(
        "what-is-overwritten-is-not-kept", 11, "restore/table_updater.cpp",
        "  co_await Keep(differences);",
        "",
        "InPlaceTest.CanBeUndone", RESTORE),
    Mutation(
        "an-attribute-that-came-meanwhile-is-not-kept", 11, "restore/table_updater.cpp",
        "  if (!AreEqual(result.previous, difference.current)) {",
        "  if (false) {",
        "InPlaceTest.KeepsAnAttributeThatCameMeanwhile", RESTORE),
    Mutation(
        "if-absent-overwrites", 11, "restore/table_updater.cpp",
        "    if (options_.if_absent && !difference.current.empty()) {",
        "    if (false) {",
        "InPlaceTest.PutsOnlyWhatIsAbsentWhenTold", RESTORE),
    Mutation(
        "a-backup-without-items-empties-the-table", 11, "restore/restore.cpp",
        "    } else if (wanted_.all() && result_.wanted == 0) {",
        "    } else if (false) {",
        "InPlaceTest.WouldNotEmptyATableForABackupWithoutItems", RESTORE),
    Mutation(
        "deletes-for-a-backup-without-damaged-objects", 11, "restore/restore.cpp",
        "    if (source.damaged > 0) {",
        "    if (false) {",
        "InPlaceTest.DeletesNothingForABackupThatWasMadeWithoutDamagedObjects", RESTORE),
    Mutation(
        "deletes-for-a-fuzzy-backup", 11, "restore/restore.cpp",
        "    } else if (!source.consistent.value_or(true) && !options_.best_effort) {",
        "    } else if (false) {",
        "InPlaceTest.DeletesNothingForASnapshotThatIsFuzzyUnlessTold", RESTORE),
    Mutation(
        "deletes-for-a-file-of-changes", 11, "restore/restore.cpp",
        "    } else if (changes_ > 0) {",
        "    } else if (false) {",
        "InPlaceTest.DeletesNothingForAFileThatTellsOfChangesOnly", RESTORE),
    Mutation(
        "a-prune-without-a-record", 11, "restore/prune_versions.cpp",
        "    if (!options_.dry_run) co_await PutOnRecord();",
        "",
        "PrunedHistoryTest.IsOnRecordBeforeAnythingIsRemoved", RESTORE),
    Mutation(
        "a-prune-of-what-the-history-begins-with", 11, "restore/prune_versions.cpp",
        "        if (!found.needed) {",
        "        if (!found.needed && is_newest) {",
        "PruneTest.KeepsWhatTheItemWasWhenTheHistoryBegins", RESTORE),
    Mutation(
        "the-delete-goes-before-what-is-beneath", 11, "restore/prune_versions.cpp",
        "    for (auto version = versions.rbegin(); version != versions.rend() && refused == 0; ++version) {",
        "    for (auto version = versions.begin(); version != versions.end() && refused == 0; ++version) {",
        "PruneTest.CountsWhatObjectLockKeeps", RESTORE),
    Mutation(
        "the-last-good-snapshot-goes", 11, "restore/prune_snapshots.cpp",
        " || entry.key == last->key) continue;",
        ") continue;",
        "PruneSnapshotsTest.KeepsTheLastGoodOneHoweverOldItIs", RESTORE),
    Mutation(
        "deletes-all-that-is-not-wanted", 11, "restore/restore.cpp",
        "    table.partition = wanted_.partition();",
        "",
        "InPlaceTest.DeletesOnlyInThePartitionThatIsWanted", RESTORE),
    Mutation(
        "what-was-not-taken-is-dropped", 11, "restore/write_items.cpp",
        "    requests = std::move(result.unprocessed);",
        "    requests.clear();",
        "TableWriterTest.SendsAgainWhatTheTableDidNotTake", RESTORE),
    Mutation(
        "a-forgotten-delete-uncovers-what-is-locked", 11, "restore/forget_item.cpp",
        "          result_.refused > 0 && version.version_id == object.current.info.version_id;",
        "          false && object.name.empty();",
        "ForgetTest.LeavesTheDeleteOverAVersionThatStays", RESTORE),
    Mutation(
        "forgets-what-comes-meanwhile", 11, "restore/forget_item.cpp",
        "reached = reached || version.version_id == object.current.info.version_id;",
        "reached = true;",
        "ForgetTest.LeavesWhatComesToBeMeanwhile", RESTORE),
    Mutation(
        "a-snapshot-loses-its-old-files-first", 11, "restore/forget_in_snapshots.cpp",
        "      co_await WriteAnew(snapshot, with, std::move(without));\n"
        "      for (const DataFile& file : with) co_await RemoveAll(file.key);",
        "      for (const DataFile& file : with) co_await RemoveAll(file.key);\n"
        "      co_await WriteAnew(snapshot, with, std::move(without));",
        "ForgetInSnapshotsTest.RewritesThoseThatHoldItAndLeavesNoTrace", RESTORE),
    Mutation(
        "a-replica-writes-what-is-replayed", 4, "restore/replica_sink.cpp",
        "  if (change.change_time <= batch.origin.guarded_until_time) return true;",
        "",
        "ReplicaTest.NeverGoesBackWhenTheStreamIsReadAgain", RESTORE),
    Mutation(
        "a-replicas-gap-is-forgotten", 6, "restore/replication.cpp",
        "  context_.checkpoints.SaveDoubts(options_.consumer, table_.arn, {gap});",
        "",
        "ReplicaTest.KeepsAGapOnRecordUntilASeedHasClosedIt", RESTORE),
    Mutation(
        "a-repair-does-not-look-again", 11, "restore/table_updater.cpp",
        "  if (!options_.look_again) co_return true;",
        "  co_return true;",
        "TableDiffTest.LooksAtTheFirstOnceMoreWhenItHasWritten", RESTORE),
    Mutation(
        "an-import-that-is-not-whole-ends-well", 11, "restore/import_table.cpp",
        "if (state.errors == 0 && state.imported == request_.items) return;",
        "return;",
        "ImportTableTest.IsNotDoneWhenAwsHasNotTakenAllItems", RESTORE),
    Mutation(
        "an-older-twin-is-restored", 11, "snapshot/aggregate.cpp",
        "    const bool other = co_await TwinTells(name, *key, state.stored, state.older_missing);",
        "    const bool other = false;",
        "OtherOrderTest.TakesTheNewerOfTwoObjectsOfAnItem", SNAPSHOT),
    Mutation(
        "a-twin-of-after-the-moment-tells", 11, "snapshot/aggregate.cpp",
        "  if (there.older_missing) co_return neither;",
        "  (void)neither;",
        "OtherOrderTest.DoesNotBelieveWhatDdbvaultHasWrittenOfAfterTheMoment", SNAPSHOT),
    Mutation(
        "a-failed-restore-ends-well", 11, "restore/restore.cpp",
        "      Rethrow(failure);",
        "",
        "Restore.LosesNothingWhicheverCallFails", RESTORE),
    Mutation(
        "a-checksum-is-not-compared", 11, "snapshot/snapshot_reader.cpp",
        "    if (!file_.sha256.empty() && Hex(AsBytes(sha256_.Finish())) != file_.sha256) {",
        "    if (false) {",
        "SnapshotReaderTest.NamesAFileWithAFlippedBit", ("test_snapshot", "test_restore")),
    Mutation(
        "a-file-is-handed-on-while-it-is-checked", 11, "snapshot/snapshot_reader.cpp",
        "  co_await DecodeWhole(file, body, nullptr);",
        "",
        "SnapshotReaderTest.HandsNothingOnOfAFileThatIsNotTheManifests",
        ("test_snapshot", "test_restore")),
    Mutation(
        "items-are-not-counted", 11, "snapshot/snapshot_reader.cpp",
        "  if (items == file.items) return;",
        "  return;",
        "SnapshotReaderTest.NamesAFileOfAnotherNumberOfItemsThanTheManifestSays",
        ("test_snapshot", "test_restore")),
    Mutation(
        "a-large-file-of-aws-is-not-compared", 11, "snapshot/snapshot_reader.cpp",
        "    if (file_.sha256.empty() && !file_.md5.empty() &&",
        "    if (file_.sha256 == \"no\" && !file_.md5.empty() &&",
        "SnapshotReaderTest.HandsNothingOnOfAFileThatIsNotTheManifests",
        ("test_snapshot", "test_restore")),
    Mutation(
        "a-delete-marker-is-of-the-moment-it-says", 11, "snapshot/look_at.cpp",
        "marker.last_modified + kToleratedClock <= cut_.moment",
        "marker.last_modified <= cut_.moment",
        "CutTest.IsFuzzyWhereAStoresClockIsBehindAndADeleteMarkerMayBeOfEitherSide", SNAPSHOT),
    Mutation(
        "a-moment-of-left-out-changes-is-promised", 11, "snapshot/look_at.cpp",
        "      if (left_out_) state.fuzzy_reason = kLeftOut;  // it may have been there before",
        "",
        "CutTest.PromisesNothingOfAnItemThatMayHaveBeenThereBefore", SNAPSHOT),
    Mutation(
        "a-moment-of-left-out-changes-under-a-late-write-is-promised", 11, "snapshot/look_at.cpp",
        "        left_out_ = left_out_ || LeftOutAt(cut_, info);\n",
        "",
        "CutTest.PromisesNothingWhereALateWriteStandsOverTheOneThatOthersWereLeftOutFor",
        SNAPSHOT),
    Mutation(
        "a-reading-is-not-known-to-have-seen-a-change", 11, "snapshot/look_at.cpp",
        "  return reading.read_after && CompareWithChange(",
        "  return reading.read_after && IsStreams(reading) && CompareWithChange(",
        "CutTest.ShowsARepairThatHasSeenTheDeleteOfTheSameSecond", SNAPSHOT),
    Mutation(
        "a-reading-does-not-tell-what-it-has-seen", 7, "incremental/item_writer.cpp",
        "  info.read_after = std::move(read_after);\n",
        "",
        "ItemWriterTest.TellsWhichChangeAReadingHasSeen"),
    Mutation(
        "the-later-runs-table-over-the-firsts", 11, "snapshot/publish.cpp",
        "  if (there && IsTable(there->body)) co_return std::move(there->body);",
        "",
        "SnapshotRaces.TheLaterRunLeavesTheTableOfTheFirst", SNAPSHOT),
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
        "    const SummaryWrite summary = co_await WriteSummary(context_.snapshots, files);",
        "    keep_ = true;\n"
        "    const SummaryWrite summary = co_await WriteSummary(context_.snapshots, files);\n"
        "    co_await WriteManifests(context_.snapshots, files);",
        "SnapshotFaults.LeaveAWholeSnapshotOrNoneWhicheverWriteFails", SNAPSHOT),
    Mutation(
        "a-summary-in-doubt-loses-its-files", 11, "snapshot/snapshot_writer.cpp",
        "      keep_ = summary.may_still_land;",
        "      keep_ = false;",
        "SnapshotRaces.ASummaryThatMayStillLandKeepsItsFiles", SNAPSHOT),
    Mutation(
        "a-snapshot-over-another", 11, "snapshot/publish.cpp",
        "co_await PutText(snapshots, key, json, PutCondition::kIfAbsent);",
        "co_await PutText(snapshots, key, json, PutCondition::kNone);",
        "SnapshotRaces.ARunThatIsLaterLeavesTheOneThatWasFirst", SNAPSHOT),
    Mutation(
        "damaged-items-left-out-silently", 11, "snapshot/snapshot_writer.cpp",
        "    if (!options_.skip_damaged) RequireUndamaged(layout_, found_);\n",
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

    Mutation(
        "a-forgotten-items-delete-goes-at-once", 11, "restore/forget_item.cpp",
        "    if (until > now) result_.delete_stays = until;\n",
        "",
        "ForgetTest.LeavesTheDeleteWhileAWriteMayBeUnderWay", RESTORE),
    Mutation(
        "two-remove-at-once", 11, "incremental/removal_lease.cpp",
        "  co_await lease.Acquire(context.stop);\n",
        "",
        "RemovalLeaseTest.LetsOneWorkAtATimeAndNamesItToTheOther"),
    Mutation(
        "a-summary-in-doubt-is-not-waited-for", 11, "restore/forget_in_snapshots.cpp",
        "    if (in_doubt) co_await WaitUntilLanded();\n  }\n\n  // Landing later",
        "  }\n\n  // Landing later",
        "ForgetInSnapshotsTest.WaitsForAWriteThatMayStillLand", RESTORE),
    Mutation(
        "unknown-records-go-before-anybody-has-compared", 2, "incremental/parked.cpp",
        "    return record.parked + kStoreClock > compared;",
        "    return false;",
        "ParkedTest.KeepsRecordsOfUnknownItemsUntilABackfillHasComparedAll"),

    # 12. Quiet.
    Mutation(
        "a-parked-record-in-the-log", 12, "incremental/backup_sink.cpp",
        "        layout_.table(), number, origin.shard_id, reason,\n",
        "        layout_.table(), number, origin.shard_id, reason + std::string(change.raw),\n",
        "BackupSinkTest.LogsNothingOfARecordThatItParks"),
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
        "CredentialChain.LogsWhereCredentialsComeFromAndNothingOfThem", AWS),
    Mutation(
        "secrets-of-the-caller-in-the-log", 12, "aws/caller.cpp",
        "      outcome.access_key_id = keys->access_key_id;",
        "      outcome.access_key_id = keys->access_key_id;\n"
        "      LogDebug(\"signing with {} {}\", keys->access_key_id, keys->session_token);",
        "CallerTest.LogsNothingThatItSignsOrSends", AWS),
    Mutation(
        "a-body-in-the-log", 12, "aws/caller.cpp",
        "    outcome.sent = true;\n",
        "    outcome.sent = true;\n    LogDebug(\"sending {}\", http.body);\n",
        "CallerTest.LogsNothingThatItSignsOrSends", AWS),
    Mutation(
        "keys-in-a-report-unasked", 12, "restore/verify_judge.cpp",
        "  if (run_.options.show_keys) finding.key = suspect.key;",
        "  finding.key = suspect.key;",
        "VerifyTest.NamesNoKeyUnlessTold", RESTORE),
]

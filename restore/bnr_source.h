// The items of an archive of dynamodb-bnr: a tar file of
//
//   dump/<table>/schema.json              DescribeTable's "Table", or most of it
//   dump/<table>/data/0000000000.json     a JSON array of items, as DynamoDB JSON
//
// for one table or for several: plain, or compressed with gzip, bzip2 or zstd.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "incremental/object_store.h"
#include "restore/item_source.h"

namespace ddbvault {

class BnrSource : public ItemSource {
 public:
  // `key`: of the archive in `store`.  It is copied to `temp_directory` (empty: TMPDIR, or /tmp)
  // first, since it is read more than once.  `table`: the one that is wanted; with `or_only`, where
  // it is not there, the one that is alone in the archive.
  BnrSource(ObjectStore& store, WorkerPool& workers, std::string key, std::string table,
            bool or_only, std::string temp_directory = {});
  ~BnrSource() override;

  // Reads all of the archive, and checks all of its items.  Throws also Error{kNotFound} when the
  // table is not in it.
  Task<SourceDescription> Open() override;
  Task<std::string> TableDefinition() override;
  Task<void> Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) override;
  const SourceCounts& counts() const override { return counts_; }

 private:
  class Copy;

  Task<void> MakeCopy();
  void ReadThrough();

  ObjectStore& store_;
  WorkerPool& workers_;
  std::string key_;
  std::string table_;
  bool or_only_;
  std::string temp_directory_;
  std::unique_ptr<Copy> copy_;
  std::string schema_json_;
  std::uint64_t items_ = 0;
  SourceCounts counts_;
};

}  // namespace ddbvault

// A snapshot in one file with an item in each line: dynamodb-replicator's form.
#pragma once

#include <memory>
#include <string>

#include "incremental/object_store.h"
#include "snapshot/block_output.h"
#include "snapshot/compression.h"

namespace ddbvault {

class LinesOutput : public BlockOutput {
 public:
  // The file, of key `key`, is there only after Commit().
  LinesOutput(Executor executor, WorkerPool& workers, std::unique_ptr<ObjectWriter> writer,
              Compression compression);

  // After Finish().  Success: durable.  True: a try of it got no answer, and may land once more.
  Task<bool> Commit();
  std::uint64_t bytes() const override { return bytes_; }
  Task<void> Discard() override;

 private:
  Task<void> WriteBlock(std::string block, std::uint64_t items) override;
  Task<void> FinishFiles() override;
  Task<void> WriteCompressed();

  WorkerPool& workers_;
  std::unique_ptr<ObjectWriter> writer_;
  std::unique_ptr<Compressor> compressor_;
  std::string out_;
  std::uint64_t bytes_ = 0;
};

}  // namespace ddbvault

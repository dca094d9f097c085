// A snapshot's data files: each compressed in memory and written with one Put.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "incremental/object_store.h"
#include "snapshot/block_output.h"
#include "snapshot/compression.h"
#include "snapshot/format.h"

namespace ddbvault {

class PartsOutput : public BlockOutput {
 public:
  // Files go to `directory` ("<table>/<moment>/") and have about `part_bytes` each, compressed.
  // Holds at most about kLanes * (2 * part_bytes + 2 MB).
  PartsOutput(Executor executor, ObjectStore& store, WorkerPool& workers, std::string directory,
              Compression compression, std::size_t part_bytes);

  // Random, in the names of the files.
  const std::string& run() const { return run_; }
  // What was written, in order of the names; after Finish() all of it.
  std::vector<DataFile> files() const;
  std::uint64_t bytes() const override;
  Task<void> Discard() override;

  static constexpr std::size_t kLanes = 2;  // files being compressed at once

 private:
  struct Lane {
    std::unique_ptr<Compressor> compressor;
    std::string out;
    std::uint64_t items = 0;
    bool busy = false;
  };
  struct Written {
    DataFile file;
    std::string version_id;
  };

  Task<void> WriteBlock(std::string block, std::uint64_t items) override;
  Task<void> FinishFiles() override;
  Task<void> WritePart(Lane& lane);

  ObjectStore& store_;
  WorkerPool& workers_;
  std::string directory_;
  std::string run_;
  Compression compression_;
  std::size_t part_bytes_;
  std::vector<Lane> lanes_;
  Semaphore free_lanes_;
  std::size_t next_number_ = 0;
  std::vector<Written> written_;
};

}  // namespace ddbvault

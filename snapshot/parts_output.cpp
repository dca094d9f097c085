#include "snapshot/parts_output.h"

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"

namespace ddbvault {

PartsOutput::PartsOutput(Executor executor, ObjectStore& store, WorkerPool& workers,
                         std::string directory, Compression compression, std::size_t part_bytes)
    : BlockOutput(executor, "{\"Item\":", "}\n", kLanes),
      store_(store),
      workers_(workers),
      directory_(std::move(directory)),
      run_(Hex(RandomBytes(4))),
      compression_(compression),
      part_bytes_(part_bytes),
      lanes_(kLanes),
      free_lanes_(executor, kLanes) {
  for (Lane& lane : lanes_) lane.compressor = MakeCompressor(compression);
}

Task<void> PartsOutput::WriteBlock(std::string block, std::uint64_t items) {
  const Semaphore::Permit permit = co_await free_lanes_.Acquire();
  Lane& lane = *std::find_if(lanes_.begin(), lanes_.end(), [](const Lane& l) { return !l.busy; });
  struct Busy {
    explicit Busy(Lane& l) : lane(l) { lane.busy = true; }
    ~Busy() { lane.busy = false; }
    Lane& lane;
  } busy(lane);
  const auto compress = [&lane, &block] { lane.compressor->Add(block, lane.out); };
  co_await workers_.Run(compress);
  lane.items += items;
  if (lane.out.size() >= part_bytes_) co_await WritePart(lane);
}

Task<void> PartsOutput::WritePart(Lane& lane) {
  Written written;
  DataFile& file = written.file;
  const auto finish = [&lane, &file] {
    lane.compressor->Finish(lane.out);
    file.md5 = Base64(AsBytes(Md5(lane.out)));
    file.sha256 = Hex(AsBytes(Sha256(lane.out)));
  };
  co_await workers_.Run(finish);
  const std::string body = std::exchange(lane.out, {});
  file.items = std::exchange(lane.items, 0);
  file.bytes = body.size();
  file.key = directory_ + DataFileName(next_number_++, run_, compression_);
  PutRequest request;
  request.key = file.key;
  request.body = body;
  request.content_type = "application/octet-stream";
  const PutResult result = co_await store_.Put(std::move(request));
  file.etag = result.etag;
  written.version_id = result.version_id;
  written_.push_back(std::move(written));
}

Task<void> PartsOutput::FinishFiles() {
  for (Lane& lane : lanes_) {
    if (lane.items > 0) co_await WritePart(lane);
  }
  // ImportTable and readers of exports expect a file also of an empty table.
  if (written_.empty()) co_await WritePart(lanes_.front());
}

std::vector<DataFile> PartsOutput::files() const {
  std::vector<DataFile> files;
  files.reserve(written_.size());
  for (const Written& written : written_) files.push_back(written.file);
  std::sort(files.begin(), files.end(),
            [](const DataFile& a, const DataFile& b) { return a.key < b.key; });
  return files;
}

std::uint64_t PartsOutput::bytes() const {
  std::uint64_t bytes = 0;
  for (const Written& written : written_) bytes += written.file.bytes;
  return bytes;
}

Task<void> PartsOutput::Discard() {
  for (const Written& written : written_) {
    try {
      if (written.version_id.empty()) {
        co_await store_.PutDeleteMarker(written.file.key);
      } else {
        co_await store_.RemoveVersion(written.file.key, written.version_id);
      }
    } catch (const Error& error) {
      LogWarn("{}: part of an unfinished snapshot stays: {}", written.file.key, error.what());
    }
  }
  written_.clear();
}

}  // namespace ddbvault

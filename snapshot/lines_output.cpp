#include "snapshot/lines_output.h"

#include <utility>

namespace ddbvault {

LinesOutput::LinesOutput(Executor executor, WorkerPool& workers,
                         std::unique_ptr<ObjectWriter> writer, Compression compression)
    : BlockOutput(std::move(executor), "", "\n", 1),
      workers_(workers),
      writer_(std::move(writer)),
      compressor_(MakeCompressor(compression)) {}

Task<void> LinesOutput::WriteBlock(std::string block, std::uint64_t) {
  const auto compress = [this, &block] { compressor_->Add(block, out_); };
  co_await workers_.Run(compress);
  co_await WriteCompressed();
}

Task<void> LinesOutput::FinishFiles() {
  const auto finish = [this] { compressor_->Finish(out_); };
  co_await workers_.Run(finish);
  co_await WriteCompressed();
}

Task<void> LinesOutput::WriteCompressed() {
  const std::string out = std::exchange(out_, {});
  bytes_ += out.size();
  if (!out.empty()) co_await writer_->Write(out);
}

Task<bool> LinesOutput::Commit() {
  const PutResult result = co_await writer_->Commit();
  co_return result.in_doubt;
}

Task<void> LinesOutput::Discard() {
  if (writer_) co_await writer_->Discard();
  writer_.reset();
}

}  // namespace ddbvault

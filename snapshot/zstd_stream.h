// zstd behind the interfaces of compression.h.
#pragma once

#include <memory>

#include "snapshot/compression.h"

namespace ddbvault {

std::unique_ptr<Compressor> MakeZstdCompressor();
std::unique_ptr<Decompressor> MakeZstdDecompressor();

}  // namespace ddbvault

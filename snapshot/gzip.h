// gzip behind the interfaces of compression.h: written by ISA-L, read by zlib.
#pragma once

#include <memory>

#include "snapshot/compression.h"

namespace ddbvault {

std::unique_ptr<Compressor> MakeGzipCompressor();
std::unique_ptr<Decompressor> MakeGzipDecompressor();

}  // namespace ddbvault

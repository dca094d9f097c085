// bzip2 behind the interfaces of compression.h: it is read, and not written.
#pragma once

#include <memory>

#include "snapshot/compression.h"

namespace ddbvault {

std::unique_ptr<Decompressor> MakeBzip2Decompressor();

}  // namespace ddbvault

// One batch on its way through a sink: how many of its changes are still to be settled.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

#include "base/task.h"
#include "item/change.h"
#include "stream/change_sink.h"

namespace ddbvault {

struct PendingBatch {
  PendingBatch(std::shared_ptr<const ChangeBatch> changes, BatchOrigin from, Executor executor)
      : batch(std::move(changes)),
        origin(std::move(from)),
        left(batch->changes().size()),
        settled(std::move(executor)) {
    if (left == 0) settled.Set();
  }
  std::shared_ptr<const ChangeBatch> batch;
  BatchOrigin origin;
  std::size_t left;
  std::exception_ptr error;  // the first one
  Event settled;

  // One change is durable, or has failed.
  void SettleOne(const std::exception_ptr& failure) {
    if (!error) error = failure;
    if (--left == 0) settled.Set();
  }

  // What ChangeSink::Apply() returns: ends when all are settled, with the first error.
  static Task<void> Wait(std::shared_ptr<PendingBatch> batch) {
    co_await batch->settled.Wait();
    if (batch->error) std::rethrow_exception(batch->error);
  }
};

}  // namespace ddbvault

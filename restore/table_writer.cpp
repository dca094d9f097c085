#include "restore/table_writer.h"

#include <utility>

#include "restore/write_items.h"

namespace ddbvault {

TableWriter::TableWriter(Executor executor, DynamoDbClient& client, Clock& clock, Stop& stop,
                         Progress& progress, TableWriterOptions options)
    : client_(client),
      clock_(clock),
      stop_(stop),
      progress_(progress),
      options_(std::move(options)),
      rate_(clock, options_.write_units_per_second),
      batches_(executor, stop,
               {kMostWritesAtOnce, kMostBytesAtOnce, options_.in_flight, options_.memory},
               [this](WriteBatch batch) { return WriteUntilTaken(std::move(batch.requests)); }) {}

Task<void> TableWriter::Put(std::string item_json, ItemKey key) {
  WriteRequest request;
  request.item = std::move(item_json);
  co_await batches_.Add(std::move(request), std::move(key));
}

Task<void> TableWriter::Remove(ItemKey key) {
  WriteRequest request;
  request.key = key.bytes();
  co_await batches_.Add(std::move(request), std::move(key));
}

Task<void> TableWriter::WriteUntilTaken(std::vector<WriteRequest> requests) {
  const auto told = [this](std::size_t taken, std::size_t left) {
    written_ += taken;
    progress_.done += taken;
    retried_ += left;
    progress_.retried += left;
  };
  const auto give_up = [this] { return batches_.abandoned(); };
  const ItemWriting writing{client_, clock_, stop_, rate_, options_.table, told, give_up};
  co_await WriteItems(writing, std::move(requests));
}

}  // namespace ddbvault

// The canned server as a program of its own: for tools of other languages, and to look at by hand.
//
//   bench-canned [--port N] [--items N] [--changes N] [--shards N] [--item-bytes N]
//                [--latency MILLISECONDS] [--read-capacity UNITS]
//
// Prints its URL, and runs until its standard input ends; each line there has it say how many
// requests of each kind there were.
#include <charconv>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bench/canned/canned_server.h"

int main(int argc, char** argv) {
  using namespace ddbvault;
  CannedLoad load;
  std::uint64_t port = 0;
  std::uint64_t latency = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view text = argv[i + 1];
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    if (name == "--port") port = value;
    if (name == "--items") load.items = value;
    if (name == "--changes") load.changes = value;
    if (name == "--shards") load.shards = static_cast<std::uint32_t>(value);
    if (name == "--item-bytes") load.item_bytes = value;
    if (name == "--latency") latency = value;
    if (name == "--read-capacity") load.read_capacity = value;
  }
  CannedServer server(static_cast<std::uint16_t>(port));
  server.Load(load);
  server.SetLatency(std::chrono::milliseconds(latency));
  std::cout << server.url() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << nlohmann::json(server.counts()).dump() << std::endl;
  }
}

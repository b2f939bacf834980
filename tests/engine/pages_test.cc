// Pieces of big pages, also across threads, and the logs and chunks that are made of them.
#include "engine/network/pages.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "engine/network/append_log.h"
#include "engine/network/sample_lists.h"
#include "engine/network/slab.h"

using namespace flyball::engine;

TEST_CASE("pieces of a page lie side by side and are nobody else's", "[pages]") {
  std::vector<unsigned char*> pieces;
  for (int i = 0; i < 200; ++i) {  // some pages
    auto* const piece = static_cast<unsigned char*>(take_piece(40'000 + static_cast<std::size_t>(i)));
    REQUIRE(reinterpret_cast<std::uintptr_t>(piece) % 64 == 0);
    std::memset(piece, i, 40'000 + static_cast<std::size_t>(i));
    pieces.push_back(piece);
  }
  for (int i = 0; i < 200; ++i) {
    CHECK(pieces[static_cast<std::size_t>(i)][0] == i);
    CHECK(pieces[static_cast<std::size_t>(i)][39'999 + i] == i);
  }
  for (unsigned char* piece : pieces) give_piece(piece);
}

TEST_CASE("what one thread took another may give back", "[pages]") {
  static constexpr std::size_t kPieces = 400, kBytes = 30'000;
  std::vector<std::atomic<unsigned char*>> shelf(kPieces);
  std::atomic<int> wrong = 0;
  std::thread maker([&] {
    for (std::size_t i = 0; i < kPieces; ++i) {
      auto* const piece = static_cast<unsigned char*>(take_piece(kBytes));
      piece[0] = piece[kBytes - 1] = static_cast<unsigned char>(i);
      shelf[i].store(piece, std::memory_order_release);
    }
  });
  std::thread taker([&] {
    for (std::size_t i = 0; i < kPieces; ++i) {
      unsigned char* piece = nullptr;
      while ((piece = shelf[i].load(std::memory_order_acquire)) == nullptr) std::this_thread::yield();
      wrong += piece[0] != static_cast<unsigned char>(i) || piece[kBytes - 1] != static_cast<unsigned char>(i) ? 1 : 0;
      give_piece(piece);
    }
  });
  maker.join();
  taker.join();
  CHECK(wrong == 0);
}

TEST_CASE("a log keeps rows in one piece, and gives the room of a large one back", "[pages]") {
  AppendLog<std::uint64_t> log;
  std::vector<std::size_t> firsts;
  for (std::uint64_t row = 0; row < 100'000; ++row) {
    const std::uint64_t values[7] = {row, row + 1, row + 2, row + 3, row + 4, row + 5, row + 6};
    firsts.push_back(log.append(values, 7));
  }
  for (std::uint64_t row = 0; row < 100'000; ++row) {
    const std::uint64_t* const values = &log[firsts[row]];
    REQUIRE((values[0] == row && values[6] == row + 6));
  }
  CHECK(log.bytes() >= 100'000 * 7 * sizeof(std::uint64_t));
  log.clear();
  CHECK(log.empty());
  CHECK(log.bytes() == 0);
  log.push_back(1);
  log.push_back(2);
  CHECK(log.back() == 2);
  log.pop_back();
  CHECK((log.size() == 1 && log.back() == 1));
  log.push_back(3);
  log.cut(1);
  CHECK((log.size() == 1 && log[0] == 1));
}

#ifdef FB_POISONS
TEST_CASE("AddressSanitizer knows what of a pool is in use", "[pages]") {
  const auto is_poisoned = [](const void* at) { return __asan_address_is_poisoned(at) != 0; };
  AppendLog<std::uint64_t> log;
  for (std::uint64_t i = 0; i < 10'000; ++i) log.push_back(i);  // some chunks
  log.pop_back();
  CHECK(is_poisoned(&log[9'999]));
  CHECK_FALSE(is_poisoned(&log[9'998]));
  log.cut(100);
  for (const std::size_t at : {100UZ, 101UZ, 4'095UZ, 4'096UZ, 9'998UZ}) CHECK(is_poisoned(&log[at]));
  CHECK(log[99] == 99);
  log.push_back(7);
  CHECK(log[100] == 7);
  CHECK(is_poisoned(&log[101]));

  Slab<std::uint32_t> slab;
  const std::uint32_t id = slab.make();
  CHECK_FALSE(is_poisoned(&slab[id]));
  CHECK(is_poisoned(&slab[id + 2]));

  SampleLists lists;
  const std::uint32_t list = lists.insert(lists.make(), 0, 1);
  const std::uint32_t* const item = lists.of(list).data();
  CHECK_FALSE(is_poisoned(item));
  lists.free(list);
  CHECK(is_poisoned(item));

  const void* piece = nullptr;
  {
    Chunks chunks;
    for (int i = 0; i < 20; ++i) piece = chunks.take(16 << 10);
    CHECK(is_poisoned(piece));
    unpoison(piece, 16 << 10);
  }
  CHECK(is_poisoned(piece));
}
#endif

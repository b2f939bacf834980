// The big pages that the chunks of all sessions share: pieces are cut from one page after the other.
#include "engine/network/pages.h"

#include <cstdint>
#include <mutex>

#include "model/check.h"

namespace flyball::engine {

namespace {

// At the beginning of its page, where every piece finds it.
struct alignas(64) Page {
  std::size_t pieces = 0;  // that are in use
  std::size_t end = sizeof(Page);
};

struct Pool {
  std::mutex mutex;
  Page* current = nullptr;  // pieces are cut from it
  Page* spare = nullptr;    // empty: the next one, already in memory
};

// Lives as long as the process: sessions may end after everything else.
Pool& pool() {
  static Pool* const the = new Pool;
  return *the;
}

Page* make_page() { return new (take_pages(kPageBytes)) Page; }

}  // namespace

void* take_piece(std::size_t bytes) {
  FB_CHECK(bytes <= kPieceMax);
  bytes = (bytes + alignof(Page) - 1) & ~(alignof(Page) - 1);
  Pool& of = pool();
  const std::lock_guard lock(of.mutex);
  if (of.current == nullptr || of.current->end + bytes > kPageBytes) {
    of.current = of.spare != nullptr ? of.spare : make_page();
    of.spare = nullptr;
  }
  void* piece = reinterpret_cast<std::byte*>(of.current) + of.current->end;
  of.current->end += bytes;
  ++of.current->pieces;
  return piece;
}

void give_piece(void* piece) {
  Page* page = reinterpret_cast<Page*>(reinterpret_cast<std::uintptr_t>(piece) & ~(std::uintptr_t{kPageBytes} - 1));
  Pool& of = pool();
  const std::lock_guard lock(of.mutex);
  if (--page->pieces != 0) return;
  page->end = sizeof(Page);
  if (page == of.current) return;
  if (of.spare == nullptr) {
    of.spare = page;
  } else {
    give_pages(page);
  }
}

}  // namespace flyball::engine

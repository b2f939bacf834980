// The big pages that chunks share: a thread cuts pieces from one page after the other.
#include "engine/network/pages.h"

#include <atomic>
#include <cstdint>

#include "model/check.h"

namespace flyball::engine {

namespace {

// At the beginning of its page, where every piece finds it.
struct alignas(64) Page {
  std::atomic<std::uint32_t> uses = 1;  // pieces, and one more while a thread cuts from it
  std::size_t end = sizeof(Page);
};

void drop(Page* page) {
  if (page->uses.fetch_sub(1, std::memory_order_acq_rel) == 1) give_pages(page);
}

struct Current {
  ~Current() {
    if (page != nullptr) drop(page);
    page = nullptr;
  }
  Page* page = nullptr;
};
thread_local Current current;

}  // namespace

void* take_piece(std::size_t bytes) {
  FB_CHECK(bytes <= kPieceMax);
  bytes = (bytes + alignof(Page) - 1) & ~(alignof(Page) - 1);
  Page*& page = current.page;
  if (page != nullptr && page->end + bytes > kPageBytes) {
    if (page->uses.load(std::memory_order_acquire) == 1) {
      page->end = sizeof(Page);  // its pieces have all come back
    } else {
      drop(page);
      page = nullptr;
    }
  }
  if (page == nullptr) {
    page = new (take_pages(kPageBytes)) Page;
    poison(page + 1, kPageBytes - sizeof(Page));
  }
  void* piece = reinterpret_cast<std::byte*>(page) + page->end;
  unpoison(piece, bytes);
  page->end += bytes;
  page->uses.fetch_add(1, std::memory_order_relaxed);
  return piece;
}

void give_piece(void* piece) {
  const std::size_t behind = reinterpret_cast<std::uintptr_t>(piece) & (kPageBytes - 1);
  drop(reinterpret_cast<Page*>(static_cast<std::byte*>(piece) - behind));
}

}  // namespace flyball::engine

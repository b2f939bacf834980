// AlphaItem: one fact's membership in one alpha memory, which is at once its entry in the alpha's first hash index.
// Further indexes have entries of their own: records of the same slab that name their item.
//
//   fact  ── FactMeta::items → next → …       (those that thresholds dispatch: FactGates::top → next → …, by gate, highest first)
//   item  ── tokens → fact_next ↔ …           (everything the fact does through this alpha, and nothing else)
//   item  ── more → more → …                  (its entries in further indexes)
#pragma once

#include "engine/compile/program_data.h"
#include "engine/network/bucket_index.h"
#include "engine/network/fact_store.h"
#include "engine/network/slab.h"
#include "engine/network/token.h"

namespace flyball::engine {

struct AlphaItem {
  Link link;
  AlphaId alpha = 0;
  FactId fact = kNone;
  std::uint32_t next = kNone;  // of the same fact
  std::uint32_t more = kNone;  // entry in the next index
  std::uint32_t item = kNone;  // of a further entry: whose it is; kNone: this is the item
  TokenId tokens = kNone;
  Truth truth = Truth::kTrue;
  Place place = Place::kOut;
};

struct AlphaItemRecords {  // for BucketIndex
  Slab<AlphaItem>& items;
  Link& link(std::uint32_t id) { return items[id].link; }
  Place& place(std::uint32_t id) { return items[id].place; }
};

// Where one fact stands among one type's Thresholds.
struct FactGates {
  std::uint32_t top = kNone;   // the item of the highest open gate that the fact passed
  std::uint32_t position = 0;  // open gates; kNone: unknown
};

}  // namespace flyball::engine

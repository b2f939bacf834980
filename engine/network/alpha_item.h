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

inline constexpr std::uint32_t kAlphaBits = 24;  // of the number of an alpha: 16 million
// What a compiler that sees only the type must be told.
inline constexpr AlphaId kAlphaMask = (AlphaId{1} << kAlphaBits) - 1;

struct AlphaItem {
  Link link;
  FactId fact = kNone;
  std::uint32_t next = kNone;  // of the same fact; of a further entry: whose it is
  std::uint32_t more = kNone;  // entry in the next index
  TokenId tokens = kNone;
  // One word: there are as many items as facts.
  AlphaId alpha : kAlphaBits = 0;
  Truth truth : 2 = Truth::kTrue;
  Place place : 2 = Place::kOut;
  bool further : 1 = false;  // no item of its own

  std::uint32_t item(std::uint32_t id) const { return further ? next : id; }  // of the record `id`, which this is
};
static_assert(sizeof(AlphaItem) == 32);

struct AlphaItemRecords {  // for BucketIndex
  Slab<AlphaItem>& items;
  Link& link(std::uint32_t id) { return items[id].link; }
  Place place(std::uint32_t id) const { return items[id].place; }
  void set_place(std::uint32_t id, Place place) { items[id].place = place; }
};

// Where one fact stands among one type's Thresholds.
struct FactGates {
  std::uint32_t top = kNone;   // the item of the highest open gate that the fact passed
  std::uint32_t position = 0;  // open gates; kNone: unknown
};

}  // namespace flyball::engine

// Token: a partial match: the facts of the first lines of a chain. Tokens form trees by parent; each holds the fact of
// its own stage and finds the others upwards. Records of a Slab, linked intrusively so that removal is O(1):
//
//   parent ── first_child → sibling ↔ sibling …      (everything that falls with it)
//   item   ── AlphaItem::tokens → fact_next ↔ …      (everything to look at when the fact changes; facts that were given
//                                                     to the token, not found by an alpha: FactMeta::tokens → …)
//   next   ── the left index of the following stage   (everything a new fact there may meet)
//
// INVARIANT: of a some/no line a token has one witness at most, and one that is unknown only if none is true: while a true one is
// there, others change nothing, and when it goes another is looked for.
#pragma once

#include <cstdint>

#include "engine/expr/eval.h"
#include "engine/network/bucket_index.h"
#include "engine/network/slab.h"

namespace flyball::engine {

using TokenId = std::uint32_t;

struct Token {
  std::uint32_t stage = kNone;  // that made it; kNone: the root of a chain
  std::uint32_t next = kNone;   // stage it is the left input of; kNone: it is at the end
  TokenId parent = kNone;
  TokenId first_child = kNone;
  TokenId next_sibling = kNone, prev_sibling = kNone;
  std::uint32_t fact = kNone;
  std::uint32_t item = kNone;  // the alpha item that brought the fact; kNone: it was given. Of a root: see chain()
  TokenId fact_next = kNone, fact_prev = kNone;
  Link left;                    // in the left index of `next`; at the end: next ↔ prev in its entry's list
  std::uint32_t value = kNone;  // of an aggregate's stage: its value's slot; root: the tag given to bind()
  std::uint32_t entry = kNone;  // at the end: the entry it belongs to; before it: see output()
  Truth truth = Truth::kTrue;   // of all lines so far (in hold chains: of the last)
  Place left_place = Place::kOut;
  Truth met = Truth::kFalse;  // of the left side of a some/no stage: what its witness is
  bool witness : 1 = false;   // a fact met by a some/no line; never carries on
  bool alive : 1 = false;

  // What a token never needs at once shares a place.
  TokenId output() const { return entry; }  // the one child that carries on, where the next stage binds nothing
  void set_output(TokenId child) { entry = child; }
  std::uint32_t chain() const { return item; }  // of a root, which has no fact
  void set_chain(std::uint32_t id) { item = id; }
};
static_assert(sizeof(Token) == 64);

}  // namespace flyball::engine

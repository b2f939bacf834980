// Agenda: the entries of rules that are to start, or to end: those of the first rule by rank go first, of one rule in the order of their
// identities. Many that come at once are sorted together, by the beginnings of their identities; few that come when others wait stand
// in a tree beside them.
//
// `Entries` gives ticket(rule, entry), by reference, 0 of one that is not on; goes_before(rule, a, b), a total order that must not change
// while both are on; and prefix(rule, entry), which never contradicts it. Not thread-safe. Complexity: add and remove O(1) where many come
// at once, O(log n) where few do; front O(log n) for each that came since. INVARIANT: what stands in a tree is on; what is sorted and is
// not on any more is known by its ticket, which is not the entry's.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace flyball::engine {

using EntryId = std::uint32_t;

template <typename Entries>
class Agenda {
 public:
  Agenda(std::size_t rules, Entries entries) : entries_(entries), ranks_((rules + 63) / 64, 0) {
    for (std::size_t rank = 0; rank < rules; ++rank) by_rank_.emplace_back(Order{this, rank});
  }
  Agenda(const Agenda&) = delete;
  Agenda& operator=(const Agenda&) = delete;

  bool empty() const { return count_ == 0; }

  void add(std::uint32_t rank, std::uint32_t rule, EntryId entry) {
    OfRule& of = by_rank_[rank];
    of.rule = rule;
    last_ticket_ += 2;
    if (last_ticket_ == 0) last_ticket_ = 2;  // all around: 0 is nobody's
    of.newcomers.push_back({entries_.prefix(rule, entry), entry, last_ticket_});
    entries_.ticket(rule, entry) = last_ticket_;
    ++of.count;
    ++count_;
    ranks_[rank / 64] |= std::uint64_t{1} << rank % 64;
    first_word_ = std::min<std::size_t>(first_word_, rank / 64);
  }
  void remove(std::uint32_t rank, std::uint32_t rule, EntryId entry) {
    OfRule& of = by_rank_[rank];
    std::uint32_t& ticket = entries_.ticket(rule, entry);
    if ((ticket & kInTree) != 0) of.tree.erase({entries_.prefix(rule, entry), entry, ticket});
    ticket = 0;
    if (--count_ == 0) last_ticket_ = 0;  // nothing is left that knows one
    if (--of.count != 0) return;
    of.sorted.clear();
    of.newcomers.clear();
    ranks_[rank / 64] &= ~(std::uint64_t{1} << rank % 64);
  }
  // The first: rule and entry. Not of one that is empty.
  std::pair<std::uint32_t, EntryId> front() {
    while (ranks_[first_word_] == 0) ++first_word_;
    OfRule& of = by_rank_[first_word_ * 64 + static_cast<std::size_t>(std::countr_zero(ranks_[first_word_]))];
    if (!of.newcomers.empty()) take_newcomers(of);
    while (!of.sorted.empty() && is_off(of, of.sorted.back())) of.sorted.pop_back();
    if (of.tree.empty()) return {of.rule, of.sorted.back().entry};
    const bool is_sorted = !of.sorted.empty() && goes_before(of.rule, of.sorted.back(), *of.tree.begin());
    return {of.rule, (is_sorted ? of.sorted.back() : *of.tree.begin()).entry};
  }

 private:
  static constexpr std::size_t kFew = 8;  // that stand in a tree; of those that are sorted, the part for which it is done anew
  static constexpr std::uint32_t kInTree = 1;
  struct Item {
    std::uint64_t prefix = 0;
    EntryId entry = 0;
    std::uint32_t ticket = 0;  // even, with kInTree
  };
  struct Order {
    const Agenda* agenda;
    std::size_t rank;
    bool operator()(const Item& a, const Item& b) const { return agenda->goes_before(agenda->by_rank_[rank].rule, a, b); }
  };
  struct OfRule {
    explicit OfRule(Order order) : tree(order) {}
    std::uint32_t rule = 0;
    std::size_t count = 0;     // that are on
    std::vector<Item> sorted;  // the last goes first
    std::set<Item, Order> tree;
    std::vector<Item> newcomers;
  };
  bool goes_before(std::uint32_t rule, const Item& a, const Item& b) const {
    return a.prefix != b.prefix ? a.prefix < b.prefix : entries_.goes_before(rule, a.entry, b.entry);
  }
  bool is_off(const OfRule& of, const Item& item) const { return entries_.ticket(of.rule, item.entry) != item.ticket; }
  void take_newcomers(OfRule& of) {
    std::erase_if(of.newcomers, [&](const Item& item) { return is_off(of, item); });
    if (of.newcomers.size() > kFew && of.newcomers.size() * kFew > of.sorted.size()) {
      std::erase_if(of.sorted, [&](const Item& item) { return is_off(of, item); });
      of.sorted.insert(of.sorted.end(), of.newcomers.begin(), of.newcomers.end());
      std::sort(of.sorted.begin(), of.sorted.end(), [&](const Item& a, const Item& b) { return goes_before(of.rule, b, a); });
    } else {
      for (Item item : of.newcomers) {
        entries_.ticket(of.rule, item.entry) = item.ticket |= kInTree;
        of.tree.insert(item);
      }
    }
    of.newcomers.clear();
  }

  Entries entries_;
  std::vector<OfRule> by_rank_;
  std::vector<std::uint64_t> ranks_;  // bits: of which there are any
  std::size_t first_word_ = 0;        // none before it has any
  std::size_t count_ = 0;
  std::uint32_t last_ticket_ = 0;
};

}  // namespace flyball::engine

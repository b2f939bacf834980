// See align.h: who is the same, new numbers for all, and everything that names one.
#include "engine/compile/align.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>

#include "engine/compile/plan_print.h"

namespace flyball::engine {
namespace {

// New numbers of one kind of part.
class Numbers {
 public:
  Numbers(std::size_t count, std::size_t running) : to_(count, kNoId), taken_(running, false) {}
  void keep(std::uint32_t id, std::uint32_t as) {
    to_[id] = as;
    taken_[as] = true;
  }
  bool is_kept(std::uint32_t id) const { return to_[id] != kNoId; }
  bool is_taken(std::uint32_t number) const { return taken_[number]; }
  // What is new takes the places that are free, and then further ones.
  void fill() {
    std::size_t next = 0;
    for (std::uint32_t& to : to_) {
      if (to != kNoId) continue;
      while (next < taken_.size() && taken_[next]) ++next;
      if (next == taken_.size()) taken_.push_back(false);
      taken_[next] = true;
      to = static_cast<std::uint32_t>(next);
    }
    trim();
  }
  // `count` places in a row for parts from `first` on.
  void place(std::uint32_t first, std::uint32_t count) {
    std::size_t at = 0;
    for (std::size_t free = 0; free < count && at + free < taken_.size();) {
      if (taken_[at + free]) {
        at += free + 1;
        free = 0;
      } else {
        ++free;
      }
    }
    if (taken_.size() < at + count) taken_.resize(at + count, false);
    for (std::uint32_t i = 0; i < count; ++i) keep(first + i, static_cast<std::uint32_t>(at + i));
  }
  void trim() {
    while (!taken_.empty() && !taken_.back()) taken_.pop_back();
  }
  std::uint32_t of(std::uint32_t id) const { return id == kNoId ? kNoId : to_[id]; }
  void rename(std::uint32_t& id) const { id = of(id); }
  void rename(std::vector<std::uint32_t>& ids) const {
    for (std::uint32_t& id : ids) id = of(id);
  }
  std::size_t size() const { return taken_.size(); }
  bool has_vacant() const { return std::find(taken_.begin(), taken_.end(), false) != taken_.end(); }
  // `parts` in their new places; where there is none, `vacant`.
  template <typename Part, typename Vacant>
  void reorder(std::vector<Part>& parts, Vacant vacant) const {
    std::vector<Part> out;
    out.reserve(size());
    std::vector<std::uint32_t> from(size(), kNoId);
    for (std::uint32_t id = 0; id < to_.size(); ++id) from[to_[id]] = id;
    for (const std::uint32_t id : from) {
      if (id != kNoId) {
        out.push_back(std::move(parts[id]));
      } else {
        out.push_back(vacant());
      }
    }
    parts = std::move(out);
  }

 private:
  std::vector<std::uint32_t> to_;  // by number in the new program as it was compiled
  std::vector<bool> taken_;        // by new number
};

class Aligner {
 public:
  Aligner(ProgramData& data, const ProgramData& running)
      : data_(data),
        running_(running),
        alphas_(data.alphas.size(), running.alphas.size()),
        nodes_(data.nodes.size(), running.nodes.size()),
        stages_(data.stages.size(), running.stages.size()),
        chains_(data.chains.size(), running.chains.size()),
        holds_(data.holds.size(), running.holds.size()),
        absences_(data.absences.size(), running.absences.size()),
        gates_(data.gates.size(), running.gates.size()),
        projections_(data.projections.size(), running.projections.size()) {}

  void run() {
    PlanPrinter printer;
    const PlanPrints before = printer.print(running_);
    const PlanPrints now = printer.print(data_);
    keep_equal(now.alphas, before.alphas, alphas_);
    keep_equal(now.nodes, before.nodes, nodes_);
    keep_rules(now, before);
    for (ChainId c = 0; c < data_.chains.size(); ++c) {
      if (!chains_.is_kept(c)) stages_.place(data_.chains[c].first, data_.chains[c].count);
    }
    stages_.trim();
    if (stages_.size() > 2 * data_.stages.size() + kFewStages) return;
    for (Numbers* numbers : {&alphas_, &nodes_, &chains_, &holds_, &absences_, &gates_, &projections_}) numbers->fill();
    order_indexes();
    rename();
    reorder();
  }

 private:
  static constexpr std::size_t kFewStages = 64;

  static void keep_equal(const std::vector<std::uint32_t>& now, const std::vector<std::uint32_t>& before, Numbers& numbers) {
    std::unordered_multimap<std::uint32_t, std::uint32_t> known;
    for (std::uint32_t id = static_cast<std::uint32_t>(before.size()); id-- > 0;) {
      if (before[id] != kNoId) known.emplace(before[id], id);
    }
    for (std::uint32_t id = 0; id < now.size(); ++id) {
      const auto found = known.find(now[id]);
      if (found == known.end()) continue;
      numbers.keep(id, found->second);
      known.erase(found);
    }
  }

  static void keep_all(const std::vector<std::uint32_t>& now, const std::vector<std::uint32_t>& before, Numbers& numbers) {
    for (std::size_t i = 0; i < now.size(); ++i) numbers.keep(now[i], before[i]);
  }

  void keep_rules(const PlanPrints& now, const PlanPrints& before) {
    std::unordered_map<std::string, std::uint32_t> by_name;
    for (std::uint32_t r = 0; r < running_.rules.size(); ++r) by_name.emplace(running_.rules[r].name, r);
    for (std::uint32_t r = 0; r < data_.rules.size(); ++r) {
      const auto found = by_name.find(data_.rules[r].name);
      if (found == by_name.end() || now.rules[r] != before.rules[found->second]) continue;
      const RuleParts& mine = now.parts[r];
      const RuleParts& theirs = before.parts[found->second];
      keep_all(mine.chains, theirs.chains, chains_);
      keep_all(mine.holds, theirs.holds, holds_);
      keep_all(mine.absences, theirs.absences, absences_);
      keep_all(mine.gates, theirs.gates, gates_);
      keep_all(mine.projections, theirs.projections, projections_);
      for (std::size_t i = 0; i < mine.chains.size(); ++i) {
        const ChainPlan& chain = data_.chains[mine.chains[i]];
        const StageId first = running_.chains[theirs.chains[i]].first;
        for (std::uint32_t s = 0; s < chain.count; ++s) stages_.keep(chain.first + s, first + s);
      }
    }
  }

  // The first entry of an item is the item itself: no ring may call it its own. Where there is a private index there is another, too.
  static void keep_private_behind(const AlphaPlan& alpha, std::vector<std::uint32_t>& to) {
    const auto is_private = [&](std::size_t i) { return (alpha.index_null_joins[i] & AlphaPlan::kPrivate) != 0; };
    std::size_t first = kNoId, shared = kNoId;
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (to[i] == 0) first = i;
      if (!is_private(i) && (shared == kNoId || to[i] < to[shared])) shared = i;
    }
    if (first != kNoId && is_private(first)) std::swap(to[first], to[shared]);
  }

  // Those that the running program has come first, in its order.
  void order_indexes() {
    new_index_.resize(data_.alphas.size());
    for (AlphaId id = 0; id < data_.alphas.size(); ++id) {
      AlphaPlan& alpha = data_.alphas[id];
      std::vector<std::uint32_t>& to = new_index_[id];
      to.assign(alpha.indexes.size(), kNoId);
      std::uint32_t next = 0;
      if (alphas_.of(id) < running_.alphas.size()) {
        const AlphaPlan& before = running_.alphas[alphas_.of(id)];
        for (std::size_t b = 0; b < before.indexes.size(); ++b) {
          for (std::size_t i = 0; i < to.size(); ++i) {
            if (to[i] != kNoId || alpha.indexes[i] != before.indexes[b] || alpha.index_null_joins[i] != before.index_null_joins[b] ||
                alpha.index_span(i) != before.index_span(b))
              continue;
            to[i] = next++;
            break;  // another of the same fields is somebody's own
          }
        }
      }
      for (std::uint32_t& place : to) {
        if (place == kNoId) place = next++;
      }
      keep_private_behind(alpha, to);
      std::vector<std::vector<std::uint32_t>> indexes(to.size());
      std::vector<std::uint32_t> null_joins(to.size());
      std::vector<SpanFields> spans(to.size());
      for (std::size_t i = 0; i < to.size(); ++i) {
        indexes[to[i]] = std::move(alpha.indexes[i]);
        null_joins[to[i]] = alpha.index_null_joins[i];
        spans[to[i]] = alpha.index_span(i);
      }
      alpha.indexes = std::move(indexes);
      alpha.index_null_joins = std::move(null_joins);
      if (!alpha.index_spans.empty()) alpha.index_spans = std::move(spans);
      for (AlphaPlan::Order& order : alpha.orders) order.index = to[order.index];
    }
    for (ClosingPlan& closing : data_.closings) {
      const auto renumber = [&](std::uint32_t stage, std::uint32_t& index) { index = new_index_[data_.stages[stage].alpha][index]; };
      for (std::uint32_t* index : {&closing.a_by_c, &closing.a_by_both}) renumber(closing.first, *index);
      for (std::uint32_t* index : {&closing.b_by_c, &closing.b_by_both}) renumber(closing.first + 1, *index);
      for (std::uint32_t* index : {&closing.c_by_a, &closing.c_by_b}) renumber(closing.first + 2, *index);
    }
    for (StagePlan& stage : data_.stages) {
      if (stage.index != kNoId) stage.index = new_index_[stage.alpha][stage.index];
    }
  }

  void rename() {
    for (AlphaPlan& a : data_.alphas) {
      stages_.rename(a.successors);
      std::sort(a.successors.begin(), a.successors.end(), std::greater<>());
      nodes_.rename(a.nodes);
    }
    for (StagePlan& s : data_.stages) {
      chains_.rename(s.chain);
      alphas_.rename(s.alpha);
      (s.kind == StageKind::kAbsence ? absences_ : holds_).rename(s.table);
    }
    for (ChainPlan& c : data_.chains) {
      if (c.count != 0) stages_.rename(c.first);
      chains_.rename(c.shared);
      stages_.rename(c.consumers);
      gates_.rename(c.gate);
      if (c.end == ChainEnd::kHold) holds_.rename(c.owner);
      if (c.end == ChainEnd::kAbsence || c.end == ChainEnd::kSeen) absences_.rename(c.owner);
    }
    for (HoldPlan& p : data_.holds) {
      chains_.rename(p.chain);
      stages_.rename(p.consumers);
    }
    for (AbsencePlan& p : data_.absences) {
      chains_.rename(p.watch_chain);
      stages_.rename(p.consumers);
    }
    for (ClosingPlan& p : data_.closings) stages_.rename(p.first);
    for (GatePlan& p : data_.gates) chains_.rename(p.chain);
    for (ProjectionPlan& p : data_.projections) {
      chains_.rename(p.chain);
      absences_.rename(p.absence);
    }
    for (AggregateNode& n : data_.nodes) {
      alphas_.rename(n.alpha);
      stages_.rename(n.consumers);
    }
    for (AggregateUse& u : data_.uses) nodes_.rename(u.node);
    for (TypePlan& t : data_.types) {
      alphas_.rename(t.always);
      alphas_.rename(t.alphas);
      nodes_.rename(t.sample_nodes);
      std::sort(t.sample_nodes.begin(), t.sample_nodes.end());
    }
    order_always();
    for (RulePlan& r : data_.rules) {
      chains_.rename(r.chains);
      chains_.rename(r.until_chain);
      chains_.rename(r.watch_chain);
      gates_.rename(r.gates);
      gates_.rename(r.identity_gates);
      projections_.rename(r.projections);
    }
    for (ExplainPlan& e : data_.explain) {
      for (std::vector<ExplainLine>* lines : {&e.when, &e.until}) {
        for (ExplainLine& line : *lines) (line.absence ? absences_ : holds_).rename(line.table);
      }
    }
  }

  // In the order of the running program, then what is new: so as many as can be keep their bits in the facts (alpha_tables.h).
  void order_always() {
    for (FactTypeId type = 0; type < data_.types.size() && type < running_.types.size(); ++type) {
      std::unordered_map<AlphaId, std::size_t> places;
      for (const AlphaId id : running_.types[type].always) places.emplace(id, places.size());
      const auto place = [&](AlphaId id) {
        const auto at = places.find(id);
        return at == places.end() ? places.size() + id : at->second;
      };
      std::vector<AlphaId>& always = data_.types[type].always;
      std::sort(always.begin(), always.end(), [&](AlphaId a, AlphaId b) { return place(a) < place(b); });
    }
  }

  void reorder() {
    const auto plain = []<typename Part>(const Part&) {
      return [] {
        Part p;
        p.vacant = true;
        return p;
      };
    };
    alphas_.reorder(data_.alphas, [] {
      AlphaPlan p;
      p.vacant = true;
      p.type = 0;
      return p;
    });
    nodes_.reorder(data_.nodes, [] {
      AggregateNode p;
      p.vacant = true;
      p.type = 0;
      return p;
    });
    chains_.reorder(data_.chains, plain(ChainPlan{}));
    holds_.reorder(data_.holds, plain(HoldPlan{}));
    absences_.reorder(data_.absences, [] {
      AbsencePlan p;
      p.vacant = true;
      p.arity = 1;  // none of those without a fact, which stand from the start
      p.types = {0};
      return p;
    });
    gates_.reorder(data_.gates, plain(GatePlan{}));
    projections_.reorder(data_.projections, plain(ProjectionPlan{}));
    // A vacant stage is of a vacant chain.
    ChainId nobody = 0;
    if (stages_.has_vacant()) {
      while (nobody < data_.chains.size() && !data_.chains[nobody].vacant) ++nobody;
      if (nobody == data_.chains.size()) {
        data_.chains.emplace_back();
        data_.chains.back().vacant = true;
      }
    }
    stages_.reorder(data_.stages, [nobody] {
      StagePlan p;
      p.chain = nobody;
      return p;
    });
  }

  ProgramData& data_;
  const ProgramData& running_;
  Numbers alphas_, nodes_, stages_, chains_, holds_, absences_, gates_, projections_;
  std::vector<std::vector<std::uint32_t>> new_index_;  // by alpha, by place as it was compiled
};

}  // namespace

void align(ProgramData& data, const ProgramData& running) {
  if (data.rules.empty()) return;
  Aligner(data, running).run();
}

}  // namespace flyball::engine

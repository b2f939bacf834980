// See layout.h. The steps are those of Sugiyama, Tagawa and Toda: ranks without cycles, orders, places.
#include "app/graph/layout.h"

#include <algorithm>
#include <numeric>

namespace flyball::app {
namespace {

constexpr int kBoxHeight = 30;
constexpr int kRowGap = 16;
constexpr int kRankGap = 70;
constexpr int kMargin = 20;
constexpr int kSweeps = 8;

std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// At most kMaxLabel letters.
std::string fitting(const std::string& text) {
  if (letters(text) <= kMaxLabel) return text;
  std::size_t n = 0, at = 0;
  while (at < text.size() && n < kMaxLabel - 1) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
    ++n;
  }
  return text.substr(0, at) + "…";
}

// A node of the drawing: a box, or a bend of a long arrow.
struct Item {
  std::uint32_t rank = 0;
  bool bend = false;
  double place = 0;  // the middle, downwards
  int height = 0;
  std::vector<std::uint32_t> before, after;
};

class Layers {
 public:
  explicit Layers(const Graph& graph) : graph_(graph), items_(graph.nodes.size()), back_(graph.edges.size()) {}

  Layout run() {
    find_back_edges();
    rank();
    bends();
    order();
    place();
    return result();
  }

 private:
  std::uint32_t from(std::size_t e) const { return back_[e] ? graph_.edges[e].to : graph_.edges[e].from; }
  std::uint32_t to(std::size_t e) const { return back_[e] ? graph_.edges[e].from : graph_.edges[e].to; }

  // Arrows that close a cycle are drawn against the direction. Without recursion: a chain may be long.
  void find_back_edges() {
    std::vector<std::vector<std::size_t>> out(items_.size());
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) out[graph_.edges[e].from].push_back(e);
    enum class Seen : std::uint8_t { kNo, kOpen, kDone };
    std::vector<Seen> seen(items_.size(), Seen::kNo);
    std::vector<std::size_t> next(items_.size(), 0);
    // What nothing leads to comes first, so that cycles are cut where they are entered.
    std::vector<bool> entered(items_.size(), false);
    for (const GraphEdge& e : graph_.edges) entered[e.to] = true;
    std::vector<std::uint32_t> roots(items_.size());
    std::iota(roots.begin(), roots.end(), 0U);
    std::stable_sort(roots.begin(), roots.end(), [&](std::uint32_t a, std::uint32_t b) { return entered[a] < entered[b]; });
    for (const std::uint32_t root : roots) {
      if (seen[root] != Seen::kNo) continue;
      std::vector<std::uint32_t> stack{root};
      seen[root] = Seen::kOpen;
      while (!stack.empty()) {
        const std::uint32_t n = stack.back();
        if (next[n] == out[n].size()) {
          seen[n] = Seen::kDone;
          stack.pop_back();
          continue;
        }
        const std::size_t e = out[n][next[n]++];
        const std::uint32_t t = graph_.edges[e].to;
        if (seen[t] == Seen::kOpen) back_[e] = true;
        if (seen[t] != Seen::kNo) continue;
        seen[t] = Seen::kOpen;
        stack.push_back(t);
      }
    }
  }

  void rank() {
    std::vector<std::uint32_t> waits(items_.size(), 0);
    std::vector<std::vector<std::uint32_t>> out(items_.size());
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      if (from(e) == to(e)) continue;
      out[from(e)].push_back(to(e));
      ++waits[to(e)];
    }
    std::vector<std::uint32_t> ready;
    for (std::uint32_t n = 0; n < items_.size(); ++n) {
      if (waits[n] == 0) ready.push_back(n);
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
      for (const std::uint32_t t : out[ready[i]]) {
        items_[t].rank = std::max(items_[t].rank, items_[ready[i]].rank + 1);
        if (--waits[t] == 0) ready.push_back(t);
      }
    }
    // What only leads on stands right before what it leads to.
    for (auto it = ready.rbegin(); it != ready.rend(); ++it) {
      if (out[*it].empty()) continue;
      std::uint32_t least = items_[out[*it].front()].rank;
      for (const std::uint32_t t : out[*it]) least = std::min(least, items_[t].rank);
      const bool has_before = std::any_of(graph_.edges.begin(), graph_.edges.end(), [&](const GraphEdge& e) {
        return (e.to == *it || e.from == *it) && e.from != e.to && is_before(e, *it);
      });
      if (!has_before) items_[*it].rank = least - 1;
    }
  }
  bool is_before(const GraphEdge& e, std::uint32_t n) const {
    const auto i = static_cast<std::size_t>(&e - graph_.edges.data());
    return to(i) == n;
  }

  void bends() {
    way_.resize(graph_.edges.size());
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      if (from(e) == to(e)) continue;
      std::uint32_t last = from(e);
      for (std::uint32_t r = items_[from(e)].rank + 1; r < items_[to(e)].rank; ++r) {
        Item bend;
        bend.rank = r;
        bend.bend = true;
        items_.push_back(bend);
        const auto id = static_cast<std::uint32_t>(items_.size() - 1);
        way_[e].push_back(id);
        connect(last, id);
        last = id;
      }
      connect(last, to(e));
    }
    std::uint32_t ranks = 0;
    for (const Item& i : items_) ranks = std::max(ranks, i.rank + 1);
    ranks_.resize(ranks);
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      items_[i].height = items_[i].bend ? 8 : kBoxHeight;
      ranks_[items_[i].rank].push_back(i);
    }
  }
  void connect(std::uint32_t a, std::uint32_t b) {
    items_[a].after.push_back(b);
    items_[b].before.push_back(a);
  }

  double barycentre(std::uint32_t i, bool forward, double otherwise) const {
    const std::vector<std::uint32_t>& near = forward ? items_[i].before : items_[i].after;
    if (near.empty()) return otherwise;
    double sum = 0;
    for (const std::uint32_t n : near) sum += items_[n].place;
    return sum / static_cast<double>(near.size());
  }

  void order() {
    const auto number = [&](std::vector<std::uint32_t>& rank) {
      for (std::size_t k = 0; k < rank.size(); ++k) items_[rank[k]].place = static_cast<double>(k);
    };
    for (auto& rank : ranks_) number(rank);
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool forward = sweep % 2 == 0;
      for (std::size_t k = 0; k < ranks_.size(); ++k) {
        std::vector<std::uint32_t>& rank = ranks_[forward ? k : ranks_.size() - 1 - k];
        std::vector<std::pair<double, std::uint32_t>> keyed;
        for (const std::uint32_t i : rank) keyed.emplace_back(barycentre(i, forward, items_[i].place), i);
        std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t n = 0; n < rank.size(); ++n) rank[n] = keyed[n].second;
        number(rank);
      }
    }
  }

  // Each towards the middle of its neighbours, as far as the order and the gaps allow.
  void place() {
    for (auto& rank : ranks_) {
      double at = 0;
      for (const std::uint32_t i : rank) {
        items_[i].place = at + items_[i].height / 2.0;
        at += items_[i].height + kRowGap;
      }
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool forward = sweep % 2 == 0;
      for (std::size_t k = 0; k < ranks_.size(); ++k) settle(ranks_[forward ? k : ranks_.size() - 1 - k], forward);
    }
    double top = 0;
    for (const Item& i : items_) top = std::min(top, i.place - i.height / 2.0);
    for (Item& i : items_) i.place -= top;
  }
  void settle(const std::vector<std::uint32_t>& rank, bool forward) {
    std::vector<double> wanted, placed;
    for (const std::uint32_t i : rank) wanted.push_back(barycentre(i, forward, items_[i].place));
    double shift = 0;
    for (std::size_t n = 0; n < rank.size(); ++n) {
      const double least = n == 0 ? wanted[0] : placed[n - 1] + (items_[rank[n - 1]].height + items_[rank[n]].height) / 2.0 + kRowGap;
      placed.push_back(std::max(wanted[n], least));
      shift += placed[n] - wanted[n];
    }
    if (!rank.empty()) shift /= static_cast<double>(rank.size());
    for (std::size_t n = 0; n < rank.size(); ++n) items_[rank[n]].place = placed[n] - shift;
  }

  Layout result() const {
    Layout out;
    std::vector<int> left(ranks_.size(), kMargin), wide(ranks_.size(), 0);
    for (const GraphNode& n : graph_.nodes) out.labels.push_back(fitting(n.label));
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      wide[items_[i].rank] = std::max(wide[items_[i].rank], static_cast<int>(letters(out.labels[i])) * kLetterWidth + 24);
    }
    for (std::size_t r = 1; r < left.size(); ++r) left[r] = left[r - 1] + wide[r - 1] + kRankGap;
    const auto y = [&](std::uint32_t i) { return kMargin + static_cast<int>(items_[i].place + 0.5); };
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      const int width = static_cast<int>(letters(out.labels[i])) * kLetterWidth + 24;
      const int x = left[items_[i].rank] + (wide[items_[i].rank] - width) / 2;
      out.boxes.push_back({x, y(i) - kBoxHeight / 2, width, kBoxHeight});
      out.width = std::max(out.width, x + width + kMargin);
      out.height = std::max(out.height, y(i) + kBoxHeight / 2 + kMargin);
    }
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      std::vector<Point> way;
      const Box& a = out.boxes[from(e)];
      const Box& b = out.boxes[to(e)];
      if (from(e) == to(e)) {
        way = {{a.x + a.width, a.y + 10}, {a.x + a.width + 30, a.y + 10}, {a.x + a.width + 30, a.y + 20}, {a.x + a.width, a.y + 20}};
      } else {
        way.push_back({a.x + a.width, a.y + a.height / 2});
        for (const std::uint32_t bend : way_[e]) {
          const std::uint32_t r = items_[bend].rank;
          way.push_back({left[r], y(bend)});
          way.push_back({left[r] + wide[r], y(bend)});
        }
        way.push_back({b.x, b.y + b.height / 2});
        if (back_[e]) std::reverse(way.begin(), way.end());
      }
      for (const Point& p : way) {
        out.width = std::max(out.width, p.x + kMargin);
        out.height = std::max(out.height, p.y + kMargin);
      }
      out.ways.push_back(std::move(way));
    }
    return out;
  }

  const Graph& graph_;
  std::vector<Item> items_;                        // nodes first, then bends
  std::vector<bool> back_;                         // by edge
  std::vector<std::vector<std::uint32_t>> way_;    // by edge: its bends
  std::vector<std::vector<std::uint32_t>> ranks_;  // in order
};

}  // namespace

Layout lay_out(const Graph& graph) {
  if (graph.nodes.empty()) return {{}, {}, {}, 2 * kMargin, 2 * kMargin};
  return Layers(graph).run();
}

}  // namespace flyball::app

// Pairing, instant by instant, then over time.
#include "app/replay/difference.h"

#include <fmt/core.h>

#include <algorithm>

namespace flyball::app {
namespace {

// What makes two lines the same thing done, the rule aside and the time aside.
std::string deed(const ActionLine& line) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", line.action, line.data, to_string(line.state), line.try_number, line.shadow);
}
std::string key_of(const ActionLine& line) { return line.rule + "\n" + deed(line); }

constexpr std::size_t kBefore = 0, kAfter = 1;

// Takes pairs out of both, in order, where `key` is the same.
template <typename Key, typename Pair>
void pair_by(std::vector<ActionLine>& before, std::vector<ActionLine>& after, Key key, Pair pair) {
  if (before.empty() || after.empty()) return;
  std::unordered_map<std::string, std::deque<std::size_t>> places;
  for (std::size_t i = 0; i < before.size(); ++i) places[key(before[i])].push_back(i);
  std::vector<bool> taken(before.size());
  std::vector<ActionLine> left;
  for (ActionLine& line : after) {
    const auto found = places.find(key(line));
    if (found == places.end() || found->second.empty()) {
      left.push_back(std::move(line));
      continue;
    }
    const std::size_t place = found->second.front();
    found->second.pop_front();
    taken[place] = true;
    pair(std::move(before[place]), std::move(line), place);
  }
  after = std::move(left);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!taken[i] && kept++ != i) before[kept - 1] = std::move(before[i]);
  }
  before.resize(kept);
}

}  // namespace

std::string_view to_string(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kAdded: return "added";
    case ChangeKind::kRemoved: return "removed";
    case ChangeKind::kMoved: return "moved";
    case ChangeKind::kChanged: return "changed";
    case ChangeKind::kReordered: return "reordered";
  }
  return "";
}

Timestamp ActionChange::time() const {
  if (!before) return after->time;
  return after ? std::min(before->time, after->time) : before->time;
}

void BusiestMinute::note(Timestamp t) {
  constexpr DurationNs kMinute = 60 * kNsPerSecond;
  const Timestamp minute = t - ((t.ns % kMinute) + kMinute) % kMinute;
  running_ = minute == current_ ? running_ + 1 : 1;
  current_ = minute;
  if (running_ <= count_) return;
  count_ = running_;
  minute_ = minute;
}

void Difference::instant(std::vector<ActionLine> before, std::vector<ActionLine> after) {
  for (const ActionLine& line : before) {
    ++total_.before;
    ++rules_[line.rule].before;
    busiest_before_.note(line.time);
  }
  for (const ActionLine& line : after) {
    ++total_.after;
    ++rules_[line.rule].after;
    busiest_after_.note(line.time);
  }
  std::vector<std::size_t> places;  // of the lines that both have, in the order of the new ones: where they were
  std::vector<ActionLine> same;
  pair_by(before, after, key_of, [&](ActionLine, ActionLine line, std::size_t place) {
    places.push_back(place);
    same.push_back(std::move(line));
  });
  same_ += same.size();
  look_at_order(places, std::move(same));
  const auto changed = [&](ActionLine b, ActionLine a, std::size_t) {
    Open& open = open_.emplace_back();
    open.change.kind = ChangeKind::kChanged;
    open.change.before = std::move(b);
    open.change.after = std::move(a);
    listener_.found(open.change);
  };
  pair_by(before, after, [](const ActionLine& line) { return line.id; }, changed);
  pair_by(before, after, deed, changed);
  for (ActionLine& line : before) leave(std::move(line), false);
  for (ActionLine& line : after) leave(std::move(line), true);
  while (open_.size() > kMaxOpen) decide_front();
}

void Difference::look_at_order(const std::vector<std::size_t>& places, std::vector<ActionLine> lines) {
  if (std::is_sorted(places.begin(), places.end())) return;
  std::vector<std::size_t> sorted = places;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t first = static_cast<std::size_t>(std::mismatch(places.begin(), places.end(), sorted.begin()).first - places.begin());
  const std::size_t former = static_cast<std::size_t>(std::find(places.begin(), places.end(), sorted[first]) - places.begin());
  Open& open = open_.emplace_back();
  open.change.kind = ChangeKind::kReordered;
  open.change.before = lines[former];
  open.change.after = lines[first];
  listener_.found(open.change);
}

void Difference::instants(std::deque<ActionLine>& before, std::deque<ActionLine>& after, Timestamp horizon) {
  while (!before.empty() || !after.empty()) {
    const Timestamp at = std::min(before.empty() ? kTimestampMax : before.front().time, after.empty() ? kTimestampMax : after.front().time);
    if (at >= horizon && horizon != kTimestampMax) return;
    const auto of = [&](std::deque<ActionLine>& from) {
      std::vector<ActionLine> out;
      for (; !from.empty() && from.front().time == at; from.pop_front()) out.push_back(std::move(from.front()));
      return out;
    };
    std::vector<ActionLine> old_lines = of(before);
    instant(std::move(old_lines), of(after));
  }
}

void Difference::leave(ActionLine line, bool after) {
  std::string key = key_of(line);
  auto& others = waiting_[after ? kBefore : kAfter];
  if (const auto found = others.find(key); found != others.end()) {
    std::deque<std::uint64_t>& numbers = found->second;
    const auto near = std::find_if(numbers.begin(), numbers.end(), [&](std::uint64_t number) {
      const Timestamp then = open_[number - first_].change.time();
      return (line.time >= then ? line.time - then : then - line.time) <= moved_within_;
    });
    if (near != numbers.end()) {
      Open& partner = open_[*near - first_];
      numbers.erase(near);
      if (numbers.empty()) others.erase(found);
      partner.single = false;
      partner.nothing = line.time == partner.change.time();
      same_ += partner.nothing ? 1 : 0;
      partner.change.kind = ChangeKind::kMoved;
      (after ? partner.change.after : partner.change.before) = std::move(line);
      return;
    }
  }
  Open& open = open_.emplace_back();
  open.change.kind = after ? ChangeKind::kAdded : ChangeKind::kRemoved;
  (after ? open.change.after : open.change.before) = std::move(line);
  open.single = true;
  listener_.found(open.change);
  open.key = std::move(key);
  waiting_[after ? kAfter : kBefore][open.key].push_back(first_ + open_.size() - 1);
}

void Difference::decide_front() {
  Open& open = open_.front();
  if (open.single) {
    // Of one key the first to wait is the first to be decided: it stands in front here, too.
    auto& side = waiting_[open.change.kind == ChangeKind::kAdded ? kAfter : kBefore];
    const auto found = side.find(open.key);
    found->second.pop_front();
    if (found->second.empty()) side.erase(found);
  }
  if (!open.nothing) {
    count(open.change);
    listener_.decided(open.change);
  }
  open_.pop_front();
  ++first_;
}

void Difference::count(const ActionChange& change) {
  const auto one = [&](RuleDifference& of) {
    switch (change.kind) {
      case ChangeKind::kAdded: ++of.added; break;
      case ChangeKind::kRemoved: ++of.removed; break;
      case ChangeKind::kMoved: ++of.moved; break;
      case ChangeKind::kChanged: ++of.changed; break;
      case ChangeKind::kReordered: ++of.reordered; break;
    }
  };
  one(total_);
  one(rules_[change.after ? change.after->rule : change.before->rule]);
}

void Difference::pass(Timestamp t) {
  while (!open_.empty() && (!open_.front().single || open_.front().change.time() + moved_within_ < t)) decide_front();
}

void Difference::finish() {
  while (!open_.empty()) decide_front();
}

}  // namespace flyball::app

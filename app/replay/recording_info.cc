// One pass. JSON lines are first made into blocks, so that there is one way to look at a record.
#include "app/replay/recording_info.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/io/instant.h"
#include "app/io/json.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/recording_writer.h"
#include "bus/codec/transcode.h"
#include "bus/codec/values_bytes.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kDamageShown = 100;

class Gatherer {
 public:
  explicit Gatherer(RecordingInfo& info) : info_(info) {}

  void record(const bus::RecordingBlock& block, const bus::RecordingBlock::Record& record) {
    ++info_.records;
    if (record.broken) {
      ++info_.unreadable;
      return;
    }
    const bus::RecordShape& shape = block.shapes()[record.shape];
    switch (shape.kind) {
      case bus::RecordKind::kText:
        if (accounted(block, record)) return;
        // The empty line has a byte string of none.
        ++(record.values == std::string_view("\xC4\0", 2) ? info_.empty : info_.unreadable);
        return;
      case bus::RecordKind::kAck: ++info_.acks; break;
      case bus::RecordKind::kTick: ++info_.ticks; break;
      case bus::RecordKind::kRecovered: ++info_.recoveries; break;
      default: fact(block, record, shape); break;
    }
    stamp(record.time);
  }

 private:
  template <typename Map>
  typename Map::mapped_type* named(Map& map, std::string_view name) {
    const auto found = map.find(std::string(name));
    if (found != map.end()) return &found->second;
    if (map.size() == RecordingInfo::kMaxNames) return nullptr;
    return &map[std::string(name)];
  }

  void fact(const bus::RecordingBlock& block, const bus::RecordingBlock::Record& record, const bus::RecordShape& shape) {
    ++info_.facts;
    std::uint64_t* const type = named(info_.types, block.words()[shape.type]);
    if (type != nullptr) ++*type;
    RecordingInfo::Source* const source = shape.source ? named(info_.sources, block.words()[*shape.source]) : nullptr;
    if (type == nullptr || (shape.source && source == nullptr)) ++info_.unnamed;
    if (source == nullptr) return;
    ++source->facts;
    bus::BytesAt at(record.values);
    std::uint64_t seq = 0;
    if (!shape.seq || !at.whole(seq)) return;
    if (source->last_seq != 0 && seq > source->last_seq + 1) source->missing += seq - source->last_seq - 1;
    source->last_seq = std::max(source->last_seq, seq);
  }

  // A tick that accounts for the numbers of a source stands there as its line.
  bool accounted(const bus::RecordingBlock& block, const bus::RecordingBlock::Record& record) {
    line_.clear();
    if (!block.append_line(record, line_) || json_member(line_, "tick") != "true") return false;
    const std::string name = json_text(line_, "source"), time = json_member(line_, "time");
    const std::optional<std::uint64_t> seq = json_number(line_, "seq");
    const std::optional<Timestamp> at = parse_instant(time.starts_with('"') ? json_text(line_, "time") : time);
    if (name.empty() || !seq || !at) return false;
    ++info_.ticks;
    stamp(*at);
    if (RecordingInfo::Source* const source = named(info_.sources, name)) source->last_seq = std::max(source->last_seq, *seq);
    return true;
  }

  void stamp(Timestamp t) {
    if (!info_.stamped) {
      info_.stamped = true;
      info_.first = info_.last = t;
      return;
    }
    info_.first = std::min(info_.first, t);
    if (t < info_.last) ++info_.backwards;
    if (t <= info_.last) return;
    const RecordingInfo::Gap gap{info_.last, t, info_.records};
    info_.last = t;
    const auto shorter = [](const RecordingInfo::Gap& a, const RecordingInfo::Gap& b) { return a.to - a.from > b.to - b.from; };
    if (info_.gaps.size() == RecordingInfo::kGaps && !shorter(gap, info_.gaps.back())) return;
    info_.gaps.insert(std::upper_bound(info_.gaps.begin(), info_.gaps.end(), gap, shorter), gap);
    if (info_.gaps.size() > RecordingInfo::kGaps) info_.gaps.pop_back();
  }

  RecordingInfo& info_;
  std::string line_;
};

// The whole blocks in `bytes`, which a writer just made.
void each_record(std::string_view bytes, Gatherer& gatherer) {
  while (const auto head = bus::read_block_head(bytes)) {
    Result<bus::RecordingBlock> block = bus::RecordingBlock::parse(*head, std::string(bytes.substr(bus::kBlockHeadBytes, head->bytes)));
    bytes.remove_prefix(bus::kBlockHeadBytes + head->bytes);
    bus::RecordingBlock::Record record;
    while (block && block->next(record)) gatherer.record(*block, record);
  }
}

std::string moment(Timestamp t) { return format_timestamp(to_value(t)); }

// A gap that says something: longer than usual by far, and not the only one.
bool tells(const RecordingInfo& info, const RecordingInfo::Gap& gap) {
  const DurationNs usual = info.records > 1 ? (info.last - info.first) / static_cast<std::int64_t>(info.records) : 0;
  return gap.to - gap.from > 10 * usual && gap.to - gap.from >= kNsPerSecond;
}

}  // namespace

Result<RecordingInfo> recording_info(RecordedFile& file) {
  RecordingInfo info;
  Gatherer gatherer(info);
  bus::RecordingWriter lines;
  RecordedView view;
  for (bool more = true; more;) {
    switch (file.next(view)) {
      case RecordedFile::Status::kRecord:
        if (view.block != nullptr) {
          gatherer.record(*view.block, view.record);
          break;
        }
        info.bytes += view.line.size() + 1;
        lines.line(view.line);
        if (!lines.out().empty()) each_record(lines.take(), gatherer);
        break;
      case RecordedFile::Status::kOversize:
        ++info.records;
        ++info.unreadable;
        break;
      case RecordedFile::Status::kSkipped: break;  // nobody asks for it
      case RecordedFile::Status::kDamaged:
        info.lost += file.damage().records;
        if (info.damage.size() < kDamageShown) info.damage.push_back(file.damage().text);
        break;
      case RecordedFile::Status::kEnd: more = false; break;
      case RecordedFile::Status::kFailed: return fail(file.failure());
    }
  }
  lines.end_block();
  each_record(lines.take(), gatherer);
  info.compact = file.compact();
  info.closed = file.closed();
  info.blocks = file.blocks();
  if (info.compact) info.bytes = file.bytes();
  if (!file.about().empty()) info.about = bus::packed_to_json(file.about()).value_or("");
  return info;
}

std::string info_text(const RecordingInfo& info, const std::string& name) {
  std::string out = fmt::format("{}: {}, {} bytes", name, info.compact ? "compact" : "JSON lines", info.bytes);
  if (info.compact) {
    out += fmt::format(", {}{}", plural(info.blocks, "block"), info.closed ? "" : ", not closed (it is still written, or its writer died)");
  }
  out += fmt::format("\nrecords  {}: {}, {}, {}", info.records, plural(info.facts, "fact"), plural(info.acks, "acknowledgement"),
                     plural(info.ticks, "tick"));
  if (info.recoveries > 0) out += fmt::format(", {} recovered", info.recoveries);
  if (info.unreadable > 0) out += fmt::format(", {} that are no records", info.unreadable);
  if (info.records > 0) out += fmt::format("; {} bytes each", info.bytes / info.records);
  out += '\n';
  if (info.stamped) {
    out += fmt::format("span     {} to {} ({})\n", moment(info.first), moment(info.last), format_duration_human(info.last - info.first));
    if (info.backwards > 0) out += fmt::format("order    {} stamped before one that came earlier\n", info.backwards);
  }
  for (const RecordingInfo::Gap& gap : info.gaps) {
    if (tells(info, gap))
      out += fmt::format("gap      {} without a record, up to {} (record {})\n", format_duration_human(gap.to - gap.from), moment(gap.to),
                         gap.before);
  }
  std::vector<std::pair<std::uint64_t, std::string>> types;
  for (const auto& [type, n] : info.types) types.emplace_back(n, type);
  std::stable_sort(types.begin(), types.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [n, type] : types) out += fmt::format("type     {} {}\n", type, n);
  for (const auto& [source, of] : info.sources) {
    out += fmt::format("source   {} {}{}\n", source, of.facts,
                       of.missing > 0 ? fmt::format(", {} not there by their numbers", of.missing) : "");
  }
  if (info.unnamed > 0) out += fmt::format("and {} facts of more types or sources\n", info.unnamed);
  if (!info.about.empty()) out += fmt::format("about    {}\n", info.about);
  for (const std::string& place : info.damage) out += fmt::format("damaged  {}\n", place);
  if (info.lost > 0) out += fmt::format("lost     {}\n", plural(info.lost, "record"));
  return out;
}

std::string info_json(const RecordingInfo& info, const std::string& name) {
  std::string out = fmt::format(
      "{{\"file\":{},\"form\":\"{}\",\"bytes\":{},\"blocks\":{},\"closed\":{},\"records\":{},\"facts\":{},\"acks\":{},\"ticks\":{},"
      "\"recovered\":{},\"unreadable\":{},\"empty\":{},\"backwards\":{},\"lost\":{}",
      quote(name), info.compact ? "compact" : "jsonl", info.bytes, info.blocks, info.compact ? (info.closed ? "true" : "false") : "null",
      info.records, info.facts, info.acks, info.ticks, info.recoveries, info.unreadable, info.empty, info.backwards, info.lost);
  const auto time = [&](Timestamp t) { bus::append_time(out, t); };
  if (info.stamped) {
    out += ",\"first\":", time(info.first);
    out += ",\"last\":", time(info.last);
  }
  out += ",\"types\":{";
  std::string_view comma;
  for (const auto& [type, n] : info.types) out += fmt::format("{}{}:{}", comma, quote(type), n), comma = ",";
  out += "},\"sources\":{";
  comma = "";
  for (const auto& [source, of] : info.sources) {
    out += fmt::format("{}{}:{{\"facts\":{},\"missing\":{}}}", comma, quote(source), of.facts, of.missing);
    comma = ",";
  }
  out += "},\"gaps\":[";
  comma = "";
  for (const RecordingInfo::Gap& gap : info.gaps) {
    out += fmt::format("{}{{\"from\":", comma), time(gap.from);
    out += ",\"to\":", time(gap.to);
    out += fmt::format(",\"record\":{}}}", gap.before);
    comma = ",";
  }
  out += "],\"damage\":[";
  comma = "";
  for (const std::string& place : info.damage) out += fmt::format("{}{}", comma, quote(place)), comma = ",";
  return out + fmt::format("],\"about\":{}}}\n", info.about.empty() ? "null" : info.about);
}

}  // namespace flyball::app

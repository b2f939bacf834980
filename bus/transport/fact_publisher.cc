// FactPublisher: batches, numbered once the service has said where it stands, kept until acknowledged.
#include "bus/transport/fact_publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "bus/codec/json_lines.h"
#include "bus/codec/msgpack_writer.h"
#include "bus/codec/shapes.h"
#include "bus/codec/suggest.h"
#include "bus/codec/transcode.h"
#include "bus/transport/faces.h"
#include "bus/transport/link.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kMaxFactBytes = (std::size_t{1} << 20) - 4'096;  // what fits a message of the service's default limit

struct Batch {
  std::uint64_t first = 1;
  std::uint32_t count = 0;
  bool sent_before = false;
  std::string items;  // packed, one after the other
  std::uint64_t last() const { return first + count - 1; }
};

}  // namespace

struct FactPublisher::Impl {
  PublisherConfig config;
  Link link;
  std::deque<Batch> batches;     // INVARIANT: consecutive sequences; only the last one may still grow
  std::size_t sent_batches = 0;  // that many from the front are on their way
  std::uint64_t next_seq = 1;
  std::uint64_t acked = 0;
  std::uint64_t refusals_told = 0;  // through this number: a welcome may list again what an ack listed
  std::uint64_t credit = 0;
  std::size_t bytes = 0;
  bool numbered = false;  // a welcome has said where sequences begin
  PublisherCounters counters;
  std::function<void(std::uint64_t, const std::string&)> refused;
  std::string scratch;
  std::string out;

  explicit Impl(PublisherConfig c, Link l) : config(std::move(c)), link(std::move(l)) {
    link.make_hello = [this] { return hello(); };
    link.on_welcome = [this](const Message& m) { welcome(m); };
    link.on_message = [this](const Message& m) { message(m); };
  }

  std::size_t pending() const { return batches.empty() ? 0 : batches.back().last() + 1 - batches.front().first; }

  std::string hello() {
    std::string body;
    MsgpackWriter w(body);
    w.map(4 + (numbered ? 1U : 0U) + (config.takeover ? 1U : 0U));
    w.text_entry("op", "hello");
    w.text_entry("source", config.source);
    w.uint_entry("v", kProtocolVersion);
    w.text_entry("instance", link.instance());
    if (numbered) w.uint_entry("first", batches.empty() ? next_seq : batches.front().first);
    if (config.takeover) w.string("takeover"), w.boolean(true);
    return body;
  }

  void drop_through(std::uint64_t seq) {
    acked = std::max(acked, seq);
    while (!batches.empty() && batches.front().count > 0 && batches.front().last() <= seq) {
      counters.acked += batches.front().count;
      bytes -= batches.front().items.size();
      batches.pop_front();
      if (sent_batches > 0) --sent_batches;
    }
    link.set_expecting(sent_batches > 0);
  }

  void welcome(const Message& m) {
    const auto seq = m.uint("seq");
    const auto resume = m.boolean("resume");
    const auto c = m.uint("credit");
    if (!seq || !resume || !c) return;
    ++counters.welcomes;
    credit = c->value_or(0);
    const std::uint64_t stands_at = seq->value_or(0);
    // What was refused before the connection broke; of numbers that are still ours.
    if (numbered && resume->value_or(false)) report_refused(m);
    if (numbered && resume->value_or(false) && stands_at < next_seq) {
      drop_through(stands_at);
    } else if (!(numbered && stands_at + 1 == (batches.empty() ? next_seq : batches.front().first))) {
      // The service knows this source from another process, or not at all: what is held goes on from there.
      std::uint64_t next = stands_at + 1;
      for (Batch& b : batches) {
        b.first = next;
        next += b.count;
      }
      next_seq = next;
      refusals_told = stands_at;
    }
    numbered = true;
    acked = stands_at;
    sent_batches = 0;
    link.set_expecting(false);
  }

  void message(const Message& m) {
    if (m.op() == "ack") {
      const auto seq = m.uint("seq");
      const auto c = m.uint("credit");
      if (c && *c) credit = **c;
      report_refused(m);
      if (seq && *seq && **seq < next_seq) drop_through(**seq);
    } else if (m.op() == "resend") {
      const auto seq = m.uint("seq");
      if (!seq || !*seq) return;
      while (sent_batches > 0 && batches[sent_batches - 1].last() >= **seq) --sent_batches;
      // What it misses is not here any more: hello says from where on we can send.
      if (batches.empty() || batches.front().first > **seq) link.say_hello();
    }
  }

  void report_refused(const Message& m) {
    auto r = m.at("refused");
    std::uint32_t n = 0;
    if (!r || !r->read_array(n)) return;
    for (std::uint32_t i = 0; i < n; ++i) {
      std::uint32_t entries = 0;
      if (!r->read_map(entries)) return;
      std::uint64_t seq = 0;
      std::uint64_t through = 0;
      std::string error;
      for (std::uint32_t k = 0; k < entries; ++k) {
        std::string_view key;
        WireScalar v;
        if (!r->read_key(key) || !r->read_scalar(v)) return;
        if (key == "seq") seq = static_cast<std::uint64_t>(v.integer);
        if (key == "through") through = static_cast<std::uint64_t>(v.integer);
        if (key == "error") error = v.text;
      }
      through = std::min(std::max(seq, through), next_seq - 1);
      for (seq = std::max(seq, refusals_told + 1); seq <= through; ++seq) {
        refusals_told = seq;
        ++counters.refused;
        if (refused) refused(seq, error);
      }
    }
  }

  Result<void> add(std::string_view item) {
    if (item.size() > kMaxFactBytes) return fail(fmt::format("a fact of {} bytes is larger than a message may be", item.size()));
    if (pending() >= config.buffer_facts_max || bytes + item.size() > config.buffer_bytes_max) {
      ++counters.overflowed;
      return fail(fmt::format("{} facts wait for the service: the buffer is full", pending()),
                  link.last_error().empty() ? "is the service running?" : link.last_error());
    }
    const bool room = sent_batches < batches.size() && batches.back().count < config.batch_facts_max &&
                      batches.back().items.size() + item.size() <= config.batch_bytes_max && !batches.back().sent_before;
    if (!room) {
      batches.emplace_back();
      batches.back().first = next_seq;
    }
    Batch& b = batches.back();
    b.items += item;
    ++b.count;
    ++next_seq;
    bytes += item.size();
    ++counters.put;
    if (b.count == config.batch_facts_max && link.welcomed()) send_due();
    return {};
  }

  void send_due() {
    if (!link.welcomed()) return;
    for (; sent_batches < batches.size(); ++sent_batches) {
      Batch& b = batches[sent_batches];
      // Within the credit; a batch larger than all of it goes alone.
      if (b.last() - acked > credit && (sent_batches > 0 || credit == 0)) return;
      out.clear();
      MsgpackWriter w(out);
      w.map(3);
      w.text_entry("op", "facts");
      w.uint_entry("seq", b.first);
      w.string("facts");
      w.array(b.count);
      w.raw(b.items);
      if (!link.send(out)) return;
      if (b.sent_before) counters.resent += b.count;
      b.sent_before = true;
      counters.sent += b.count;
      link.set_expecting(true);
    }
  }

  void pump(int timeout_ms) {
    send_due();
    link.pump(timeout_ms);
    send_due();
  }
};

FactPublisher::FactPublisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FactPublisher::~FactPublisher() {
  // Gives the source's place up at once.
  if (impl_->link.welcomed() && impl_->link.send(bare_message("bye"))) impl_->link.socket().set_linger(100);
}

Result<std::unique_ptr<FactPublisher>> FactPublisher::connect(PublisherConfig config) {
  if (auto ok = check_name("source", config.source); !ok) return std::unexpected(ok.error());
  auto link = Link::connect(config.context, config.endpoint);
  if (!link) return std::unexpected(link.error());
  return std::unique_ptr<FactPublisher>(new FactPublisher(std::make_unique<Impl>(std::move(config), std::move(*link))));
}

Result<void> FactPublisher::put(std::string_view type, const FactBody& data, std::optional<Timestamp> time, FactOp op) {
  std::string& item = impl_->scratch;
  item.clear();
  MsgpackWriter w(item);
  w.map(2 + (time ? 1U : 0U) + (op != FactOp::kPut ? 1U : 0U));
  w.text_entry("type", type);
  if (time) w.string("time"), w.timestamp(*time);
  if (op != FactOp::kPut) w.text_entry("op", to_string(op));
  w.string("data");
  w.map(data.size());
  w.raw(data.packed());
  return impl_->add(item);
}

Result<void> FactPublisher::put_record(std::string_view json_line) {
  if (json_line.size() > kMaxLineBytes) return fail(fmt::format("the line is longer than {} bytes", kMaxLineBytes));
  std::string item;
  MsgpackWriter w(item);
  if (auto ok = record_to_packed(json_line, w); !ok) return ok;
  return impl_->add(item);
}

void FactPublisher::pump(int timeout_ms) { impl_->pump(timeout_ms); }

bool FactPublisher::flush(int timeout_ms) {
  const std::int64_t until = monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
  while (pending() > 0) {
    const std::int64_t left = until - monotonic_ns();
    if (left <= 0) return false;
    impl_->pump(static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 100)));
  }
  return true;
}

bool FactPublisher::connected() const { return impl_->link.connected(); }
std::size_t FactPublisher::pending() const { return impl_->pending(); }
std::uint64_t FactPublisher::last_seq() const { return impl_->next_seq - 1; }
const PublisherCounters& FactPublisher::counters() const { return impl_->counters; }
const std::string& FactPublisher::last_error() const { return impl_->link.last_error(); }
void FactPublisher::on_refused(std::function<void(std::uint64_t, const std::string&)> callback) { impl_->refused = std::move(callback); }

}  // namespace flyball::bus

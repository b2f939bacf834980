// `flyball pub`: facts from JSON lines onto the bus.
#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <thread>

#include "app/clients/plain_body.h"
#include "app/commands/commands.h"
#include "app/io/recorded_file.h"
#include "app/service/signals.h"
#include "bus/codec/json_lines.h"
#include "bus/transport/fact_publisher.h"
#include "bus/transport/plain_publisher.h"

namespace flyball::app {
namespace {

constexpr int kSubscriberWaitMs = 10'000;  // for the service to hear a plain publisher

// Spaces facts evenly; without a rate never waits.
class Pace {
 public:
  explicit Pace(std::optional<double> per_second) {
    if (per_second) gap_ = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / *per_second));
  }
  // What is left until the next may go, in ms; 0: now.
  int wait_ms() const {
    const auto left = next_ - Clock::now();
    return gap_.count() == 0 || left.count() <= 0
               ? 0
               : static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) + 1;
  }
  void sent() { next_ = std::max(next_ + gap_, Clock::now() - std::chrono::seconds(1)); }

 private:
  using Clock = std::chrono::steady_clock;
  std::chrono::nanoseconds gap_{0};
  Clock::time_point next_ = Clock::now();
};

class Pub : public Command {
 public:
  Manual manual() const override {
    return {.name = "pub",
            .summary = "publish facts from JSON lines to a running service",
            .synopsis = {"pub [FILE] [--connect ENDPOINT] [--source NAME] [--rate N] [--timeout DURATION]",
                         "pub [FILE] --plain [--connect ENDPOINT] [--rate N]"},
            .description =
                "Reads recorded facts (one JSON object a line, as `replay` does) from FILE or standard input and publishes them. A line "
                "without `time` is stamped by the service on arrival.\n\n"
                "Assured, the default: facts are numbered, acknowledged once the service has them, and sent again after a break; a refused "
                "one is said with its line. "
                "`pub` ends when every fact is acknowledged or refused. With `--plain` they go out over PUB/SUB: nobody acknowledges them.",
            .examples = {{"flyball pub morning.jsonl", "a file, acknowledged"},
                         {"tail -f probes.jsonl | flyball pub - --source probes", "a stream, under a name the service remembers"},
                         {"flyball pub morning.jsonl --plain --rate 1000", "1000 facts a second, unacknowledged"}},
            .exit_codes =
                "0   all facts were acknowledged (plain: sent)\n1   some were refused or could not be read, or the service was away too "
                "long\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positional("FILE", file_, "recorded facts, as JSON lines or in the compact form; `-` (the default) is standard input", false)
        .complete = Complete::kFile;
    options.value("--connect", "ENDPOINT", connect_,
                  "the service's facts endpoint (default tcp://127.0.0.1:7701; with `--plain` tcp://127.0.0.1:7702)");
    options.value("--source", "NAME", source_, "the identity the service knows this publisher by (default: one of this process)");
    options.flag("--plain", plain_, "publish over the plain face: simple and lossy");
    options.value("--rate", "N", rate_, "facts a second, at most (default: as fast as they are taken)");
    options.value("--timeout", "DURATION", timeout_, "give up when the service takes nothing for so long (default 30s)");
    options.flag("--quiet", quiet_, "no summary");
    options.flag("--json", json_, "messages as JSON lines");
  }

  int run(Io& io) override {
    if (plain_ && source_) {
      io.error("pub: `--plain` has no `--source`", "plain publishers have no identity");
      return kExitUsage;
    }
    Result<RecordedFile> lines = RecordedFile::open(file_.empty() ? "-" : file_, io.in);
    if (!lines) {
      io.error(lines.error().message, lines.error().help);
      return kExitFailed;
    }
    return plain_ ? plain(*lines, io) : assured(*lines, io);
  }

 private:
  // The next line that is a record; false at the end. Says lines that cannot be read.
  bool next(RecordedFile& lines, std::string_view& line, Io& io) {
    for (;;) {
      switch (lines.next_line(line)) {
        case RecordedFile::Status::kRecord:
          if (bus::is_blank_line(line)) continue;
          return true;
        case RecordedFile::Status::kOversize:
          refuse(lines, lines.line_number(), fmt::format("the line is longer than {} bytes", LineReader::kMaxLineBytes), {}, io);
          continue;
        case RecordedFile::Status::kSkipped: break;  // nobody asks for it
        case RecordedFile::Status::kDamaged:
          io.error(fmt::format("{}: {}", lines.name(), lines.damage().text));
          unread_ = true;
          continue;
        case RecordedFile::Status::kFailed:
          io.error(lines.failure());
          unread_ = true;
          return false;
        case RecordedFile::Status::kEnd: return false;
      }
    }
  }

  void refuse(const RecordedFile& lines, std::uint64_t number, const std::string& message, const std::string& help, Io& io) {
    ++refused_;
    io.refusal(lines.name(), number, message, help);
  }

  // Every fact is in exactly one of the numbers after the first.
  std::string summary(std::uint64_t facts, std::uint64_t acknowledged, std::uint64_t left) const {
    return fmt::format("{} fact{}: {} acknowledged, {} refused{}", facts, facts == 1 ? "" : "s", acknowledged, refused_,
                       left > 0 ? fmt::format(", {} not acknowledged", left) : "");
  }

  int assured(RecordedFile& lines, Io& io) {
    Signals signals;
    bus::PublisherConfig config;
    if (connect_) config.endpoint = *connect_;
    config.source = source_.value_or(fmt::format("pub-{}-{}", getpid(), std::chrono::system_clock::now().time_since_epoch().count()));
    Result<std::unique_ptr<bus::FactPublisher>> opened = bus::FactPublisher::connect(config);
    if (!opened) {
      io.error(opened.error().message, opened.error().help);
      return kExitFailed;
    }
    bus::FactPublisher& publisher = **opened;
    std::deque<std::uint64_t> numbers;  // of the lines put, from the first that is not acknowledged yet
    std::uint64_t forgotten = 0;
    publisher.on_refused([&](std::uint64_t seq, const std::string& error) {
      // Counted back from the newest: that holds even when a service that started anew made the sequences begin elsewhere.
      const std::uint64_t back = publisher.last_seq() - seq;
      refuse(lines, back < numbers.size() ? numbers[numbers.size() - 1 - back] : 0, error, {}, io);
    });

    using Clock = std::chrono::steady_clock;
    const auto patience = std::chrono::nanoseconds(timeout_.value_or(30 * kNsPerSecond));
    Clock::time_point last_progress = Clock::now();
    std::uint64_t last_acked = 0;
    bool stopped = false;
    // True while it is worth waiting.
    const auto pump = [&](int ms) {
      publisher.pump(ms);
      for (; forgotten < publisher.counters().acked && !numbers.empty(); ++forgotten) numbers.pop_front();
      stopped = stopped || signals.read().stop;
      if (publisher.counters().acked != last_acked || publisher.pending() == 0) {
        last_acked = publisher.counters().acked;
        last_progress = Clock::now();
      }
      return !stopped && Clock::now() - last_progress < patience;
    };

    Pace pace(rate_);
    std::string_view line;
    bool waiting = true;
    // While there is nothing to read, the connection is kept, and signals are seen.
    const auto readable = [&] {
      while (waiting && !lines.ready(20)) waiting = pump(0);
      return waiting;
    };
    while (readable() && next(lines, line, io)) {
      for (int ms = pace.wait_ms(); waiting && ms > 0; ms = pace.wait_ms()) waiting = pump(std::min(ms, 100));
      // A full buffer is no refusal: the service has not caught up.
      while (waiting && publisher.pending() + 1 >= config.buffer_facts_max / 2) waiting = pump(100);
      if (!waiting) break;
      if (const Result<void> put = publisher.put_record(line); !put) {
        refuse(lines, lines.line_number(), put.error().message, put.error().help, io);
        continue;
      }
      numbers.push_back(lines.line_number());
      pace.sent();
      waiting = pump(0);
    }
    while (waiting && publisher.pending() > 0) waiting = pump(100);
    const std::uint64_t left = publisher.pending();
    if (left > 0) {
      io.error(fmt::format("{} facts were not acknowledged{}", left, stopped ? ": stopped" : ""),
               publisher.last_error().empty() ? "is the service running?" : publisher.last_error());
    }
    if (!quiet_)
      io.note(summary(publisher.counters().put + refused_ - publisher.counters().refused,
                      publisher.counters().acked - publisher.counters().refused, left));
    return left > 0 || refused_ > 0 || unread_ ? kExitFailed : kExitFine;
  }

  int plain(RecordedFile& lines, Io& io) {
    Signals signals;
    // Of its own, so that leaving waits until what was put has left.
    bus::Context context;
    Result<std::unique_ptr<bus::PlainPublisher>> opened =
        bus::PlainPublisher::connect(connect_.value_or(std::string(bus::kDefaultPlainEndpoint)), &context);
    if (!opened) {
      io.error(opened.error().message, opened.error().help);
      return kExitFailed;
    }
    if (!(*opened)->wait_for_subscriber(static_cast<int>(timeout_.value_or(kSubscriberWaitMs * std::int64_t{1'000'000}) / 1'000'000))) {
      io.error("nobody subscribes to what would be published", "is the service running, with its plain face on?");
      return kExitFailed;
    }
    Pace pace(rate_);
    std::string_view line;
    std::uint64_t sent = 0;
    const auto readable = [&] {
      while (!signals.read().stop) {
        if (lines.ready(100)) return true;
      }
      return false;
    };
    while (readable() && next(lines, line, io)) {
      for (int ms = pace.wait_ms(); ms > 0; ms = pace.wait_ms()) std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      const Result<PlainFact> fact = plain_fact(line);
      if (!fact) {
        refuse(lines, lines.line_number(), fact.error().message, fact.error().help, io);
        continue;
      }
      (*opened)->put(fact->type, fact->body, fact->time, fact->op);
      pace.sent();
      ++sent;
    }
    if (!quiet_) io.note(fmt::format("{} published plain, {} refused", sent, refused_));
    return refused_ > 0 || unread_ ? kExitFailed : kExitFine;
  }

  std::string file_;
  std::optional<std::string> connect_, source_;
  std::optional<double> rate_;
  std::optional<DurationNs> timeout_;
  bool plain_ = false, quiet_ = false, unread_ = false, json_ = false;  // json_: run_program has it already
  std::uint64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_pub() { return std::make_unique<Pub>(); }

}  // namespace flyball::app

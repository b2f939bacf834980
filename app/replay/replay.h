// Replay: recorded facts through a Session on recorded time. What `replay`, `why`, `why-not`, `ask` and `facts` share.
//
// Streams: one line at a time, bounded memory. Bad input is said as `file:line: message`, counted, and the rest goes on
// (strict stops). Not thread-safe. INVARIANT: the same lines give the same outputs byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/cli/io.h"
#include "app/cli/options.h"
#include "app/explain/outcome.h"
#include "app/insight/sampler.h"
#include "app/io/files.h"
#include "app/io/instant.h"
#include "app/io/recorded_file.h"
#include "app/package/package.h"
#include "engine/session.h"

namespace flyball::app {

struct ReplayOptions {
  std::optional<Timestamp> from;   // what is stamped earlier is left out: what it would have led to is not there
  std::optional<Timestamp> until;  // what is stamped later is left out, and time goes on to it
  // The moment to stop at: right before the first input, in order of arrival, that takes engine time beyond it; then time goes on to it.
  // What the session is then it was then: what came too late for that moment is not known yet.
  std::optional<Timestamp> at;
  bool strict = false;
  Sampler* sampler = nullptr;      // told when a line is decoded
  ActionErrors* errors = nullptr;  // told of every acknowledgement that was taken
};

struct ReplayCounts {
  std::uint64_t inputs = 0;                      // lines that were facts, acknowledgements, ticks or recoveries, and were not refused
  std::uint64_t refused = 0, first_refused = 0;  // first_…: the line's number, 0: none
  std::uint64_t late_applied = 0, late_dropped = 0, late_diverted = 0, first_late = 0;
  std::uint64_t left_out = 0;           // stamped after `until`
  std::uint64_t left_out_before = 0;    // stamped before `from`
  std::uint64_t damaged = 0, lost = 0;  // places of a recording that could not be read, and records that went with them
  std::uint64_t unmatched = 0;          // acknowledgements that met no waiting action: other rules than recorded do that; no bad input
  bool stopped = false;                 // strict met a refusal, or the file could not be read to its end

  std::uint64_t late() const { return late_applied + late_dropped + late_diverted; }
  // "5 inputs, 1 refused (the first at line 3), 2 late (…)": what is 0 is left out, but for inputs and refused.
  std::string summary() const;
};

// A sink that notes what the session refuses at its turn: replay_lines says it with its line.
class RefusalSink : public engine::OutputSink {
 public:
  struct Refusal {
    Timestamp time;
    std::uint64_t line = 0;
    std::string message;
  };
  void on_refused(Timestamp t, std::uint64_t origin, const std::string& message) override { refusals.push_back({t, origin, message}); }
  std::vector<Refusal> refusals;  // since replay_lines took them last
};

// Lines into a session, one at a time: for who reads the same lines for several sessions. Says refusals on io.err, those at their
// turn (in `sink`, the session's) as well. All must outlive it; `name` is that of the lines, for messages.
class LineFeeder {
 public:
  LineFeeder(std::string name, const Schema& schema, Interner& interner, engine::Session& session, RefusalSink& sink,
             const ReplayOptions& options, Io& io);
  ~LineFeeder();
  LineFeeder(const LineFeeder&) = delete;
  LineFeeder& operator=(const LineFeeder&) = delete;

  // The next line of the lines, its number from 1. False if strict met a refusal.
  bool line(std::string_view text, std::uint64_t number);
  // The next one of a file, whatever its form.
  bool record(const RecordedView& view);
  bool oversize(std::uint64_t number);
  bool damaged(const RecordedFile::Damage& damage);
  bool skipped(const RecordedFile::Skipped& skipped);
  // Closes what is open; nothing is to be given afterwards.
  void end();
  const ReplayCounts& counts() const;
  // The newest stamp given; nullopt before the first.
  std::optional<Timestamp> newest() const;
  // The engine was away at `until` or `at`: nothing says how far its time went.
  bool away() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Feeds all lines, then closes what is open. Blocks of a compact recording that `options` leave out as a whole are not read. Says refusals
// on io.err, those at their turn (in `sink`, the session's) as well, and warns of a stamp that leaps ahead: a recording has no limit for
// that, but what is stamped before it is late from there on.
ReplayCounts replay_lines(RecordedFile& lines, const Schema& schema, Interner& interner, engine::Session& session, RefusalSink& sink,
                          const ReplayOptions& options, Io& io);

// The largest lateness of any type: how far engine time lags behind the newest stamp.
DurationNs largest_lateness(const Schema& schema);

// The options that offline commands share, and the session they lead to.
struct OfflineArguments {
  std::vector<std::string> rules;
  std::vector<std::string> params;
  std::optional<std::string> facts;
  std::optional<std::string> until;
  std::optional<std::string> config;
  std::optional<std::string> at;

  void add_options(Options& options);
  void add_at(Options& options);  // `--at`, of commands that look at one moment
  // Judges the words together and reads the configuration, before anything else is read: kExitUsage, said on err, or nothing. `command`
  // asks a service without RULES, at `connect`; `needs_facts`: with RULES it has nothing to say without recorded facts.
  std::optional<int> wrong_usage(std::string_view command, const std::optional<std::string>& connect, bool needs_facts, Io& io);
  // The configuration alone, for who judges the words otherwise.
  Result<void> read_config();
  // Those of the configuration; without one those that the recording says its service ran with, else the defaults. Says what it cannot
  // read.
  engine::Limits limits(RecordedFile& facts, Io& io) const;

 private:
  std::optional<engine::Limits> config_limits_;
};
// `--until` (or another option) as an instant; the error is wrong usage.
Result<std::optional<Timestamp>> parse_until(const std::optional<std::string>& text, std::string_view option = "--until");

// A package with its facts replayed; nothing is written but messages.
struct Offline {
  std::unique_ptr<CompiledPackage> package;
  std::unique_ptr<RefusalSink> sink;
  std::unique_ptr<engine::Session> session;
  ActionErrors errors;
  ReplayCounts counts;
};
// nullptr when the rules do not check or the facts cannot be read (said on err); `exit_code` then says what it is.
std::unique_ptr<Offline> replay_offline(const OfflineArguments& arguments, Io& io, int& exit_code);

}  // namespace flyball::app

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
#include "app/io/files.h"
#include "app/io/instant.h"
#include "app/package/package.h"
#include "engine/session.h"

namespace flyball::app {

struct ReplayOptions {
  std::optional<Timestamp> until;  // what is stamped later is left out, and time goes on to it
  bool strict = false;
};

struct ReplayCounts {
  std::uint64_t inputs = 0;  // lines that were facts, acknowledgements or ticks
  std::uint64_t refused = 0;
  bool stopped = false;  // strict met a refusal, or the file could not be read to its end
};

// Feeds all lines, then closes what is open. Says refusals on io.err.
ReplayCounts replay_lines(LineReader& lines, const Schema& schema, Interner& interner, engine::Session& session,
                          const ReplayOptions& options, Io& io);

// The largest lateness of any type: how far engine time lags behind the newest stamp.
DurationNs largest_lateness(const Schema& schema);

// The options that offline commands share, and the session they lead to.
struct OfflineArguments {
  std::vector<std::string> rules;
  std::vector<std::string> params;
  std::optional<std::string> facts;
  std::optional<std::string> until;

  void add_options(Options& options);
};

// A package with its facts replayed; nothing is written but messages.
struct Offline {
  std::unique_ptr<CompiledPackage> package;
  std::unique_ptr<engine::OutputSink> sink;
  std::unique_ptr<engine::Session> session;
  ReplayCounts counts;
};
// nullptr when the rules do not check or the facts cannot be read (said on err).
std::unique_ptr<Offline> replay_offline(const OfflineArguments& arguments, Io& io);

}  // namespace flyball::app

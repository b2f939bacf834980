// The promise: same rules + same facts + same times = same bytes. Held here against everything around the program that may differ from
// run to run: how the bytes of the facts arrive, the clock, the time zone, the locale, the folder, the environment.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "tests/e2e/process.h"
#include "tests/e2e/sanitizers.h"

namespace flyball::e2e {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(FLYBALL_SOURCE_DIR) / "tests" / "golden" / "app";

// A long morning of probes: failing and slow backends, ticks, acknowledgements, late lines and some that are refused.
std::string recording() {
  std::ostringstream out;
  std::uint32_t state = 7;
  const auto below = [&state](std::uint32_t n) {
    state = state * 1'664'525 + 1'013'904'223;
    return (state >> 8) % n;
  };
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::uint32_t backend = below(9);
    const double time = i * 0.7 - (below(20) == 0 ? 5 : 0);
    const std::uint32_t kind = below(40);
    if (kind == 0) {
      out << R"({"time":)" << time << R"(,"tick":true})" << '\n';
    } else if (kind == 1) {
      out << R"({"time":)" << time << R"(,"type":"Maintenance","op":")" << (below(2) == 0 ? "put" : "retract")
          << R"(","data":{"backend":"b)" << backend << R"("}})" << '\n';
    } else if (kind == 2) {
      out << R"({"time":)" << time << R"(,"ack":{"action":"Drain","data":{"backend":"b)" << backend << R"("},"state":"acked"}})" << '\n';
    } else if (kind == 3) {
      out << R"({"time":)" << time << R"(,"type":"Probe","data":{"backend":"b)" << backend << R"(","ok":"maybe"}})" << '\n';
    } else {
      const bool fails = (i / 250 + backend) % 3 == 0;
      out << R"({"time":)" << time << R"(,"type":"Probe","data":{"backend":"b)" << backend << R"(","ok":)" << (fails ? "false" : "true")
          << R"(,"latency":")" << below(400) << R"(ms"},"source":"p)" << backend % 2 << R"(","seq":)" << i + 1 << "}\n";
    }
  }
  return out.str();
}

// What `command` prints, both streams and the status; in it `$FLYBALL` is the program under `environment`, `$FACTS` the recording.
std::string under(const Folder& folder, const std::string& environment, const std::string& command) {
  const std::string script = "export FACTS='" + (folder / "facts.jsonl") + "' NO_COLOR=1\ncd '" + kGolden.string() + "'\nFLYBALL=\"env " +
                             environment + " " FLYBALL_BINARY "\"\n" + command;
  const Finished f = run("bash", {"-c", script}, "", kGolden.string());
  return f.out + "\n--- stderr\n" + f.err + "\n--- status " + std::to_string(f.status);
}

const std::vector<std::string>& environments() {
  static const std::vector<std::string> kAll = {
      "",
      "TZ=Asia/Kathmandu",
      "TZ=:America/St_Johns LC_ALL=C",
      "LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr",
      "LC_ALL=de_DE.UTF-8 LC_NUMERIC=de_DE.UTF-8",
      "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " CLOCK_SHIFT_S=-1000000000",
      "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " CLOCK_SHIFT_S=500000000 TZ=Pacific/Kiritimati",
      "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " CLOCK_MODE=frozen",
      "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " CLOCK_MODE=backward",
      "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " CLOCK_MODE=jumping",
      "MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1",
      "-i NO_COLOR=1 COLUMNS=20",
  };
  return kAll;
}

}  // namespace

TEST_CASE("replay gives the same bytes whatever is around it") {
  const Folder folder;
  folder.write("facts.jsonl", recording());
  const std::string command = "$FLYBALL replay rules --facts \"$FACTS\" --derived /dev/stdout";
  const std::string first = under(folder, "", command);
  REQUIRE(first.find("\"action\":\"Drain\"") != std::string::npos);
  REQUIRE(first.find("\"type\":\"lb.Busy\"") != std::string::npos);
  REQUIRE(first.find(" late (") != std::string::npos);
  for (const std::string& environment : environments()) {
    INFO(environment);
    CHECK(under(folder, environment, command) == first);
  }
}

TEST_CASE("replay gives the same bytes however the facts arrive") {
  const Folder folder;
  folder.write("facts.jsonl", recording());
  const auto piped = [&](const std::string& feed) { return under(folder, "", feed + " | $FLYBALL replay rules --facts -"); };
  const std::string first = piped("cat \"$FACTS\"");
  for (const std::string feed :
       {"dd if=\"$FACTS\" bs=1 status=none", "dd if=\"$FACTS\" bs=7 status=none", "dd if=\"$FACTS\" bs=4099 status=none",
        "{ head -n 1000 \"$FACTS\"; sleep 0.1; tail -n +1001 \"$FACTS\"; }", "sed 's/$/\\r/' \"$FACTS\"",
        "{ printf '\\xEF\\xBB\\xBF'; cat \"$FACTS\"; }", "{ head -c -1 \"$FACTS\"; }"}) {
    INFO(feed);
    CHECK(piped(feed) == first);
  }
}

TEST_CASE("test gives the same bytes whatever is around it") {
  const Folder folder;
  folder.write("facts.jsonl", recording());
  const std::string command = "$FLYBALL test rules --json --coverage; $FLYBALL test bad/failing.fly; $FLYBALL test bad/failing.fly --json";
  const std::string first = under(folder, "", command);
  REQUIRE(first.find("FAILED") != std::string::npos);
  for (const std::string& environment : environments()) {
    INFO(environment);
    CHECK(under(folder, environment, command) == first);
  }
}

// The packages whose rules are about time: holds, silence, windows, calendars, rates, tries, an absence of the service, restarts.
TEST_CASE("the clock is shifted, stands still, goes backward or jumps: the packages' tests and replays give the same bytes") {
  const Folder folder;
  const std::string rules = std::string(FLYBALL_SOURCE_DIR) + "/rules/";
  std::ostringstream beats;  // a database that falls silent twice, the second time while the service is away
  beats << R"({"time":0,"type":"Cluster","data":{"cluster":"db","primary":"db1","standby":"db2"}})" << '\n';
  for (int i = 0; i < 400; ++i) {
    if (i < 100 || i > 180)
      beats << R"({"time":)" << i << R"(,"type":"Heartbeat","data":{"node":"db)" << (i < 150 ? 1 : 2) << R"("}})" << '\n';
    if (i % 7 == 0)
      beats << R"({"time":)" << i << R"(,"type":"Witness","data":{"witness":"w)" << i % 3 << R"(","node":"db1","sees":)"
            << (i > 100 && i < 140 ? "false" : "true") << "}}\n";
    if (i == 115) beats << R"({"time":115,"ack":{"action":"Fence","data":{"host":"db1"},"state":"acked"}})" << '\n';
    if (i == 300) beats << R"({"time":300,"recovered":true})" << '\n';
  }
  folder.write("beats.jsonl", beats.str());
  const std::string command =
      "for p in failover rate_shield maintenance scale_out drain_floor provision canary flap_damping certificates; do $FLYBALL test '" +
      rules + "'$p --json; done; $FLYBALL replay '" + rules + "rate_shield' --facts '" + rules +
      "rate_shield/flood.jsonl' --until 4000 --derived /dev/stdout; $FLYBALL replay '" + rules + "maintenance' --facts '" + rules +
      "maintenance/rack_r7_down.jsonl' --until 90000 --derived /dev/stdout; $FLYBALL replay '" + rules + "failover' --facts '" +
      (folder / "beats.jsonl") + "' --until 900 --derived /dev/stdout; $FLYBALL why last '" + rules + "failover' --facts '" +
      (folder / "beats.jsonl") + "'";
  const std::string first = under(folder, "", command);
  REQUIRE(first.find("\"passed\":true") != std::string::npos);
  REQUIRE(first.find("\"passed\":false") == std::string::npos);
  REQUIRE(first.find("\"action\":\"Fence\"") != std::string::npos);
  REQUIRE(first.find("\"action\":\"RaiseShield\"") != std::string::npos);
  for (const std::string mode :
       {"CLOCK_SHIFT_S=-1000000000", "CLOCK_SHIFT_S=1000000000", "CLOCK_MODE=frozen", "CLOCK_MODE=backward", "CLOCK_MODE=jumping"}) {
    INFO(mode);
    CHECK(under(folder, "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " " + mode, command) == first);
  }
}

// The preloaded clock is the one that is asked: else the tests above would say nothing. And a replay does not ask it once.
TEST_CASE("who asks for the time is noticed, and a replay does not ask") {
  const Folder folder;
  folder.write("facts.jsonl", recording());
  const std::string asked = folder / "asked";
  const std::string spy = "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK " CLOCK_ASKED='" + asked + "'";
  const auto times = [&] { return std::filesystem::exists(asked) ? std::filesystem::file_size(asked) : 0; };
  under(folder, spy, "env " + spy + " date > /dev/null");
  CHECK(times() > 0);
  std::filesystem::remove(asked);
  under(folder, spy, "$FLYBALL replay rules --facts \"$FACTS\" --quiet");
  if (!kAddressSanitizer && !kThreadSanitizer) CHECK(times() == 0);  // whose runtimes may ask
}

}  // namespace flyball::e2e

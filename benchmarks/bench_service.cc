// Question: what does the service add to the bare socket: to one question's round trip, and to each fact of a stream?
//
// `flyball run` in a process of its own, over ipc, beside an echoing ROUTER in a process of its own: the same frames,
// the same client thread, the same sizes, taking turns in slices so that neither has the quieter machine. A stream of facts
// is beside a ROUTER that only receives the same bytes and answers as often.
// Times are of this program's thread; percentiles of all round trips. Prints Google Benchmark's JSON shape.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <msgpack.hpp>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "bus/codec/msgpack_writer.h"

namespace {

using Clock = std::chrono::steady_clock;
using flyball::bus::MsgpackWriter;

constexpr int kRounds = 20;
constexpr int kTripsPerRound = 500;
constexpr int kBatch = 64;
constexpr int kFactsPerMessage = 256;
constexpr int kMessages = 1'200;
constexpr int kWindow = 16;  // messages under way
constexpr int kRules = 1'000;

[[noreturn]] void die(const std::string& message) {
  fmt::print(stderr, "bench_service: {}\n", message);
  std::exit(1);
}

std::string rules() {
  std::string text =
      "module bench.service\nfact Probe key (id) { id: int  device: string  level: int }\nfact High key (rule, id) { rule: int  id: int "
      "}\n";
  for (int r = 0; r < kRules; ++r) {
    text += fmt::format(
        "rule r{0} {{\n  when {{ p: Probe where device == \"d{0}\" and level > 90 }}\n  then {{ derive High {{ rule: {0}, id: p.id }} "
        "}}\n}}\n",
        r);
  }
  return text + R"(
decision qos {
  input  { app: string  dscp: int  load: percent }
  output { class: string }
  table first {
    | app      | dscp  | load   || class       |
    | "voip"   | -     | -      || "ef"        |
    | "backup" | 8..15 | >= 80% || "scavenger" |
    | -        | -     | -      || "default"   |
  }
}
)";
}

// A child process, killed when this goes.
class Child {
 public:
  explicit Child(const std::function<void()>& body) {
    pid_ = fork();
    if (pid_ < 0) die("fork failed");
    if (pid_ == 0) {
      body();
      _exit(0);
    }
  }
  ~Child() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t pid_;
};

// Answers each message of one frame with itself (echo), or, when `answer` is set, with that.
void serve(const std::string& endpoint, const std::string& answer) {
  zmq::context_t context;
  zmq::socket_t router(context, zmq::socket_type::router);
  router.set(zmq::sockopt::rcvhwm, 0);
  router.bind(endpoint);
  for (;;) {
    zmq::message_t id, body;
    (void)router.recv(id);
    (void)router.recv(body);
    router.send(id, zmq::send_flags::sndmore);
    if (answer.empty())
      router.send(body, zmq::send_flags::none);
    else
      router.send(zmq::buffer(answer), zmq::send_flags::none);
  }
}

std::string question() {
  std::string bytes;
  MsgpackWriter w(bytes);
  w.map(3);
  w.text_entry("op", "ask");
  w.text_entry("decision", "bench.service.qos");
  w.string("input");
  w.map(3);
  w.text_entry("app", "backup");
  w.uint_entry("dscp", 12);
  w.string("load");
  w.real(0.9);
  return bytes;
}

std::string batch_question() {
  std::string bytes;
  MsgpackWriter w(bytes);
  w.map(3);
  w.text_entry("op", "ask");
  w.text_entry("decision", "bench.service.qos");
  w.string("batch");
  w.array(kBatch);
  for (int i = 0; i < kBatch; ++i) {
    w.map(3);
    w.text_entry("app", i % 2 == 0 ? "voip" : "web");
    w.uint_entry("dscp", static_cast<std::uint64_t>(i));
    w.string("load");
    w.real(0.5);
  }
  return bytes;
}

std::string ask(zmq::socket_t& socket, const std::string& bytes) {
  socket.send(zmq::buffer(bytes), zmq::send_flags::none);
  zmq::message_t answer;
  if (!socket.recv(answer)) die("no answer in time");
  return answer.to_string();
}

void time_trips(zmq::socket_t& socket, const std::string& bytes, std::vector<double>& into) {
  for (int i = 0; i < kTripsPerRound; ++i) {
    const auto start = Clock::now();
    (void)ask(socket, bytes);
    into.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
}

double percentile(std::vector<double> v, double p) {
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(p * static_cast<double>(v.size() - 1))];
}

zmq::socket_t dealer(zmq::context_t& context, const std::string& endpoint) {
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::rcvtimeo, 20'000);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.connect(endpoint);
  return socket;
}

std::string facts_message(int number) {
  std::string bytes;
  MsgpackWriter w(bytes);
  w.map(3);
  w.text_entry("op", "facts");
  w.uint_entry("seq", static_cast<std::uint64_t>(number) * kFactsPerMessage + 1);
  w.string("facts");
  w.array(kFactsPerMessage);
  for (int i = 0; i < kFactsPerMessage; ++i) {
    const int n = number * kFactsPerMessage + i;
    w.map(2);
    w.text_entry("type", "bench.service.Probe");
    w.string("data");
    w.map(3);
    w.uint_entry("id", static_cast<std::uint64_t>(n % 10'000));
    w.text_entry("device", fmt::format("d{}", n % 10'000 % kRules));
    w.uint_entry("level", static_cast<std::uint64_t>(n / 10'000 % 2 == 0 ? 10 + n % 7 : 95));
  }
  return bytes;
}

// Sends all messages with at most kWindow unanswered; ns per fact until the last answer.
// `answered_so_far` says how many messages are answered after this answer.
double stream(zmq::socket_t& socket, const std::vector<std::string>& messages,
              const std::function<std::size_t(const zmq::message_t&)>& answered_so_far) {
  const auto start = Clock::now();
  std::size_t sent = 0, answered = 0;
  while (answered < messages.size()) {
    while (sent < messages.size() && sent - answered < kWindow) socket.send(zmq::buffer(messages[sent++]), zmq::send_flags::none);
    zmq::message_t answer;
    if (!socket.recv(answer)) die("the stream stopped");
    answered = std::max(answered, answered_so_far(answer));
  }
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(messages.size() * kFactsPerMessage);
}

struct Row {
  std::string name;
  double ns;
  bool checked;
};

}  // namespace

int main(int, char** argv) {
  namespace fs = std::filesystem;
  const fs::path here = fs::path(argv[0]).parent_path();
  std::string pattern = (fs::temp_directory_path() / "flyball-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) die("no temporary folder");
  const fs::path folder = pattern;
  struct Remove {
    fs::path folder;
    ~Remove() { fs::remove_all(folder); }
  } remove{folder};

  std::ofstream(folder / "rules.fly") << rules();
  const auto endpoint = [&](const char* name) { return "ipc://" + (folder / name).string(); };
  std::ofstream(folder / "config.toml") << fmt::format(
      "[endpoints]\nfacts = \"{}\"\nplain = []\nout = \"{}\"\nactions = \"{}\"\nqueries = \"{}\"\n", endpoint("facts"), endpoint("out"),
      endpoint("actions"), endpoint("queries"));
  std::vector<std::string> messages;
  for (int i = 0; i < kMessages; ++i) messages.push_back(facts_message(i));
  const std::string one_question = question(), many_questions = batch_question();

  Child echo([&] { serve(endpoint("echo"), ""); });
  Child sink([&] { serve(endpoint("sink"), std::string(24, 'a')); });
  Child service([&] {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    const std::string binary = (here / "flyball").string(), rules_path = (folder / "rules.fly").string(),
                      config = (folder / "config.toml").string();
    execl(binary.c_str(), "flyball", "run", rules_path.c_str(), "--config", config.c_str(), nullptr);
    _exit(127);
  });
  for (int i = 0; i < 1000 && !fs::exists(folder / "queries"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (!fs::exists(folder / "queries")) die("the service did not start");

  zmq::context_t context;
  zmq::socket_t queries = dealer(context, endpoint("queries"));
  zmq::socket_t bare = dealer(context, endpoint("echo"));
  const bool answer_right = ask(queries, one_question).find("scavenger") != std::string::npos;
  const bool echo_right = ask(bare, one_question) == one_question;

  std::vector<double> ours, beside, batches;
  for (int round = 0; round < kRounds; ++round) {
    time_trips(queries, one_question, ours);
    time_trips(bare, one_question, beside);
  }
  for (int i = 0; i < kTripsPerRound; ++i) {
    const auto start = Clock::now();
    (void)ask(queries, many_questions);
    batches.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kBatch);
  }

  zmq::socket_t facts = dealer(context, endpoint("facts"));
  std::string hello;
  MsgpackWriter w(hello);
  w.map(3);
  w.text_entry("op", "hello");
  w.text_entry("source", "bench");
  w.uint_entry("v", 1);
  if (ask(facts, hello).find("welcome") == std::string::npos) die("no welcome");
  bool taken = true;
  const double ours_fact = stream(facts, messages, [&](const zmq::message_t& m) {
    const auto handle = msgpack::unpack(static_cast<const char*>(m.data()), m.size());
    std::uint64_t seq = 0;
    const auto& map = handle.get().via.map;
    for (std::uint32_t i = 0; i < map.size; ++i) {
      const std::string key = map.ptr[i].key.as<std::string>();
      if (key == "seq") seq = map.ptr[i].val.as<std::uint64_t>();
      if (key == "refused" || key == "error") taken = false;
    }
    return static_cast<std::size_t>(seq / kFactsPerMessage);
  });
  zmq::socket_t pipe = dealer(context, endpoint("sink"));
  std::size_t answers = 0;
  const double bare_fact = stream(pipe, messages, [&](const zmq::message_t&) { return ++answers; });

  const std::vector<Row> rows = {
      {"round_trip_p50", percentile(ours, 0.5), answer_right},
      {"round_trip_p99", percentile(ours, 0.99), answer_right},
      {"bare_round_trip_p50", percentile(beside, 0.5), echo_right},
      {"bare_round_trip_p99", percentile(beside, 0.99), echo_right},
      {"batch_each", percentile(batches, 0.5), answer_right},
      {"fact_ns", ours_fact, taken},
      {"bare_fact_ns", bare_fact, true},
  };
  std::string out;
  for (const Row& r : rows) {
    out += fmt::format("{}    {{\"name\": \"{}\", \"real_time\": {:.1f}, \"time_unit\": \"ns\", \"checked\": {}}}",
                       out.empty() ? "" : ",\n", r.name, r.ns, r.checked ? 1 : 0);
  }
  fmt::print("{{\n  \"benchmarks\": [\n{}\n  ]\n}}\n", out);
  return 0;
}

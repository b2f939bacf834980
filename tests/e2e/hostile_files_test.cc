// Every command that reads files against what files may hold: nothing, noise, halves, folders, other line ends. None may crash or hang;
// each line's mistake is said with its line, and the good lines beside it are taken.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRules =
    "fact P key (b) { b: string  n: int = 0  u: percent = 0% }\n"
    "action A key (b) { b: string }\n"
    "rule r { cooldown 1m per p.b  when { p: P where u > 50% } then { do A { b: p.b } } }\n"
    "decision d { input { b: string } output { n: int } default return { n: 1 } }\n"
    "test \"t\" { at 0s send P { b: \"x\", u: 60% }  at 0s expect A }\n";

std::string noise(std::size_t bytes, std::uint32_t seed) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) {
    seed = seed * 1'664'525 + 1'013'904'223;
    out += static_cast<char>(seed >> 24);
  }
  return out;
}

std::string good(int time, const std::string& backend) {
  return "{\"time\":" + std::to_string(time) + ",\"type\":\"P\",\"data\":{\"b\":\"" + backend + "\",\"u\":\"60%\"}}";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a recording where rules were wanted, and the other way, are said to be that") {
  const Folder folder;
  const std::string rules = folder.write("r.fly", kRules), facts = folder.write("facts.jsonl", good(1, "x") + "\n");
  const std::string recording = folder / "facts.rec";
  REQUIRE(flyball({"record", recording, "--from", facts}).status == 0);
  const auto says = [](const std::vector<std::string>& args, const std::string& what) {
    const Finished done = flyball(args);
    INFO(done.err);
    CHECK(done.status == 1);
    CHECK(has(done.err, what));
    CHECK_FALSE(has(done.err, "UTF-8"));
  };
  says({"replay", recording, "--facts", rules}, "is a recording, not rules");
  says({"replay", facts, "--facts", rules}, "holds JSON lines, not rules");
  says({"check", recording}, "is a recording, not rules");
  says({"fix", recording}, "is a recording, not rules");
  says({"replay", rules, "--facts", rules}, "holds rules, not recorded facts");
}

TEST_CASE("a bad line of facts is said with its line, and loses nothing else") {
  const Folder folder;
  folder.write("r.fly", kRules);
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  const std::vector<std::pair<std::string, std::string>> table = {
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\"", "not JSON at column "},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\",\"b\":\"y\"}}", "`b` of `P` is given twice"},
      {"{\"time\":1,\"time\":2,\"type\":\"P\",\"data\":{\"b\":\"x\"}}", "`time` is given twice"},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\",\"n\":NaN}}", "not JSON at column "},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\",\"n\":1e999}}", "`n` of `P`: expected an int, got 1e999"},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\",\"n\":9223372036854775808}}", "expected an int, got 9223372036854775808"},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\",\"u\":80}}", "expected a percent, got 80"},
      {"{\"time\":1e300,\"type\":\"P\",\"data\":{\"b\":\"x\"}}", "`time`: expected a time, got 1e300"},
      {"{\"time\":1,\"type\":\"P\",\"data\":" + deep + "}", "nest"},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"" + std::string("\xFF\xFE") + "\"}}", "not JSON at column "},
      {"{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"\\ud800\"}}", "not JSON at column "},
      {"{\"time\":1,\"type\":\"P\",\"op\":\"patch\",\"data\":{\"b\":\"new\",\"n\":1}}", "a patch of `P` that is not there (b: \"new\")"},
      {"{\"time\":1,\"type\":\"A\",\"data\":{\"b\":\"x\"}}", "`A` is an action"},
      {"[1,2,3]", "expected a record"},
      {"null", "expected a record"},
      {"// a comment", "not JSON at column "},
      {std::string("\0\0\0", 3), "not JSON at column "},
      {std::string(2 << 20, 'x'), "the line is longer than "},
      {noise(300, 5).substr(0, 200), "facts.jsonl:2: "},
  };
  for (const auto& [line, said] : table) {
    std::string bad = line;
    std::erase(bad, '\n');
    INFO(bad.substr(0, 120));
    folder.write("facts.jsonl", good(1, "first") + "\n" + bad + "\n" + good(2, "last") + "\n");
    const Finished f = flyball({"replay", "r.fly", "--facts", "facts.jsonl"}, "", folder.path().string());
    CHECK(f.status == 0);
    CHECK(has(f.out, "\"first\""));
    CHECK(has(f.out, "\"last\""));
    CHECK(has(f.err, "facts.jsonl:2: "));
    CHECK(has(f.err, said));
    CHECK(has(f.err, "2 inputs, 1 refused (first: line 2), 2 action lines"));
    const Finished strict = flyball({"replay", "r.fly", "--facts", "facts.jsonl", "--strict"}, "", folder.path().string());
    CHECK(strict.status == 1);
  }
}

TEST_CASE("no bytes in any file make a command crash") {
  const Folder folder;
  folder.write("r.fly", kRules);
  folder.write("empty", "");
  folder.write("blank", "\n\n  \n");
  folder.write("zeros", std::string(1000, '\0'));
  folder.write("half.jsonl", good(1, "x") + "\n{\"time\":2,\"type\":\"P\",\"da");
  folder.write("half.fly", std::string(kRules).substr(0, 170));
  folder.write("open.fly", "rule r { when { p: P where \"");
  folder.write("deep.fly", "let x = " + std::string(5000, '(') + "1" + std::string(5000, ')') + "\n");
  for (std::uint32_t seed = 1; seed <= 4; ++seed) folder.write("noise" + std::to_string(seed), noise(5000, seed));
  fs::create_directory(folder.path() / "folder");
  const std::vector<std::vector<std::string>> calls = {
      {"check", "FILE"},
      {"check", "FILE", "--json"},
      {"test", "FILE"},
      {"test", "r.fly", "FILE"},
      {"eval", "-"},
      {"eval", "--batch"},
      {"replay", "FILE", "--facts", "FILE"},
      {"replay", "r.fly", "--facts", "FILE"},
      {"replay", "r.fly", "--facts", "FILE", "--strict"},
      {"replay", "r.fly", "--facts", "-", "--json"},
      {"ask", "d", "--batch", "r.fly"},
      {"ask", "d", "{\"b\":\"x\"}", "r.fly", "--facts", "FILE"},
      {"why", "last", "r.fly", "--facts", "FILE"},
      {"why-not", "r", "r.fly", "--facts", "FILE"},
      {"facts", "r.fly", "--facts", "FILE"},
      {"run", "--config", "FILE"},
  };
  for (const char* file : {"empty", "blank", "zeros", "half.jsonl", "half.fly", "open.fly", "deep.fly", "noise1", "noise2", "noise3",
                           "noise4", "folder", "missing"}) {
    const bool readable = file != std::string("folder") && file != std::string("missing");
    for (std::vector<std::string> call : calls) {
      for (std::string& word : call) {
        if (word == "FILE") word = file;
      }
      std::string shown;
      for (const std::string& word : call) shown += word + " ";
      INFO(shown << "< " << file);
      const Finished f = flyball(call, readable ? slurp(folder / file) : "", folder.path().string());
      CHECK((f.status == 0 || f.status == 1 || f.status == 64));
      if (f.status != 0) CHECK_FALSE((f.out + f.err).empty());
      CHECK_FALSE(has(f.err, "terminate"));
    }
  }
}

TEST_CASE("line ends, a byte order mark and a missing last line end change nothing") {
  const Folder folder;
  folder.write("r.fly", kRules);
  std::string crlf;
  for (const char* c = kRules; *c != '\0'; ++c) crlf += *c == '\n' ? "\r\n" : std::string(1, *c);
  folder.write("crlf.fly", crlf);
  folder.write("bom.fly", "\xEF\xBB\xBF" + std::string(kRules));
  const std::string lines = good(1, "x") + "\n" + good(2, "y");
  folder.write("plain.jsonl", lines + "\n");
  folder.write("no_end.jsonl", lines);
  folder.write("crlf.jsonl", good(1, "x") + "\r\n" + good(2, "y") + "\r\n");
  folder.write("bom.jsonl", "\xEF\xBB\xBF" + lines + "\n");
  const std::string expected = flyball({"replay", "r.fly", "--facts", "plain.jsonl"}, "", folder.path().string()).out;
  CHECK(count_lines(expected) == 2);
  for (const char* rules : {"r.fly", "crlf.fly", "bom.fly"}) {
    for (const char* facts : {"plain.jsonl", "no_end.jsonl", "crlf.jsonl", "bom.jsonl"}) {
      INFO(rules << " " << facts);
      const Finished f = flyball({"replay", rules, "--facts", facts}, "", folder.path().string());
      CHECK(f.status == 0);
      CHECK(f.out == expected);
      CHECK(f.err == "2 inputs, 0 refused, 2 action lines\n");
    }
    CHECK(flyball({"test", rules}, "", folder.path().string()).status == 0);
  }
}

TEST_CASE("each line of a batch is answered, in its place") {
  const Folder folder;
  folder.write("r.fly", kRules);
  const std::string cases =
      "{\"expr\":\"1\"}\n\nnonsense\n{\"expr\":\"1 +\"}\n{\"bindings\":{}}\n" + noise(50, 3).substr(0, 1) + "\n{\"expr\":\"2\"}\n";
  const Finished eval = flyball({"eval", "--batch"}, cases);
  CHECK(eval.status == 0);
  CHECK(count_lines(eval.out) == 7);
  CHECK(eval.out.starts_with("{\"value\":{\"int64_value\":\"1\"}"));
  CHECK(has(eval.out, "\n{\"value\":{\"int64_value\":\"2\"},\"type\":{\"primitive\":\"INT64\"}}\n"));
  const Finished ask =
      flyball({"ask", "d", "--batch", "r.fly"}, "{\"b\":\"x\"}\n\nnonsense\n{\"b\":1}\n{}\n{\"b\":\"y\"}", folder.path().string());
  CHECK(ask.status == 1);
  CHECK(count_lines(ask.out) == 5);
  CHECK(has(ask.out, "{\"error\":\"`b` of the input of `d`: expected a string, got 1\""));
}

TEST_CASE("a reader that goes away is no reason for noise") {
  const Folder folder;
  folder.write("r.fly", kRules);
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += good(i + 1, "b" + std::to_string(i)) + "\n";
  folder.write("many.jsonl", lines);
  const std::string bin = FLYBALL_BINARY;
  for (const char* call :
       {" replay r.fly --facts many.jsonl", " facts r.fly --facts many.jsonl", " help --markdown", " completions bash"}) {
    INFO(call);
    const Finished f = run("bash", {"-c", "'" + bin + "'" + call + " | head -n 1"}, "", folder.path().string());
    CHECK(f.status == 0);
    CHECK(count_lines(f.out) == 1);
    CHECK(f.err.empty());
  }
}

}  // namespace flyball::e2e

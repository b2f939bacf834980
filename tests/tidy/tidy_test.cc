// Runs every house rule over every source, and proves of each rule that it can fail and that it spares what is allowed.
#include <catch2/catch.hpp>
#include <map>

#include "tests/tidy/checks.h"

namespace flyball::tidy {
namespace {

Findings run(const std::string& check, const SourceText& sample) {
  for (const Check& c : all_checks()) {
    if (c.name == check) return c.run(sample);
  }
  FAIL("no check named " << check);
  return {};
}

struct Sample {
  std::string check;
  SourceText bad;   // exactly one finding
  SourceText good;  // none
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = {
      {"arrows between folders", {"model/a.h", "#include \"engine/session.h\"\n"}, {"app/a.cc", "#include \"engine/session.h\"\n"}},
      {"arrows between folders", {"parser/a.cc", "#include \"engine/session.h\"\n"}, {"parser/a.cc", "#include \"model/value.h\"\n"}},
      {"arrows between folders", {"engine/a.cc", "#include \"bus/codec.h\"\n"}, {"engine/a.cc", "// #include \"bus/codec.h\"\n"}},
      {"arrows between folders",
       {"engine/match/a.cc", "#include \"parser/ast/ast.h\"\n"},
       {"engine/compile/a.cc", "#include \"parser/ast/ast.h\"\n"}},
      {"arrows between folders",
       {"engine/compile/a.cc", "#include \"parser/parser.h\"\n"},
       {"tests/a.cc", "#include \"parser/parser.h\"\n"}},
      {"arrows between folders",
       {"engine/network/a.cc", "#include \"engine/session/b.h\"\n"},
       {"engine/session/a.cc", "#include \"engine/network/b.h\"\n"}},
      {"arrows between folders", {"bus/a.cc", "#include \"engine/session.h\"\n"}, {"bus/a.cc", "#include \"bus/b.h\"\n"}},
      {"arrows between folders", {"connectors/a.cc", "#include \"engine/session.h\"\n"}, {"connectors/a.cc", "#include \"bus/b.h\"\n"}},
      {"arrows between folders", {"bus/a.cc", "#include \"b.h\"\n"}, {"bus/a.cc", "#include <b.h>\n"}},
      {"the engine's doors", {"app/a.cc", "#include \"engine/expr/eval.h\"\n"}, {"app/a.cc", "#include \"engine/expression.h\"\n"}},
      {"X3 stays in parser/grammar", {"parser/check/a.cc", "auto p = x3::int_;\n"}, {"parser/grammar/a.cc", "auto p = x3::int_;\n"}},
      {"X3 stays in parser/grammar", {"parser/a.h", "#include <boost/spirit/home/x3.hpp>\n"}, {"parser/a.h", "// x3::int_ is not here\n"}},
      {"no wire library in headers", {"bus/transport/a.h", "#include <zmq.h>\n"}, {"bus/transport/a.cc", "#include <zmq.h>\n"}},
      {"no wire library in headers", {"bus/a.h", "#include <msgpack.hpp>\n"}, {"bus/a.h", "#include <vector>\n"}},
      {"the outside world at the borders only",
       {"engine/a.cc", "auto t = std::chrono::steady_clock::now();\n"},
       {"app/a.cc", "auto t = std::chrono::steady_clock::now();\n"}},
      {"the outside world at the borders only", {"model/a.cc", "#include <thread>\n"}, {"bus/transport/a.cc", "#include <thread>\n"}},
      {"the outside world at the borders only",
       {"parser/a.cc", "auto* p = std::getenv(\"A\");\n"},
       {"parser/a.cc", "auto* p = \"getenv\";\n"}},
      {"the outside world at the borders only",
       {"bus/codec.cc", "#include <sys/socket.h>\n"},
       {"connectors/a.cc", "#include <sys/socket.h>\n"}},
      {"the outside world at the borders only",
       {"engine/a.cc", "auto t = time(nullptr);\n"},
       {"engine/a.cc", "auto t = engine_time(x);\n"}},
      {"file length", {"engine/a.cc", "// a\n" + std::string(700, '\n')}, {"engine/a.cc", "// a\n" + std::string(699, '\n')}},
      {"no markers of unfinished work",
       {"rules/a.fly",
        "# TO"
        "DO later\n"},
       {"rules/a.fly", "# done\n"}},
      {"no markers of unfinished work",
       {"engine/a.cc",
        "// FIX"
        "ME\n"},
       {"engine/a.cc", "// fixed\n"}},
      {"first line says what the file is", {"engine/a.cc", "#include <vector>\n"}, {"engine/a.cc", "// A vector.\n#include <vector>\n"}},
      {"headers are included once", {"engine/a.h", "// #pragma once\n"}, {"engine/a.h", "// A.\n#pragma once\n"}},
      {"no machine paths",
       {"docs/a.py",
        "open('/wo"
        "rk/x')\n"},
       {"docs/a.py", "open('work/x')\n"}},
      {"one owner in the engine", {"engine/a.h", "std::shared_ptr<int> p;\n"}, {"parser/a.h", "std::shared_ptr<int> p;\n"}},
  };
  return kSamples;
}

}  // namespace

TEST_CASE("every house rule finds its bad sample and spares its good one") {
  std::map<std::string, int> tried;
  for (const Sample& s : samples()) {
    INFO(s.check << " on " << s.bad.path << ": " << s.bad.text.substr(0, 60));
    CHECK(run(s.check, s.bad).size() == 1);
    CHECK(run(s.check, s.good).empty());
    ++tried[s.check];
  }
  for (const Check& c : all_checks()) {
    INFO(c.name << " has no bad sample");
    CHECK(tried[c.name] > 0);
  }
}

TEST_CASE("comments and literals are not code, the rest is") {
  CHECK(code_only("a // b\nc") == "a     \nc");
  CHECK(code_only("a /* b\n */ c") == "a     \n    c");
  CHECK(code_only("f(\"x\\\"y\", z)") == "f(\"    \", z)");
  CHECK(code_only("1'000 'x' R\"(a\"b)\" c") == "1'000 ' '          c");
  CHECK(code_only("#include \"model/a.h\"\n") == "#include \"model/a.h\"\n");
}

TEST_CASE("headers that show X3 are found where they leave the grammar") {
  const SourceText shows{"parser/grammar/a.h", "// A.\nx3::rule<int> r;\n"};
  const SourceText hides{"parser/grammar/b.h", "// x3::rule\nint parse();\n"};
  CHECK(check_x3_headers({shows, hides, {"parser/grammar/a.cc", "#include \"parser/grammar/a.h\"\n"}}).empty());
  CHECK(check_x3_headers({shows, hides, {"parser/lower/a.cc", "#include \"parser/grammar/b.h\"\n"}}).empty());
  CHECK(check_x3_headers({shows, hides, {"parser/lower/a.cc", "#include \"parser/grammar/a.h\"\n"}}).size() == 1);
}

TEST_CASE("our sources keep the house rules") {
  const std::vector<SourceText> sources = our_sources(FLYBALL_SOURCE_DIR);
  REQUIRE(sources.size() > 20);  // an empty list would pass everything
  CHECK(check_x3_headers(sources).empty());
  for (const Check& check : all_checks()) {
    SECTION(check.name) {
      Findings all;
      for (const SourceText& s : sources) {
        for (std::string& f : check.run(s)) all.push_back(std::move(f));
      }
      std::string text;
      for (const std::string& f : all) text += f + "\n";
      INFO(text);
      CHECK(all.empty());
    }
  }
}

}  // namespace flyball::tidy

// The house rules. A new arrow between folders is a decision: it is made here, beside the reason, or not at all.
#include "tests/tidy/checks.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace flyball::tidy {
namespace {

constexpr std::size_t kMaxLines = 700;

bool is_cpp(const std::string& path) { return path.ends_with(".h") || path.ends_with(".cc"); }
bool is_header(const std::string& path) { return path.ends_with(".h"); }
bool is_below(const std::string& path, std::string_view folder) { return path.starts_with(std::string(folder) + "/"); }

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::string finding(const SourceText& s, std::size_t line_index, const std::string& what) {
  return s.path + ":" + std::to_string(line_index + 1) + ": " + what;
}

// Each line of the code (comments and literals blanked) that `pattern` matches.
Findings matches_in_code(const SourceText& s, const std::regex& pattern, const std::string& what) {
  Findings out;
  const std::vector<std::string> lines = lines_of(code_only(s.text));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch m;
    if (std::regex_search(lines[i], m, pattern)) out.push_back(finding(s, i, what + ": " + m.str()));
  }
  return out;
}

// The folders a folder may include, itself apart. What is not listed (tests, benchmarks, tools) may include all.
const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::map<std::string, std::set<std::string>> kArrows = {
      {"model", {}}, {"parser", {"model"}}, {"engine", {"model"}}, {"bus", {"model"}}, {"connectors", {"model", "bus"}},
  };
  return kArrows;
}

// engine → parser/ast: what compiles rules, and the two headers whose values name places in them.
bool may_read_ast(const std::string& path) {
  return is_below(path, "engine/compile") || path == "engine/program.h" || path == "engine/expression.h" ||
         path == "engine/explain/explanation.h";
}

// Rooms of one folder of which the one below does not know the one above.
struct Stair {
  std::string_view below, above;
};
constexpr Stair kStairs[] = {{"engine/network", "engine/session"}};

bool goes_up(const std::string& path, const std::string& target) {
  return std::any_of(std::begin(kStairs), std::end(kStairs),
                     [&](const Stair& stair) { return is_below(path, stair.below) && is_below(target, stair.above); });
}

Findings check_arrows(const SourceText& s) {
  Findings out;
  const auto allowed = arrows().find(folder_of(s.path));
  if (!is_cpp(s.path) || allowed == arrows().end()) return out;
  static const std::regex kInclude(R"re(^\s*#\s*include\s*"([^"]+)")re");
  const std::vector<std::string> lines = lines_of(code_only(s.text));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch m;
    if (!std::regex_search(lines[i], m, kInclude)) continue;
    const std::string target = m[1];
    const std::string to = folder_of(target);
    if (target.find('/') == std::string::npos) {
      out.push_back(finding(s, i, "include \"" + target + "\" does not name its folder"));
    } else if (to != allowed->first && !allowed->second.contains(to) && !(is_below(target, "parser/ast") && may_read_ast(s.path))) {
      out.push_back(finding(s, i, "new arrow " + allowed->first + " -> " + to + " (\"" + target + "\")"));
    } else if (goes_up(s.path, target)) {
      out.push_back(finding(s, i, "the lower room includes the upper one: \"" + target + "\""));
    }
  }
  return out;
}

// Who is not the engine nor tests it knows its doors only (engine/program.h names them).
Findings check_engine_doors(const SourceText& s) {
  static const std::set<std::string> kDoors = {"engine/program.h", "engine/outline.h",    "engine/insight.h",
                                               "engine/session.h", "engine/expression.h", "engine/explain/explanation.h"};
  const std::string from = folder_of(s.path);
  if (!is_cpp(s.path) || from == "engine" || from == "tests" || from == "benchmarks") return {};
  static const std::regex kInclude(R"re(^\s*#\s*include\s*"(engine/[^"]+)")re");
  Findings out;
  const std::vector<std::string> lines = lines_of(code_only(s.text));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch m;
    if (std::regex_search(lines[i], m, kInclude) && !kDoors.contains(m[1])) {
      out.push_back(finding(s, i, "not a door of the engine: " + m[1].str()));
    }
  }
  return out;
}

const std::regex& x3_pattern() {
  static const std::regex kX3(R"(\bx3::|boost/spirit|\bnamespace\s+x3\b)");
  return kX3;
}

Findings check_x3(const SourceText& s) {
  if (!is_cpp(s.path) || is_below(s.path, "parser/grammar")) return {};
  return matches_in_code(s, x3_pattern(), "X3 outside parser/grammar");
}

Findings check_wire_headers(const SourceText& s) {
  if (!is_header(s.path) || is_below(s.path, "tests")) return {};  // a test's own peer is a bare socket on purpose
  static const std::regex kWire(R"(#\s*include\s*[<"](zmq|msgpack)[^>"]*)");
  return matches_in_code(s, kWire, "a wire library in a header");
}

// Time and chance are arguments: the outside world is reached at its borders only.
Findings check_outside_world(const SourceText& s) {
  if (!is_cpp(s.path)) return {};
  for (const char* border : {"app", "connectors", "bus/transport", "benchmarks", "tests", "tools"}) {
    if (is_below(s.path, border) || s.path.starts_with("bus/transport.")) return {};
  }
  static const std::regex kWorld(
      R"(\b(system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday|getenv|secure_getenv|random_device|jthread|pthread_\w+)\b)"
      R"(|\bstd::(thread|async|mutex|condition_variable|time|clock|rand)\b|\b(s?rand|time)\((NULL|nullptr|0)?\))"
      R"(|#\s*include\s*<(thread|mutex|condition_variable|future|sys/socket\.h|sys/un\.h|netinet/in\.h|arpa/inet\.h|netdb\.h|poll\.h|sys/epoll\.h)>)");
  return matches_in_code(s, kWorld, "a clock, thread, socket, chance or environment variable inside");
}

Findings check_length(const SourceText& s) {
  const auto count = static_cast<std::size_t>(std::count(s.text.begin(), s.text.end(), '\n'));
  if (count <= kMaxLines) return {};
  return {finding(s, count - 1, "a file of " + std::to_string(count) + " lines (at most " + std::to_string(kMaxLines) + ")")};
}

Findings check_markers(const SourceText& s) {
  // Written apart, so that this file does not find itself.
  static const std::regex kMarker(
      "\\b(TO"
      "DO|FIX"
      "ME|X"
      "XX|HA"
      "CK)\\b");
  Findings out;
  const std::vector<std::string> lines = lines_of(s.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch m;
    if (std::regex_search(lines[i], m, kMarker)) out.push_back(finding(s, i, "unfinished work marked in the source: " + m.str()));
  }
  return out;
}

Findings check_first_line(const SourceText& s) {
  if (!is_cpp(s.path) || s.text.starts_with("// ")) return {};
  return {finding(s, 0, "the first line does not say what the file is")};
}

Findings check_header_guard(const SourceText& s) {
  if (!is_header(s.path) || code_only(s.text).find("#pragma once") != std::string::npos) return {};
  return {finding(s, 0, "a header without #pragma once")};
}

// What makes a build depend on one machine.
Findings check_machine_paths(const SourceText& s) {
  static const std::regex kPath(
      "/wo"
      "rk/|/tmp/"
      "wt/|/home/"
      "\\w+/|/root"
      "/");
  Findings out;
  const std::vector<std::string> lines = lines_of(s.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch m;
    if (std::regex_search(lines[i], m, kPath)) out.push_back(finding(s, i, "a path of one machine: " + m.str()));
  }
  return out;
}

Findings check_engine_ownership(const SourceText& s) {
  if (!is_below(s.path, "engine")) return {};
  static const std::regex kShared(R"(\b(shared_ptr|make_shared)\b)");
  return matches_in_code(s, kShared, "shared ownership in the engine");
}

}  // namespace

Findings check_x3_headers(const std::vector<SourceText>& sources) {
  std::set<std::string> with_x3;
  for (const SourceText& s : sources) {
    if (is_below(s.path, "parser/grammar") && is_header(s.path) && std::regex_search(code_only(s.text), x3_pattern()))
      with_x3.insert(s.path);
  }
  Findings out;
  for (const SourceText& s : sources) {
    if (!is_cpp(s.path) || is_below(s.path, "parser/grammar")) continue;
    const std::vector<std::string> lines = lines_of(code_only(s.text));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const std::string& header : with_x3) {
        if (lines[i].find("\"" + header + "\"") != std::string::npos)
          out.push_back(finding(s, i, "X3 leaves parser/grammar through " + header));
      }
    }
  }
  return out;
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> kChecks = {
      {"arrows between folders", check_arrows},
      {"the engine's doors", check_engine_doors},
      {"X3 stays in parser/grammar", check_x3},
      {"no wire library in headers", check_wire_headers},
      {"the outside world at the borders only", check_outside_world},
      {"file length", check_length},
      {"no markers of unfinished work", check_markers},
      {"first line says what the file is", check_first_line},
      {"headers are included once", check_header_guard},
      {"no machine paths", check_machine_paths},
      {"one owner in the engine", check_engine_ownership},
  };
  return kChecks;
}

}  // namespace flyball::tidy

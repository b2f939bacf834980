// The example packages, damaged as authors damage rules: cut off, and one token left out, doubled, changed for another of
// the file, or torn by a byte that is no text. Through parser and checker together: it ends, every place is inside the
// text, no message names a part of the parser, and one slip gives few messages.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "parser/diagnostics/render.h"
#include "parser/parser.h"

using namespace flyball;
namespace fs = std::filesystem;

namespace {

struct Source {
  std::string path, text;
};

std::vector<Source> packages() {
  std::vector<Source> all;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "rules")) {
    if (entry.path().extension() != ".fly") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream s;
    s << in.rdbuf();
    all.push_back({entry.path().string(), s.str()});
  }
  std::sort(all.begin(), all.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
  return all;
}

// Where tokens begin and end, roughly: words, numbers with their marks, strings, single marks.
std::vector<std::pair<std::size_t, std::size_t>> tokens(const std::string& t) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const auto word = [&](std::size_t i) { return i < t.size() && (std::isalnum(static_cast<unsigned char>(t[i])) || t[i] == '_'); };
  for (std::size_t i = 0; i < t.size();) {
    const std::size_t from = i;
    if (std::isspace(static_cast<unsigned char>(t[i]))) {
      ++i;
      continue;
    }
    if (t[i] == '#') {
      while (i < t.size() && t[i] != '\n') ++i;
      continue;
    }
    if (t[i] == '"') {
      ++i;
      while (i < t.size() && t[i] != '"' && t[i] != '\n') ++i;
      i = std::min(i + 1, t.size());
    } else if (word(i)) {
      while (word(i)) ++i;
    } else {
      ++i;
    }
    out.emplace_back(from, i);
  }
  return out;
}

struct Outcome {
  std::string trouble;  // empty: none
  std::size_t errors = 0;
};

Outcome outcome(const std::string& text) {
  SourceFiles sources;
  if (!sources.add("m.fly", text)) return {"refused", 0};
  Interner in;
  Diagnostics out;
  std::vector<ast::File> files;
  files.push_back(parse_file(sources, 0, in, out));
  (void)check_package(std::move(files), sources, in, out);
  if (out.all().size() > Diagnostics::kMaxPerFile) return {"more diagnostics than are kept", 0};
  for (const Diagnostic& d : out.all()) {
    if (d.span.begin > d.span.end || d.span.end > text.size()) return {"a span outside the text: " + d.message, 0};
    if (d.fix && (d.fix->span.begin > d.fix->span.end || d.fix->span.end > text.size())) return {"a fix outside the text: " + d.message, 0};
    if (d.code.size() != 5 || d.message.empty() || d.message.find('\n') != std::string::npos) return {"a message that is none", 0};
    for (const char* internal : {"flyball::", "std::", "x3", "kNothing", "boost"}) {
      if (d.message.find(internal) != std::string::npos && text.find(internal) == std::string::npos) return {"internal: " + d.message, 0};
    }
    if (render(d, sources).size() > 4096) return {"a rendering without end: " + d.message, 0};
  }
  return {{}, out.error_count()};
}

}  // namespace

TEST_CASE("an example cut off anywhere is checked to its end", "[mutation]") {
  for (const Source& s : packages()) {
    INFO(s.path);
    std::size_t step = 0;
    for (const auto& [from, to] : tokens(s.text)) {
      if (step++ % 5 != 0) continue;
      const Outcome o = outcome(s.text.substr(0, from + (to - from) / 2));
      if (!o.trouble.empty()) FAIL("cut at " << from << ": " << o.trouble);
    }
  }
}

TEST_CASE("one damaged token gives few messages, each in its place", "[mutation]") {
  std::vector<Source> all = packages();
  // Those that stand alone: others have mistakes by themselves here.
  std::erase_if(all, [](const Source& s) { return outcome(s.text).errors > 0; });
  REQUIRE(all.size() >= 3);
  std::mt19937 random(20261122);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  static constexpr std::string_view kTorn[] = {
      "\xff", std::string_view("\0", 1), "\xe2\x80", "\r", "\"", "'''", "{", "}", "(", ";", "|", "&", "“"};
  std::size_t most = 0;
  std::size_t many = 0;
  constexpr int kMutants = 3000;
  for (int i = 0; i < kMutants; ++i) {
    const Source& s = all[below(all.size())];
    const auto places = tokens(s.text);
    const auto [from, to] = places[below(places.size())];
    const auto [other_from, other_to] = places[below(places.size())];
    std::string m = s.text;
    switch (below(4)) {
      case 0: m.erase(from, to - from); break;
      case 1: m.insert(to, " " + s.text.substr(from, to - from)); break;
      case 2: m.replace(from, to - from, s.text.substr(other_from, other_to - other_from)); break;
      default: m.insert(from, kTorn[below(std::size(kTorn))]); break;
    }
    const Outcome o = outcome(m);
    if (!o.trouble.empty()) FAIL("mutant " << i << " of " << s.path << ": " << o.trouble << "\n" << m);
    most = std::max(most, o.errors);
    many += o.errors > 3;
  }
  // A slip in the name of a type is a mistake wherever the type is used; most slips are said once.
  INFO("most " << most << ", more than three " << many);
  CHECK(most <= 40);
  CHECK(many * 20 <= kMutants);
}

TEST_CASE("line ends, byte order marks and the end of the file make no difference", "[mutation]") {
  for (const Source& s : packages()) {
    INFO(s.path);
    std::string crlf = "\xEF\xBB\xBF";
    for (const char c : s.text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    while (!crlf.empty() && (crlf.back() == '\n' || crlf.back() == '\r')) crlf.pop_back();
    const Outcome plain = outcome(s.text);
    const Outcome marked = outcome(crlf);
    CHECK(plain.trouble.empty());
    CHECK(marked.trouble.empty());
    CHECK(plain.errors == marked.errors);
  }
}

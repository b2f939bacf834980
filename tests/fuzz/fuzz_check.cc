// libFuzzer target: a rule file, changed word by word (dropped, doubled, swapped, cut off) as slips of a keyboard change it, and byte by
// byte. Parsing and checking end with a tree and with diagnostics that stand inside the file; what has no errors compiles, and its program
// can be dumped. Seeds are the golden files and the example packages. Built only with -DFLYBALL_FUZZ=ON (clang).
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "engine/program.h"
#include "model/check.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

// Words, numbers and runs of blanks as one each, any other byte alone; together they are the text.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  const auto kind = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return std::isalnum(u) != 0 || c == '_' ? 1 : std::isspace(u) != 0 ? 2 : 0;
  };
  for (const char c : text) {
    if (!words.empty() && kind(c) != 0 && kind(words.back().back()) == kind(c))
      words.back() += c;
    else
      words.emplace_back(1, c);
  }
  return words;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0 || size == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<std::string> words = words_of(std::string(reinterpret_cast<const char*>(data), size));
  const std::size_t at = random() % words.size();
  const std::size_t other = random() % words.size();
  switch (random() % 5) {
    case 0: words.erase(words.begin() + static_cast<std::ptrdiff_t>(at)); break;
    case 1: words.insert(words.begin() + static_cast<std::ptrdiff_t>(other), std::string(words[at])); break;
    case 2: std::swap(words[at], words[other]); break;
    case 3: words[at] = std::string(words[other]); break;
    default: words.resize(at);
  }
  std::string text;
  for (const std::string& word : words) text += word;
  text.resize(std::min(text.size(), max_size));
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flyball;
  const std::string text(reinterpret_cast<const char*>(data), size);
  SourceFiles sources;
  if (!sources.add("fuzz.fly", text)) return 0;
  Interner in;
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  files.push_back(parse_file(sources, 0, in, diagnostics));
  ast::RuleSet rules = check_package(std::move(files), sources, in, diagnostics);
  (void)render_all(diagnostics, sources);
  for (const Diagnostic& d : diagnostics.all()) FB_CHECK(d.span.begin <= d.span.end && d.span.end <= text.size());
  if (diagnostics.has_errors()) return 0;
  const Result<engine::Program> program = engine::compile(std::move(rules), in);
  if (program) (void)program->dump();
  return 0;
}

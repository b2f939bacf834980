// Rules that begin like another. See twins.h.
#include "tests/reference/generate/twins.h"

namespace flyball::reference {
namespace {

constexpr const char* kWhenEnds = "\n  }\n";

// Of the block that begins at `from` the last line that stands by itself; npos: there is none.
std::size_t last_line(const std::string& rule, std::size_t end) {
  const std::size_t begin = rule.rfind('\n', end - 1);
  return begin == std::string::npos ? begin : begin + 1;
}

std::string twin_of(Random& random, const std::string& rule, int number) {
  std::string out = rule;
  const std::size_t name = out.find("rule ");
  const std::size_t end = out.find(' ', name + 5);
  if (name == std::string::npos || end == std::string::npos) return {};
  out.insert(end, "_" + std::to_string(number));
  const std::size_t when = out.find("when {");
  const std::size_t when_end = when == std::string::npos ? when : out.find(kWhenEnds, when);
  if (when_end == std::string::npos) return {};
  switch (random.below(5)) {
    case 0: break;
    case 1: out.insert(when_end, random.chance(50) ? "\n    check limit > 1" : "\n    check high > 20%"); break;
    case 2:
    case 3: {
      const std::size_t line = last_line(out, when_end);
      const std::string text = out.substr(line, when_end - line);
      for (const char* word : {"    some ", "    no ", "    every ", "    check "}) {
        if (text.starts_with(word) && line > when + 8) out.erase(line - 1, text.size() + 1);
      }
      break;
    }
    default:
      if (out.find("  priority ") == std::string::npos) out.insert(out.find('\n') + 1, "  priority 2\n");
      break;
  }
  return out;
}

}  // namespace

void add_twins(Random& random, GenPackage& package) {
  std::vector<std::string> rules;
  for (const std::string& rule : package.rules) {
    rules.push_back(rule);
    for (int i = random.between(0, 2); i > 0; --i) {
      if (std::string twin = twin_of(random, rule, i); !twin.empty()) rules.push_back(std::move(twin));
    }
  }
  package.rules = std::move(rules);
}

}  // namespace flyball::reference

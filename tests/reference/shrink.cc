// Delta debugging (Zeller and Hildebrandt 2002) on steps, then on the lines of the package.
#include "tests/reference/shrink.h"

#include <algorithm>

namespace flyball::reference {
namespace {

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& l : lines) out += l + "\n";
  return out;
}

// Removes runs of items, long ones first, while `accept` says yes to what is left.
template <typename Accept>
bool remove_runs(std::vector<std::string>& items, const Accept& accept) {
  bool any = false;
  for (std::size_t run = std::max<std::size_t>(items.size() / 2, 1);; run /= 2) {
    for (std::size_t at = 0; at < items.size();) {
      std::vector<std::string> fewer(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(at));
      fewer.insert(fewer.end(), items.begin() + static_cast<std::ptrdiff_t>(std::min(at + run, items.size())), items.end());
      if (accept(fewer)) {
        items = std::move(fewer);
        any = true;
      } else {
        at += run;
      }
    }
    if (run <= 1) return any;
  }
}

// The line after the block that opens on line `at`, or at + 1.
std::size_t end_of_block(const std::vector<std::string>& lines, std::size_t at) {
  int depth = 0;
  for (std::size_t i = at; i < lines.size(); ++i) {
    depth += static_cast<int>(std::count(lines[i].begin(), lines[i].end(), '{')) -
             static_cast<int>(std::count(lines[i].begin(), lines[i].end(), '}'));
    if (depth <= 0) return i + 1;
  }
  return at + 1;
}

template <typename Accept>
bool remove_blocks(std::vector<std::string>& lines, const Accept& accept) {
  bool any = false;
  for (std::size_t at = 0; at < lines.size();) {
    std::vector<std::string> fewer(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(at));
    fewer.insert(fewer.end(), lines.begin() + static_cast<std::ptrdiff_t>(end_of_block(lines, at)), lines.end());
    if (accept(fewer)) {
      lines = std::move(fewer);
      any = true;
    } else {
      ++at;
    }
  }
  return any;
}

// Drops ` where …`, ` for …` and ` same …` from single lines.
template <typename Accept>
bool shorten_lines(std::vector<std::string>& lines, const Accept& accept) {
  bool any = false;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    for (const char* word : {" where ", " for ", " and ", " or ", " ttl ", " lateness ", " late "}) {
      const std::size_t from = lines[at].find(word);
      if (from == std::string::npos) continue;
      std::vector<std::string> candidates = {lines[at].substr(0, from)};
      const std::size_t hold = lines[at].rfind(" for ");
      if (hold != std::string::npos && hold > from) candidates.push_back(lines[at].substr(0, from) + lines[at].substr(hold));
      const std::size_t brace = lines[at].find(" {", from);
      if (brace != std::string::npos) candidates.push_back(lines[at].substr(0, from) + lines[at].substr(brace));
      for (const std::string& shorter : candidates) {
        std::vector<std::string> other = lines;
        other[at] = shorter;
        if (!accept(other)) continue;
        lines = std::move(other);
        any = true;
        break;
      }
    }
  }
  return any;
}

}  // namespace

CaseText shrink(CaseText c, const StillFails& still_fails) {
  auto with_steps = [&](const std::vector<std::string>& steps) {
    CaseText t = c;
    t.steps = steps;
    return still_fails(t);
  };
  for (bool changed = true; changed;) {
    changed = remove_runs(c.steps, with_steps);
    for (std::size_t f = 0; f < c.files.size(); ++f) {
      std::vector<std::string> lines = split_lines(c.files[f]);
      auto with_lines = [&](const std::vector<std::string>& other) {
        CaseText t = c;
        t.files[f] = join_lines(other);
        return still_fails(t);
      };
      changed = remove_blocks(lines, with_lines) || changed;
      changed = shorten_lines(lines, with_lines) || changed;
      c.files[f] = join_lines(lines);
    }
  }
  std::erase_if(c.files, [](const std::string& f) { return f.find('{') == std::string::npos; });
  return c;
}

}  // namespace flyball::reference

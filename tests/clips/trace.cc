// Reads the lines of (watch facts), (watch activations) and (watch rules).
#include "tests/clips/trace.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace flyball::clips {
namespace {

// "(k (k 3) (v 0))" as "k 3 0".
std::string content_of(const std::string& pattern) {
  std::string out;
  std::istringstream in(pattern);
  std::string word;
  while (in >> word) {
    std::string bare;
    for (const char c : word) {
      if (c != '(' && c != ')') bare += c;
    }
    const bool first = out.empty();
    const bool number = !bare.empty() && (bare[0] == '-' || (bare[0] >= '0' && bare[0] <= '9'));
    if (first || number) out += (first ? "" : " ") + bare;
  }
  return out;
}

class Reader {
 public:
  bool line(const std::string& text) {
    std::istringstream in(text);
    std::string mark, word;
    in >> mark;
    if (mark == "FIRE") {
      std::string number, rest;
      in >> number;
      std::getline(in, rest);
      return fire(rest);
    }
    if (mark != "==>" && mark != "<==") return true;
    in >> word;
    if (word == "Activation") {
      std::string salience, rest;
      in >> salience;
      std::getline(in, rest);
      return activation(rest, mark == "==>");
    }
    std::string rest;
    std::getline(in, rest);
    return fact(word, content_of(rest), mark == "==>");
  }

  Trace take() {
    for (const auto& [number, content] : facts_) {
      if (content != "initial-fact") out_.facts.push_back(content);
    }
    std::sort(out_.facts.begin(), out_.facts.end());
    out_.ended = agenda_.empty();
    return std::move(out_);
  }

 private:
  // A `modify` is one change of facts, not two. Only it brings a fact with a key once rules fire.
  bool fact(const std::string& name, const std::string& content, bool comes) {
    if (name.size() < 3 || !name.starts_with("f-")) return false;
    const std::uint64_t number = std::stoull(name.substr(2));
    const bool modified = comes && firing_ && is_keyed(content.substr(0, 1)) && content.find(' ') == 1;
    if (!modified) ++moment_;
    if (comes)
      facts_[number] = content;
    else
      facts_.erase(number);
    return true;
  }

  // " r0: f-1,*,f-3"
  std::optional<std::pair<std::string, Activation>> read(const std::string& text) const {
    const std::size_t colon = text.find(':');
    const std::size_t begin = text.find_first_not_of(' ');
    if (colon == std::string::npos || text[begin] != 'r') return std::nullopt;
    Activation out;
    out.rule = std::stoi(text.substr(begin + 1, colon - begin - 1));
    out.content = "r" + std::to_string(out.rule);
    out.moment = moment_;
    std::istringstream in(text.substr(colon + 1));
    std::string part;
    while (std::getline(in, part, ',')) {
      const std::size_t f = part.find("f-");
      if (f == std::string::npos) continue;
      out.facts.push_back(std::stoull(part.substr(f + 2)));
    }
    return std::pair(text.substr(begin), out);
  }

  bool activation(const std::string& text, bool comes) {
    auto found = read(text);
    if (!found) return false;
    if (!comes) return agenda_.erase(found->first) == 1;
    for (const std::uint64_t f : found->second.facts) {
      const auto at = facts_.find(f);
      if (at == facts_.end()) return false;
      found->second.content += " " + at->second;
    }
    return agenda_.emplace(found->first, found->second).second;
  }

  bool fire(const std::string& text) {
    firing_ = true;
    auto found = read(text);
    if (!found) return false;
    const auto at = agenda_.find(found->first);
    if (at == agenda_.end()) return false;
    Step step;
    step.fired = at->second;
    for (const auto& [name, activation] : agenda_) step.agenda.push_back(activation);
    agenda_.erase(at);
    out_.steps.push_back(std::move(step));
    return true;
  }

  Trace out_;
  std::map<std::uint64_t, std::string> facts_;
  std::map<std::string, Activation> agenda_;
  std::uint64_t moment_ = 0;
  bool firing_ = false;
};

}  // namespace

std::optional<Trace> read_trace(const std::string& text, std::string& why) {
  Reader reader;
  std::istringstream in(text);
  std::string line;
  while (std::getline(in, line)) {
    if (!reader.line(line) || line.find('[') != std::string::npos) {
      why = line;
      return std::nullopt;
    }
  }
  return reader.take();
}

}  // namespace flyball::clips

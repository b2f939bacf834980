// Names in messages. Door: suggest.h.
#include "model/suggest.h"

namespace flyball {

std::string listed(const std::vector<std::string>& names, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " " + std::string(last) + " " : ", ";
    out += "`" + names[i] + "`";
  }
  return out;
}

std::string did_you_mean(const std::vector<std::string>& candidates) {
  return candidates.empty() ? std::string{} : "did you mean " + listed(candidates) + "?";
}

}  // namespace flyball

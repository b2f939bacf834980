// The words of action states; see fact.h.
#include "model/fact.h"

#include <array>

namespace flyball {

namespace {
constexpr std::array<const char*, 8> kStateWords = {"proposed", "approved", "sent", "acked", "failed", "expired", "refused", "rejected"};
}

const char* to_string(ActionState state) { return kStateWords[static_cast<std::size_t>(state)]; }

std::optional<ActionState> action_state(std::string_view word) {
  for (std::size_t i = 0; i < kStateWords.size(); ++i) {
    if (word == kStateWords[i]) return static_cast<ActionState>(i);
  }
  return std::nullopt;
}

}  // namespace flyball

// Words of messages that name several things: "`a`, `b` or `c`", "did you mean …?". What is near enough to be meant is
// nearest() of schema.h. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flyball {

// "`a`", "`a` or `b`", "`a`, `b` or `c`"; `last` is the word before the last one.
std::string listed(const std::vector<std::string>& names, std::string_view last = "or");
// "did you mean `util` or `until`?"; empty for no candidates.
std::string did_you_mean(const std::vector<std::string>& candidates);

}  // namespace flyball

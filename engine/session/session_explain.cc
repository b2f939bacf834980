// Why an action was sent, and why a rule does not run.
#include "engine/session/session_impl.h"

namespace flyball::engine {

const Explanation* Session::why(const std::string&) const { return nullptr; }

WhyNot Session::why_not(std::uint32_t rule, const std::vector<std::pair<std::string, Value>>&) const {
  WhyNot out;
  out.rule = impl_->data.rules[rule].name;
  out.status = impl_->data.rules[rule].mode == ast::Mode::kOff ? "off" : "line";
  return out;
}

}  // namespace flyball::engine

// The door to explanations: why an action was sent, and why a rule does not run.
#include "engine/session/session_impl.h"

namespace flyball::engine {

std::optional<Explanation> Session::why(const std::string& id) const { return impl_->explainer.find(id); }

std::vector<Explanation> Session::explanations(std::size_t n) const { return impl_->explainer.newest(n); }

std::vector<std::string> Session::explained() const { return impl_->explainer.ids(); }

WhyNot Session::why_not(std::uint32_t rule, const std::vector<std::pair<std::string, Value>>& with) const {
  // As of now: nothing has happened since the last instant, but time has passed.
  impl_->network.set_now(impl_->decision_time());
  WhyNot out = impl_->explainer.why_not(rule, with);
  // Of a rule in quarantine: which limit it was, and the line or the rules that led there, as it was said then.
  for (const Quarantined& q : impl_->quarantined) {
    if (q.rule == rule && out.status == "off") out.sentence += ": " + q.text;
  }
  return out;
}

}  // namespace flyball::engine

// Collecting diagnostics: one message per mistake, a bound per file, in order of place. Door: diagnostic.h.
#include <algorithm>
#include <tuple>

#include "model/schema.h"
#include "model/suggest.h"
#include "model/text.h"
#include "parser/diagnostics/diagnostic.h"

namespace flyball {

bool suggest(Diagnostic& d, std::string_view word, const std::vector<std::string>& names, bool quoted) {
  std::vector<std::string> near = nearest(word, names);
  const bool certain = near.size() == 1 && !opposed(word, near.front());
  if (quoted) std::transform(near.begin(), near.end(), near.begin(), [](const std::string& n) { return quote(n); });
  if (certain) d.fix = Fix{d.span, near.front()};
  if (!certain && !near.empty()) d.help = did_you_mean(near);
  return !near.empty();
}

void Diagnostics::add(Diagnostic d) {
  const auto covers = [&](const ast::Span& m) { return m.file == d.span.file && m.begin <= d.span.begin && d.span.begin < m.end; };
  if (std::any_of(muted_.begin(), muted_.end(), covers)) return;
  const bool error = d.severity == Severity::kError;
  if (error) ++errors_;
  if (per_file_.size() <= d.span.file) per_file_.resize(d.span.file + std::size_t{1});
  if (per_file_[d.span.file] >= kMaxPerFile) {
    ++suppressed_;
    return;
  }
  // Two passes that stumble over the same word say it once.
  const auto same = [&](const Diagnostic& o) {
    return o.span.file == d.span.file && o.span.begin == d.span.begin && o.span.end == d.span.end && o.code == d.code &&
           o.message == d.message;
  };
  if (std::any_of(items_.begin(), items_.end(), same)) {
    if (error) --errors_;
    return;
  }
  ++per_file_[d.span.file];
  items_.push_back(std::move(d));
}

const std::vector<Diagnostic>& Diagnostics::all() {
  std::stable_sort(items_.begin(), items_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.file, a.span.begin, a.span.end, a.code) < std::tie(b.span.file, b.span.begin, b.span.end, b.code);
  });
  return items_;
}

}  // namespace flyball

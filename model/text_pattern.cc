// See text_pattern.h.
#include "model/text_pattern.h"

#include <re2/re2.h>

namespace flyball {

namespace {

// Bytes of the UTF-8 character at `i`; a stray byte counts as one.
std::size_t step(std::string_view text, std::size_t i) {
  std::size_t n = 1;
  while (i + n < text.size() && (static_cast<unsigned char>(text[i + n]) & 0xC0U) == 0x80U) ++n;
  return n;
}

}  // namespace

struct TextPattern::Regex {
  explicit Regex(std::string_view text, const re2::RE2::Options& options) : re(re2::StringPiece(text.data(), text.size()), options) {}
  re2::RE2 re;
};

TextPattern::TextPattern() = default;
TextPattern::~TextPattern() = default;
TextPattern::TextPattern(TextPattern&&) noexcept = default;

// After a mismatch the last `*` takes one character more and the rest is tried again from there.
bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = ++g;
      from = t;
      continue;
    }
    if (g < glob.size() && glob[g] == '?') {
      t += step(text, t);
      ++g;
      continue;
    }
    const std::size_t literal = g < glob.size() && glob[g] == '\\' && g + 1 < glob.size() ? g + 1 : g;
    if (literal < glob.size() && glob[literal] == text[t]) {
      g = literal + 1;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    g = star;
    from += step(text, from);
    t = from;
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

TextPattern TextPattern::regex(std::string_view re2) {
  TextPattern p;
  p.form_ = Form::kRegex;
  p.source_ = re2;
  if (re2.size() > kMaxPatternBytes) {
    p.error_ = "longer than " + std::to_string(kMaxPatternBytes) + " bytes";
    return p;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemory);
  p.regex_ = std::make_unique<Regex>(re2, options);
  if (!p.regex_->re.ok()) p.error_ = p.regex_->re.error();
  return p;
}

TextPattern TextPattern::glob(std::string_view glob) {
  TextPattern p;
  p.source_ = glob;
  if (glob.size() > kMaxGlobBytes) {
    p.error_ = "longer than " + std::to_string(kMaxGlobBytes) + " bytes";
    return p;
  }
  if (glob.find_first_of("?\\") != std::string_view::npos) return p;
  const std::size_t first = glob.find('*');
  if (first == std::string_view::npos) {
    p.form_ = Form::kExact;
    p.head_ = glob;
  } else if (glob.find('*', first + 1) == std::string_view::npos) {
    p.head_ = glob.substr(0, first);
    p.tail_ = glob.substr(first + 1);
    p.form_ = p.head_.empty() ? (p.tail_.empty() ? Form::kAny : Form::kSuffix) : p.tail_.empty() ? Form::kPrefix : Form::kAround;
  }
  return p;
}

bool TextPattern::matches(std::string_view text) const {
  switch (form_) {
    case Form::kRegex: return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex_->re);
    case Form::kExact: return text == head_;
    case Form::kPrefix: return text.starts_with(head_);
    case Form::kSuffix: return text.ends_with(tail_);
    case Form::kAround: return text.size() >= head_.size() + tail_.size() && text.starts_with(head_) && text.ends_with(tail_);
    case Form::kAny: return true;
    case Form::kGlob: return glob_matches(source_, text);
  }
  return false;
}

}  // namespace flyball

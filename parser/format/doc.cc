// The decisions of doc.h, from left to right, none taken back. Thread safety: pure functions.
#include "parser/format/doc.h"

#include <algorithm>

namespace flyball::format {

std::size_t width_of(std::string_view t) {
  return static_cast<std::size_t>(std::count_if(t.begin(), t.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::optional<std::size_t> flat_width(const Doc& doc) {
  switch (doc.kind) {
    case Doc::Kind::kText:
    case Doc::Kind::kLine: return doc.text.find('\n') == std::string::npos ? std::optional(width_of(doc.text)) : std::nullopt;
    case Doc::Kind::kIfBroken: return 0;
    case Doc::Kind::kHard:
    case Doc::Kind::kBlank:
    case Doc::Kind::kTrailing:
    case Doc::Kind::kOwn: return std::nullopt;
    case Doc::Kind::kAll:
    case Doc::Kind::kGroup:
    case Doc::Kind::kIndent: break;
  }
  std::size_t sum = 0;
  for (const Doc& part : doc.parts) {
    const std::optional<std::size_t> width = flat_width(part);
    if (!width) return std::nullopt;
    sum += *width;
  }
  return sum;
}

void Renderer::add(const Doc& doc) {
  stack_.push_back({0, false, &doc});
  while (!stack_.empty()) {
    const Step step = stack_.back();
    stack_.pop_back();
    take(step);
  }
}

void Renderer::take(const Step& s) {
  const Doc& d = *s.doc;
  switch (d.kind) {
    case Doc::Kind::kText: write(d.text, s.indent); break;
    case Doc::Kind::kIfBroken:
      if (!s.flat) write(d.text, s.indent);
      break;
    case Doc::Kind::kLine:
      if (!s.flat || comment_) {
        new_line(s.indent);
      } else {
        write(d.text, s.indent);
      }
      break;
    case Doc::Kind::kHard: new_line(s.indent); break;
    case Doc::Kind::kBlank:
      out_ += '\n';
      ++line_;
      break;
    case Doc::Kind::kTrailing:
      // The break before the token it precedes is made already: the comment belongs to the line before.
      if (at_line_begin_ && !out_.empty()) {
        out_.pop_back();
        --line_;
        column_ = column_before_;
        line_indent_ = indent_before_;
        at_line_begin_ = false;
      }
      trim();
      trailing_.push_back({line_, out_.size(), column_, line_indent_});
      out_ += "  " + d.text;
      comment_ = true;
      break;
    case Doc::Kind::kOwn:
      if (!at_line_begin_) new_line(s.indent);
      comment_ = false;
      write(d.text, s.indent);
      comment_ = true;
      break;
    case Doc::Kind::kGroup: push({s.indent, s.flat || fits(s), s.doc}); break;
    case Doc::Kind::kIndent: push({s.indent + d.indent, s.flat, s.doc}); break;
    case Doc::Kind::kAll: push(s); break;
  }
}
void Renderer::push(const Step& s) {
  for (std::size_t i = s.doc->parts.size(); i-- > 0;) stack_.push_back({s.indent, s.flat, &s.doc->parts[i]});
}

void Renderer::trim() {
  while (!out_.empty() && out_.back() == ' ') {
    out_.pop_back();
    if (column_ > 0) --column_;
  }
}
void Renderer::new_line(int indent) {
  trim();
  out_ += '\n';
  ++line_;
  column_before_ = column_;
  indent_before_ = line_indent_;
  column_ = line_indent_ = static_cast<std::size_t>(indent);
  at_line_begin_ = true;
  comment_ = false;
}
void Renderer::write(const std::string& t, int indent) {
  if (t.empty()) return;
  if (comment_) new_line(indent);
  if (at_line_begin_) {
    if (t.find_first_not_of(' ') == std::string::npos) return;
    out_.append(column_, ' ');
    at_line_begin_ = false;
  }
  out_ += t;
  const std::size_t newline = t.rfind('\n');
  if (newline == std::string::npos) {
    column_ += width_of(t);
  } else {
    column_ = width_of(std::string_view(t).substr(newline + 1));
    line_ += static_cast<std::size_t>(std::count(t.begin(), t.end(), '\n'));
  }
}

// Whether the group, and what follows it up to the next place where a line may end, stays within the width.
bool Renderer::fits(const Step& group) const {
  if (comment_) return false;
  std::size_t column = column_;
  std::vector<Step> ahead{{group.indent, true, group.doc}};
  std::size_t rest = stack_.size();
  bool inside = true;
  while (column <= kWidth) {
    if (ahead.empty()) {
      inside = false;
      if (rest == 0) return true;
      ahead.push_back(stack_[--rest]);
    }
    const Step s = ahead.back();
    ahead.pop_back();
    const Doc& d = *s.doc;
    switch (d.kind) {
      case Doc::Kind::kText:
        if (const std::size_t newline = d.text.find('\n'); newline != std::string::npos)
          return column + width_of(std::string_view(d.text).substr(0, newline)) <= kWidth;
        column += width_of(d.text);
        break;
      case Doc::Kind::kIfBroken:
        if (!s.flat) column += width_of(d.text);
        break;
      case Doc::Kind::kLine:
        if (!s.flat) return true;
        column += width_of(d.text);
        break;
      case Doc::Kind::kHard:
      case Doc::Kind::kBlank:
      case Doc::Kind::kTrailing:
      case Doc::Kind::kOwn: return !inside;
      case Doc::Kind::kGroup:
      case Doc::Kind::kIndent:
      case Doc::Kind::kAll:
        // A group that follows can still break: up to its first line.
        for (std::size_t i = d.parts.size(); i-- > 0;) ahead.push_back({s.indent, s.flat, &d.parts[i]});
        break;
    }
  }
  return false;
}

std::string Renderer::finish() {
  trim();
  std::string result;
  std::size_t done = 0;
  for (std::size_t i = 0; i < trailing_.size();) {
    std::size_t end = i + 1;
    while (end < trailing_.size() && trailing_[end].line == trailing_[end - 1].line + 1 && trailing_[end].indent == trailing_[i].indent)
      ++end;
    std::size_t column = 0;
    for (std::size_t k = i; k < end; ++k) column = std::max(column, trailing_[k].column);
    for (; i < end; ++i) {
      result.append(out_, done, trailing_[i].at - done);
      result.append(column - trailing_[i].column, ' ');
      done = trailing_[i].at;
    }
  }
  return result.append(out_, done);
}

}  // namespace flyball::format

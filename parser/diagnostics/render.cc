// Rendering of diagnostics. Door: render.h. Thread safety: pure functions.
#include "parser/diagnostics/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "parser/diagnostics/utf8.h"

namespace flyball {
namespace {

constexpr std::size_t kMaxLineShown = 200;  // code points; of a longer line the part around the mistake is shown

constexpr std::size_t kMaxNoteBytes = 1000;  // a fix may replace a whole line of any length

struct Colors {
  const char *severity, *dim, *bold, *off;
};
Colors colors(bool on, Severity s) {
  if (!on) return {"", "", "", ""};
  return {s == Severity::kError ? "\x1b[1;31m" : "\x1b[1;33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"};
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Text for a terminal: what could steer it (control characters, bytes that are not UTF-8) becomes `·`. One code point
// in, one out, so that carets stay aligned; tabs stay.
std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t n = utf8_length(text.data() + i, text.data() + text.size());
    const bool control = (c < 0x20 && c != '\t') || c == 0x7F || (c == 0xC2 && n == 2 && static_cast<unsigned char>(text[i + 1]) < 0xA0);
    std::size_t stop = i + 1;
    while (stop < text.size() && continues(text[stop])) ++stop;
    if (control || n == 0) {
      out += "·";
    } else {
      out += text.substr(i, n);
    }
    i = stop;
  }
  return out;
}

// The bytes of the first `count` code points.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  while (i < text.size() && count > 0) {
    ++i;
    while (i < text.size() && continues(text[i])) ++i;
    --count;
  }
  return i;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

}  // namespace

std::string fix_text(const Diagnostic& d, const SourceFiles& sources) {
  const std::string_view old = sources.text(d.fix->span);
  // Blanks that keep words apart are no part of what is shown.
  std::string_view shown = d.fix->replacement;
  while (shown.starts_with(' ')) shown.remove_prefix(1);
  while (shown.ends_with(' ')) shown.remove_suffix(1);
  if (shown.empty() && !old.empty() && !d.fix->replacement.empty()) return "fix: a plain blank";
  if (d.fix->replacement.empty()) return fmt::format("fix: remove `{}`", old);
  if (old.empty() && (d.fix->span.begin != d.span.begin || d.fix->span.end != d.span.end)) return fmt::format("fix: insert `{}`", shown);
  return fmt::format("fix: `{}`", shown);
}

std::string render(const Diagnostic& d, const SourceFiles& sources, bool color) {
  const Colors c = colors(color, d.severity);
  const Position at = sources.position(d.span.file, d.span.begin);
  const Position stop = sources.position(d.span.file, std::max(d.span.begin, d.span.end));
  std::string out = fmt::format("{}{}[{}]{}{}: {}{}\n", c.severity, d.severity == Severity::kError ? "error" : "warning", d.code, c.off,
                                c.bold, printable(d.message), c.off);
  const std::string number = std::to_string(at.line);
  const std::string margin(number.size(), ' ');
  out += fmt::format("{}{}-->{} {}:{}:{}\n", std::string(number.size(), ' '), c.dim, c.off, sources.path(d.span.file), at.line, at.column);

  std::string_view line = sources.line_text(d.span.file, at.line);
  std::size_t before = at.column - 1;
  const std::size_t length = code_points(line);
  std::size_t width = stop.line == at.line ? stop.column - at.column : length - std::min(length, before);
  width = std::max<std::size_t>(1, width);
  std::string lead;
  if (length > kMaxLineShown) {
    const std::size_t from = before > kMaxLineShown / 2 ? before - kMaxLineShown / 2 : 0;
    line = line.substr(bytes_of(line, from));
    line = line.substr(0, bytes_of(line, kMaxLineShown));
    if (from > 0) lead = "…";
    before -= from;
    width = std::min(width, kMaxLineShown - std::min(before, kMaxLineShown - 1));
  }
  std::string pad(lead.empty() ? 0 : 1, ' ');
  const std::string_view prefix = line.substr(0, bytes_of(line, before));
  for (const char ch : prefix) {
    if (!continues(ch)) pad += ch == '\t' ? '\t' : ' ';
  }
  out += fmt::format("{}{} |{} {}{}\n", c.dim, number, c.off, lead, printable(line));
  out += fmt::format("{}{} |{} {}{}{}{}", c.dim, margin, c.off, pad, c.severity, std::string(width, '^'), c.off);
  std::string note;
  if (d.fix) note = fix_text(d, sources);
  if (!d.help.empty()) note += note.empty() ? d.help : fmt::format(" ({})", d.help);
  // A fix of several lines would tear the picture.
  std::replace(note.begin(), note.end(), '\n', ' ');
  if (note.size() > kMaxNoteBytes) {
    note = note.substr(0, bytes_of(note, kMaxNoteBytes / 4)) + "…";
  }
  if (!note.empty()) out += " " + printable(note);
  out += "\n";
  return out;
}

std::string render_all(Diagnostics& diagnostics, const SourceFiles& sources, bool color) {
  std::string out;
  for (const Diagnostic& d : diagnostics.all()) {
    if (!out.empty()) out += "\n";
    out += render(d, sources, color);
  }
  if (diagnostics.suppressed() > 0) {
    out += fmt::format("\n{} more not shown ({} of a file are)\n", diagnostics.suppressed(), Diagnostics::kMaxPerFile);
  }
  return out;
}

// JSON is UTF-8; a path or a quoted byte of the source that is not becomes U+FFFD.
std::string json_text(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = utf8_length(text.data() + i, text.data() + text.size());
    if (n == 0) {
      clean += "\xEF\xBF\xBD";
    } else {
      clean += text.substr(i, n);
    }
    i += n == 0 ? 1 : n;
  }
  return quote(clean);
}

std::string render_json(const Diagnostic& d, const SourceFiles& sources) {
  const Position a = sources.position(d.span.file, d.span.begin);
  const Position z = sources.position(d.span.file, std::max(d.span.begin, d.span.end));
  std::string out = fmt::format(
      R"({{"file":{},"line":{},"column":{},"end_line":{},"end_column":{},"severity":"{}","code":"{}","message":{},"help":{},"fix":)",
      json_text(sources.path(d.span.file)), a.line, a.column, z.line, z.column, d.severity == Severity::kError ? "error" : "warning",
      d.code, json_text(d.message), d.help.empty() ? "null" : json_text(d.help));
  if (d.fix) {
    const Position fa = sources.position(d.fix->span.file, d.fix->span.begin);
    const Position fz = sources.position(d.fix->span.file, std::max(d.fix->span.begin, d.fix->span.end));
    out += fmt::format(R"({{"line":{},"column":{},"end_line":{},"end_column":{},"replacement":{}{}}}}})", fa.line, fa.column, fz.line,
                       fz.column, json_text(d.fix->replacement), d.fix->choice ? R"(,"choice":true)" : "");
  } else {
    out += "null}";
  }
  return out;
}

}  // namespace flyball

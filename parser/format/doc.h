// Doc: a text whose line breaks are not decided yet, and the decision: a group stands on one line if it fits, else all
// its lines break. It knows no flyball; layout.h makes Docs of syntax trees. Pure values and functions.
//
// A comment ends its line: whatever follows goes on in the next one, and no group around it can be flat.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flyball::format {

inline constexpr std::size_t kWidth = 140;  // columns of a line, in code points; comments at its end do not count

struct Doc {
  enum class Kind {
    kText,      // may have line breaks of its own (a text block), which stay as they are
    kIfBroken,  // text only where the group around it is broken
    kLine,      // `text` (a blank) where flat, else a new line
    kHard,      // a new line
    kBlank,     // at the beginning of a line: one empty line before it
    kTrailing,  // a comment behind what stands on the line
    kOwn,       // a comment on a line of its own
    kAll,       // parts, one after the other
    kGroup,
    kIndent,  // parts, whose new lines are `indent` deeper
  };
  Kind kind = Kind::kAll;
  int indent = 0;
  std::string text;
  std::vector<Doc> parts;

  Doc& add(Doc d) {
    parts.push_back(std::move(d));
    return *this;
  }
};

inline Doc text(std::string_view t) { return {Doc::Kind::kText, 0, std::string(t), {}}; }
inline Doc blanks(std::size_t n) { return {Doc::Kind::kText, 0, std::string(n, ' '), {}}; }
inline Doc if_broken(std::string t) { return {Doc::Kind::kIfBroken, 0, std::move(t), {}}; }
inline Doc line(std::string_view flat = " ") { return {Doc::Kind::kLine, 0, std::string(flat), {}}; }
inline Doc hard() { return {Doc::Kind::kHard, 0, {}, {}}; }
inline Doc blank() { return {Doc::Kind::kBlank, 0, {}, {}}; }
inline Doc group(Doc d) {
  Doc g{Doc::Kind::kGroup, 0, {}, {}};
  g.add(std::move(d));
  return g;
}
inline Doc indent(int by, Doc d) {
  Doc g{Doc::Kind::kIndent, by, {}, {}};
  g.add(std::move(d));
  return g;
}

// How wide it is on one line; nothing if it cannot stand on one.
std::optional<std::size_t> flat_width(const Doc& doc);

// Docs one after the other → their text; no line ends in blanks. Comments at the ends of neighbouring lines stand in one
// column, also when the lines are of different Docs. Only the text is kept, so memory is that of the largest Doc.
class Renderer {
 public:
  void add(const Doc& doc);
  std::string finish();

 private:
  struct Step {
    int indent;
    bool flat;
    const Doc* doc;
  };
  struct Trailing {
    std::size_t line, at, column, indent;
  };

  void take(const Step& s);
  void push(const Step& s);
  void trim();
  void new_line(int indent);
  void write(const std::string& t, int indent);
  bool fits(const Step& group) const;

  std::vector<Step> stack_;
  std::string out_;
  std::vector<Trailing> trailing_;
  std::size_t line_ = 0, column_ = 0, line_indent_ = 0;
  std::size_t column_before_ = 0, indent_before_ = 0;  // of the line before, without its comment
  bool at_line_begin_ = true;
  bool comment_ = false;  // the line ends in a comment
};

// Code points.
std::size_t width_of(std::string_view t);

}  // namespace flyball::format

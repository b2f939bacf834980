// See format_text.h.
#include "model/format_text.h"

namespace flyball {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<std::vector<FormatPiece>> parse_format(std::string_view format) {
  std::vector<FormatPiece> pieces;
  std::size_t text = 0;
  const auto end_text = [&](std::size_t end) {
    if (end > text) pieces.push_back({format.substr(text, end - text)});
  };
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      ++at;
      continue;
    }
    const std::size_t begin = at++;
    if (at < format.size() && format[at] == '%') {
      end_text(at);  // with the first of the two
      text = ++at;
      continue;
    }
    end_text(begin);
    FormatPiece piece;
    bool has_precision = false;
    if (at < format.size() && format[at] == '.') {
      const std::size_t digits = ++at;
      piece.precision = 0;
      while (at < format.size() && is_digit(format[at]) && piece.precision <= kMaxFormatPrecision)
        piece.precision = piece.precision * 10 + (format[at++] - '0');
      if (at == digits) return fail("a precision is written with digits, as in `%.3f`");
      if (piece.precision > kMaxFormatPrecision) return fail("a precision is at most " + std::to_string(kMaxFormatPrecision));
      has_precision = true;
    }
    if (at == format.size()) return fail("`%` stands alone at the end; a percent sign is written `%%`");
    piece.clause = format[at];
    if (std::string_view("sdfeboxX").find(piece.clause) == std::string_view::npos) {
      std::size_t end = at + 1;
      while (end < format.size() && (static_cast<unsigned char>(format[end]) & 0xC0U) == 0x80U) ++end;
      return fail("there is no clause `%" + std::string(format.substr(at, end - at)) + "`; there are %s %d %f %e %b %o %x %X and %%");
    }
    if (has_precision && piece.clause != 'f' && piece.clause != 'e')
      return fail("only %f and %e take a precision, not %" + std::string(1, piece.clause));
    pieces.push_back(piece);
    text = ++at;
  }
  end_text(format.size());
  return pieces;
}

}  // namespace flyball

# The page of diagnostics as a C++ text: cmake -DPAGE=…/diagnostics.md -DOUT=….cc -P embed.cmake. The page is the one place where codes are
# explained; the program carries it.
file(READ ${PAGE} text)
string(LENGTH "${text}" length)
set(out "#include \"app/diagnostics/pages.h\"\n\nnamespace flyball::app {\n\nstd::string_view diagnostics_page() {\n  static constexpr char kPage[] =\n")
set(at 0)
# A literal may not be of any length; neighbours are joined.
while(at LESS length)
  # They end with a line, so that no character is cut in two.
  string(SUBSTRING "${text}" ${at} 4000 part)
  string(FIND "${part}" "\n" last REVERSE)
  math(EXPR size "${last} + 1")
  if(size EQUAL 0)
    message(FATAL_ERROR "a line of ${PAGE} is too long")
  endif()
  string(SUBSTRING "${part}" 0 ${size} part)
  string(APPEND out "R\"_page_(${part})_page_\"\n")
  math(EXPR at "${at} + ${size}")
endwhile()
string(APPEND out ";\n  return {kPage, sizeof kPage - 1};\n}\n\n}  // namespace flyball::app\n")
file(WRITE ${OUT} "${out}")

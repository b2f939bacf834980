// `flyball explain`: a page for every code of the one table, out of the one page of documentation.
#include "app/diagnostics/pages.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/cli/command.h"
#include "parser/diagnostics/code_titles.h"

namespace flyball::app {
namespace {

struct Said {
  int status;
  std::string out, err;
};
Said said(const std::vector<std::string>& args) {
  char *out = nullptr, *err = nullptr;
  std::size_t out_size = 0, err_size = 0;
  Io io;
  io.out = open_memstream(&out, &out_size);
  io.err = open_memstream(&err, &err_size);
  Said s{run_program(args, io), {}, {}};
  std::fclose(io.out);
  std::fclose(io.err);
  s.out.assign(out, out_size);
  s.err.assign(err, err_size);
  std::free(out);
  std::free(err);
  return s;
}

TEST_CASE("the program carries the page of diagnostics, to the byte") {
  std::ifstream in(FLYBALL_SOURCE_DIR "/docs/reference/diagnostics.md", std::ios::binary);
  std::stringstream page;
  page << in.rdbuf();
  CHECK(diagnostics_page() == page.str());
}

TEST_CASE("explain: every code has its page, under its title, and what its example gives is shown") {
  const std::string list = said({"explain"}).out;
  for (const CodeTitle& t : kCodeTitles) {
    INFO(t.code);
    const CodePage* page = find_code_page(t.code);
    REQUIRE(page != nullptr);
    CHECK(page->title == t.title);
    CHECK(!page->group.empty());
    CHECK(list.find(std::string("  ") + std::string(t.code) + "  " + std::string(t.title) + "\n") != std::string::npos);
    const Said s = said({"explain", std::string(t.code)});
    CHECK(s.status == kExitFine);
    CHECK(s.err.empty());
    for (const CodePart& part : page->parts) {
      if (!part.is_code) continue;
      const std::string checked = checked_example(part.text, false, t.code.starts_with('L') ? t.code : std::string_view{});
      if (part.gives.empty()) {
        CHECK(checked.empty());
      } else {
        CHECK(part.gives == t.code);
        CHECK(checked.find("[" + part.gives + "]: ") != std::string::npos);
        CHECK(s.out.find(t.code.starts_with('L') ? "`flyball lint` says:" : "`flyball check` says:") != std::string::npos);
      }
    }
  }
  CHECK(code_pages().size() == kCodeTitles.size());
}

TEST_CASE("explain: a code as people paste it, and one that is none") {
  const std::string page = said({"explain", "E0203"}).out;
  for (const char* way : {"e0203", "E203", "error[E0203]:", "[E0203]"}) CHECK(said({"explain", way}).out == page);
  const Said other = said({"explain", "W0203"});
  CHECK(other.status == kExitFailed);
  CHECK(other.out.empty());
  CHECK(other.err.find("near ones:\n    E0203  units that do not mix") != std::string::npos);
  CHECK(said({"explain", "E9999"}).status == kExitFailed);
  CHECK(said({"explain", "nothing"}).err.find("`flyball explain` lists all codes") != std::string::npos);
}

}  // namespace
}  // namespace flyball::app

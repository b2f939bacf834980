// tests/golden/check: every NAME.fly beside NAME.expected. What stands there for a package without errors is what the
// checker made of it (roles, keys, numbers of bindings); then the rendered diagnostics, warnings included.
// A line `#--- path` begins another file of the same package. UPDATE_GOLDEN=1 rewrites; the difference is then read.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "parser/diagnostics/render.h"
#include "parser/parser.h"
#include "parser/tables/table_files.h"

using namespace flyball;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

std::vector<fs::path> cases() {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "tests/golden/check")) {
    if (entry.path().extension() == ".fly") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

void add_files(SourceFiles& sources, const std::string& first, const std::string& text) {
  constexpr std::string_view kMark = "#--- ";
  std::string name = first;
  std::string part;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kMark)) {
      part += line + "\n";
      continue;
    }
    if (!part.empty()) REQUIRE(sources.add(name, part));
    name = line.substr(kMark.size());
    part.clear();
  }
  REQUIRE(sources.add(name, part));
}

const char* role(Role r) {
  constexpr const char* kWords[] = {"fact", "event", "mutable fact", "derived fact", "action"};
  return kWords[static_cast<std::size_t>(r)];
}

std::string summary(const ast::RuleSet& set) {
  std::string out;
  for (const FactType& t : set.schema.types) {
    std::string key;
    for (const std::uint32_t k : t.key) key += (key.empty() ? "" : ", ") + t.fields[k].name;
    out += fmt::format("{} {} key ({}) fields {}\n", role(t.role), t.name, key, t.fields.size());
  }
  const auto types = [&](const std::vector<FactTypeId>& ids) {
    std::string text;
    for (const FactTypeId id : ids) text += " " + (id == kNoId ? std::string("?") : set.schema.types[id].local);
    return text;
  };
  for (const ast::RuleDecl& r : set.rules) {
    out += fmt::format("rule {} priority {} identity ({}) lets {} binds{}\n", r.qualified, r.priority_value, fmt::join(r.identity, ", "),
                       r.let_count, types(r.binding_types));
  }
  for (const ast::DecisionDecl& d : set.decisions) {
    out += fmt::format("decision {}\n", d.qualified);
    for (const ast::Case& c : d.cases) out += fmt::format("  case {} binds{}\n", c.name.text, types(c.binding_types));
    if (d.table) out += fmt::format("  table of {} rows\n", d.table->rows.size());
  }
  return out;
}

}  // namespace

TEST_CASE("every golden package checks to what stands beside it", "[golden]") {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  REQUIRE(cases().size() >= 60);
  for (const fs::path& p : cases()) {
    INFO(p.string());
    SourceFiles sources;
    add_files(sources, p.filename().string(), read(p));
    Interner interner;
    Diagnostics out;
    std::vector<ast::File> files;
    for (std::uint32_t i = 0; i < sources.size(); ++i) {
      // Other parts are files that tables stand in.
      if (sources.path(i).ends_with(".fly")) files.push_back(parse_file(sources, i, interner, out));
    }
    const ReadTable nothing = [](const std::string& path) -> Result<std::string> { return fail("`" + path + "`: there is no such file"); };
    for (ast::File& file : files) read_table_files(file, sources, nothing, interner, out);
    const ast::RuleSet set = check_package(std::move(files), sources, interner, out);
    // The name says which kind it is: bad_ has errors, warn_ only warnings, good_ neither.
    const std::string name = p.filename().string();
    CHECK(out.has_errors() == name.starts_with("bad_"));
    CHECK(out.all().empty() == name.starts_with("good_"));
    const std::string text = (out.has_errors() ? std::string{} : summary(set)) + render_all(out, sources);
    fs::path expected = p;
    expected.replace_extension(".expected");
    if (update) {
      std::ofstream(expected, std::ios::binary) << text;
    } else {
      CHECK(text == read(expected));
    }
  }
}

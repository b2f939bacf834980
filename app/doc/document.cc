// Sections of the page: what a reader of a package asks for, in the order of asking. See document.h.
#include "app/doc/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/doc/links.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// A cell of a table: one line, bars escaped.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(const std::string& text) { return text.find('`') == std::string::npos ? "`" + text + "`" : "`` " + text + " ``"; }

class Page {
 public:
  Page(const ReadingContext& package, const Links& links, bool by_file)
      : c_(package), schema_(package.rules.schema), links_(links), by_file_(by_file) {}

  std::string module(const std::string& name) {
    out_.clear();
    module_ = name;
    out_ += fmt::format("{} Module `{}`\n", by_file_ ? "#" : "##", name);
    section("Facts, events and actions", &Page::types);
    section("Params", &Page::params);
    section("Calendars", &Page::calendars);
    section("Decisions", &Page::decisions);
    section("Rules", &Page::rules);
    return out_;
  }

 private:
  void section(const char* title, void (Page::*write)()) {
    const std::string before = std::move(out_);
    out_.clear();
    (this->*write)();
    if (out_.empty()) {
      out_ = before;
    } else {
      out_ = fmt::format("{}\n{} {}\n{}", before, by_file_ ? "##" : "###", title, out_);
    }
  }
  void heading(const char* what, const std::string& name) { out_ += fmt::format("\n{} {} {}\n\n", by_file_ ? "###" : "####", what, name); }
  void doc(const std::string& text) {
    if (!text.empty()) out_ += text + "\n\n";
  }
  std::string link(const Target& t) const { return links_.to(t, module_, by_file_); }
  std::string list(const std::set<Target>& targets) const {
    std::vector<std::string> parts;
    for (const Target& t : targets) parts.push_back(link(t));
    return read_list(parts);
  }

  void types() {
    for (FactTypeId id = 0; id < schema_.types.size(); ++id) {
      const FactType& type = schema_.types[id];
      if (type.module != module_) continue;
      heading(role_word(type.role), type.local);
      doc(type.doc);
      out_ += sentence_of(type) + "\n\n";
      fields(type.fields, type.declared_fields, &type);
      if (!type.result_fields.empty()) {
        out_ += "What its executor answers:\n\n";
        fields(type.result_fields, type.result_fields.size(), nullptr);
      }
      const TypeUses& uses = links_.uses(id);
      if (!uses.makers.empty()) out_ += fmt::format("Made by {}.\n", list(uses.makers));
      if (!uses.users.empty()) out_ += fmt::format("{}Used by {}.\n", uses.makers.empty() ? "" : "\n", list(uses.users));
      if (uses.makers.empty() && uses.users.empty()) out_ += "No rule and no decision of this package makes or uses it.\n";
    }
  }

  std::string sentence_of(const FactType& type) const {
    std::vector<std::string> keys;
    for (const std::uint32_t k : type.key) keys.push_back("`" + type.fields[k].name + "`");
    std::string out = !type.has_key  ? "It has no key."
                      : keys.empty() ? "There is one of it."
                                     : fmt::format("There is one for each {}.", read_list(keys));
    if (type.ttl_ns) out += fmt::format(" Without news for {} it is stale.", read_duration(*type.ttl_ns));
    if (type.lateness_ns != 0) out += fmt::format(" It may come {} out of order.", read_duration(type.lateness_ns));
    if (type.role != Role::kAction) return out;
    if (type.tries > 1) out += fmt::format(" It is tried up to {} times, {} apart.", type.tries, read_duration(type.try_every_ns));
    if (type.timeout_ns) out += fmt::format(" A try that is not answered within {} has failed.", read_duration(*type.timeout_ns));
    if (type.rate_count) {
      out += fmt::format(" At most {} in {} are sent; others {}.", *type.rate_count, read_duration(type.rate_per_ns),
                         type.rate_else_refuse ? "are refused" : "wait");
    }
    if (type.retain_ns) out += fmt::format(" It is forgotten {} after its last change.", read_duration(*type.retain_ns));
    return out;
  }

  void fields(const std::vector<Field>& all, std::size_t count, const FactType* type) {
    if (count == 0) return;
    out_ += "| field | type | default | |\n|---|---|---|---|\n";
    for (std::uint32_t i = 0; i < count && i < all.size(); ++i) {
      const Field& f = all[i];
      const bool key = type != nullptr && type->is_key_field(i);
      out_ += fmt::format("| `{}`{} | {} | {} | {} |\n", f.name, key ? " (key)" : "", cell(code(to_string(f.type))),
                          f.default_value ? cell(code(to_source(*f.default_value, c_.interner))) : "", cell(f.doc));
    }
    out_ += "\n";
  }

  void params() {
    std::string rows;
    for (const Param& p : schema_.params) {
      if (p.name != module_ + "." + p.local) continue;
      const std::string range =
          p.minimum && p.maximum ? code(to_source(*p.minimum, c_.interner) + ".." + to_source(*p.maximum, c_.interner)) : "";
      rows += fmt::format("| `{}` | {} | {} | {} | {} |\n", p.local, cell(code(to_string(p.type))),
                          cell(code(to_source(p.default_value, c_.interner))), cell(range), cell(p.doc));
    }
    if (!rows.empty()) out_ += "\n| param | type | value | range | |\n|---|---|---|---|---|\n" + rows;
  }

  void calendars() {
    std::string rows;
    for (const Calendar& c : schema_.calendars) {
      if (c.name == module_ + "." + c.local) rows += fmt::format("| `{}` | {} | {} |\n", c.local, cell(read_calendar(c)), cell(c.doc));
    }
    if (!rows.empty()) out_ += "\n| calendar | open | |\n|---|---|---|\n" + rows;
  }

  void decisions() {
    for (const ast::DecisionDecl& d : c_.rules.decisions) {
      if (d.qualified != module_ + "." + d.name.text) continue;
      heading("decision", d.name.text);
      doc(d.doc);
      const DecisionType& type = schema_.decisions[d.id];
      out_ += "Asked with:\n\n";
      fields(type.input, type.input.size(), nullptr);
      out_ += fmt::format("Answers{}:\n\n", type.list ? " a list of" : "");
      fields(type.output, type.output.size(), nullptr);
      for (const ast::Case& c : d.cases) out_ += fmt::format("- **{}**. {}\n", c.name.text, read_case(c, c_));
      if (!d.cases.empty()) out_ += "\n";
      if (d.table) table(*d.table);
      if (d.fallback) out_ += fmt::format("Otherwise {}.\n", read_fields(*d.fallback, c_));
      if (d.fail_on_unknown) out_ += "\nIt fails while something it reads is unknown.\n";
    }
  }

  void table(const ast::Table& t) {
    out_ += fmt::format("{}{}:\n\n", d_open(t), t.from ? fmt::format(", from `{}`", t.from->text) : "");
    std::string head, line;
    for (const std::vector<ast::Name>* names : {&t.inputs, &t.outputs}) {
      for (const ast::Name& n : *names) {
        head += names == &t.inputs ? fmt::format("| {} ", n.text) : fmt::format("| **{}** ", n.text);
        line += "|---";
      }
    }
    out_ += head + "|\n" + line + "|\n";
    constexpr std::size_t kMaxRows = 200;  // a page is for people; the file has them all
    for (std::size_t r = 0; r < t.rows.size() && r < kMaxRows; ++r) {
      const ast::TableRow& row = t.rows[r];
      for (const ast::Cell& c : row.inputs) out_ += "| " + (c.wildcard ? std::string("-") : cell(text(c.span))) + " ";
      for (const ast::Expr& e : row.outputs) out_ += "| " + cell(text(e.span)) + " ";
      out_ += "|\n";
    }
    if (t.rows.size() > kMaxRows) out_ += fmt::format("\n… and {} more.\n", plural(t.rows.size() - kMaxRows, "row"));
    out_ += "\n";
  }
  static std::string d_open(const ast::Table& t) {
    return fmt::format("By a table, `{}`", t.policy_name.text.empty() ? "first" : t.policy_name.text);
  }
  std::string text(ast::Span s) const { return std::string(c_.sources.text(s)); }

  void rules() {
    for (std::uint32_t i = 0; i < c_.rules.rules.size(); ++i) {
      const ast::RuleDecl& r = c_.rules.rules[i];
      if (r.qualified != module_ + "." + r.name.text) continue;
      heading("rule", r.name.text);
      doc(r.doc);
      out_ += read_rule(r, c_) + "\n";
      std::vector<std::string> about;
      if (!r.owner.empty()) about.push_back("Owner: " + r.owner + ".");
      if (!r.runbook.empty())
        about.push_back(r.runbook.starts_with("http") ? fmt::format("Runbook: <{}>.", r.runbook) : fmt::format("Runbook: {}.", r.runbook));
      if (!r.tags.empty()) {
        std::vector<std::string> tags;
        for (const std::string& t : r.tags) tags.push_back(code(t));
        about.push_back(fmt::format("Tags: {}.", read_list(tags)));
      }
      if (!about.empty()) out_ += fmt::format("\n{}\n", fmt::join(about, " "));
      const RuleUses& uses = links_.uses_of_rule(i);
      if (!uses.reads.empty())
        out_ += fmt::format("\nReads {}.{}\n", list(uses.reads), uses.makes.empty() ? "" : fmt::format(" Makes {}.", list(uses.makes)));
      if (uses.tests.empty()) {
        out_ += "\nNo test names it.\n";
      } else {
        out_ += "\nTests:\n\n";
        for (const std::string& t : uses.tests) out_ += fmt::format("- {}\n", t);
      }
    }
  }

  const ReadingContext& c_;
  const Schema& schema_;
  const Links& links_;
  bool by_file_;
  std::string module_;
  std::string out_;
};

std::string counted(const ReadingContext& c, const std::string& module) {
  const auto in = [&](const std::string& qualified, const std::string& local) { return qualified == module + "." + local; };
  const auto types =
      std::count_if(c.rules.schema.types.begin(), c.rules.schema.types.end(), [&](const FactType& t) { return t.module == module; });
  const auto rules =
      std::count_if(c.rules.rules.begin(), c.rules.rules.end(), [&](const ast::RuleDecl& r) { return in(r.qualified, r.name.text); });
  const auto decisions = std::count_if(c.rules.decisions.begin(), c.rules.decisions.end(),
                                       [&](const ast::DecisionDecl& d) { return in(d.qualified, d.name.text); });
  std::vector<std::string> parts;
  if (types > 0) parts.push_back(plural(static_cast<std::size_t>(types), "type"));
  if (rules > 0) parts.push_back(plural(static_cast<std::size_t>(rules), "rule"));
  if (decisions > 0) parts.push_back(plural(static_cast<std::size_t>(decisions), "decision"));
  return parts.empty() ? "params" : read_list(parts);
}

}  // namespace

std::string document_page(const ReadingContext& package) {
  const Links links(package.rules);
  std::string out = "# Rules\n\n";
  for (const std::string& m : links.modules()) out += fmt::format("- [`{}`](#module-{}): {}\n", m, anchor(m), counted(package, m));
  Page page(package, links, false);
  for (const std::string& m : links.modules()) out += "\n" + page.module(m);
  return out;
}

std::vector<std::pair<std::string, std::string>> document_pages(const ReadingContext& package) {
  const Links links(package.rules);
  std::vector<std::pair<std::string, std::string>> out;
  std::string index = "# Rules\n\n";
  Page page(package, links, true);
  for (const std::string& m : links.modules()) {
    index += fmt::format("- [`{}`]({}.md): {}\n", m, m, counted(package, m));
    out.emplace_back(m + ".md", page.module(m));
  }
  out.emplace_back("README.md", std::move(index));
  return out;
}

}  // namespace flyball::app

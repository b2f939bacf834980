// Which files make a package, and its analysis. See workspace.h.
#include "app/lsp/workspace.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "app/io/files.h"
#include "app/package/standard.h"
#include "parser/tables/table_files.h"

namespace flyball::app::lsp {
namespace {

namespace fs = std::filesystem;

bool inside(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && (folder.ends_with('/') || path[folder.size()] == '/');
}

// The words after `word` at the beginning of a line: `module m`, `import m`. Read here, before anything is parsed, because which files
// are to be parsed hangs on it.
std::set<std::string> named_after(std::string_view text, std::string_view word) {
  std::set<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(word) || line.size() == word.size() || line[word.size()] != ' ') continue;
    line.remove_prefix(std::min(line.find_first_not_of(' ', word.size()), line.size()));
    names.emplace(line.substr(0, line.find_first_of(" \t\r#")));
  }
  return names;
}

}  // namespace

std::uint32_t Analysis::file(const std::string& path) const {
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    if (sources.path(i) == path) return i;
  }
  return kNoId;
}

std::string Workspace::read(const std::string& path) const {
  const auto it = open_.find(path);
  if (it != open_.end()) return it->second;
  Result<std::string> text = read_text(path, nullptr, SourceFiles::kMaxFileBytes);
  return text ? std::move(*text) : std::string{};  // what cannot be read says nothing; `check` says so
}

bool Workspace::is_root(const std::string& folder) const { return std::find(roots_.begin(), roots_.end(), folder) != roots_.end(); }

std::string Workspace::folder_of(const std::string& path) const {
  std::string folder = fs::path(path).parent_path().string();
  std::set<std::string> wanted = named_after(read(path), "import");
  std::erase_if(wanted, is_standard_module);  // they are there wherever the package ends
  const bool in_root = std::any_of(roots_.begin(), roots_.end(), [&](const std::string& r) { return r == folder || inside(folder, r); });
  while (true) {
    const Result<std::vector<std::string>> files = rule_paths({folder});
    if (files && files->size() <= kMaxPackageFiles) {
      for (const std::string& file : *files) {
        for (const std::string& module : named_after(read(file), "module")) wanted.erase(module);
      }
    }
    const std::string above = fs::path(folder).parent_path().string();
    if (wanted.empty() || !in_root || is_root(folder) || above == folder) break;
    folder = above;
  }
  return wanted.empty() || in_root ? folder : fs::path(path).parent_path().string();
}

void Workspace::open(const std::string& path, std::string text) {
  const bool is_new = !open_.contains(path);
  open_[path] = std::move(text);
  folders_.clear();
  // Which package it is may change with its imports; a text beside it changes what all of its package means.
  std::erase_if(packages_, [&](const auto& p) { return is_new || inside(path, p.first); });
}

void Workspace::close(const std::string& path) {
  open_.erase(path);
  folders_.clear();
  std::erase_if(packages_, [&](const auto& p) { return inside(path, p.first); });
}

const Analysis& Workspace::analyse(const std::string& path) {
  auto known = folders_.find(path);
  if (known == folders_.end()) known = folders_.emplace(path, folder_of(path)).first;
  const std::string& folder = known->second;
  std::unique_ptr<Analysis>& kept = packages_[folder];
  if (kept != nullptr && kept->file(path) != kNoId) return *kept;
  kept = std::make_unique<Analysis>();
  kept->folder = folder;
  std::set<std::string> paths{path};
  if (const Result<std::vector<std::string>> files = rule_paths({folder}); files)
    paths.insert(files->begin(), files->begin() + static_cast<std::ptrdiff_t>(std::min(files->size(), kMaxPackageFiles)));
  for (const auto& [open, text] : open_) {
    if (inside(open, folder) && open.ends_with(".fly")) paths.insert(open);
  }
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  for (const std::string& file : paths) {
    const Result<std::uint32_t> index = kept->sources.add(file, read(file));
    if (index) files.push_back(parse_file(kept->sources, *index, *kept->interner, diagnostics));
  }
  const ReadTable read_table = [&](const std::string& table) -> Result<std::string> {
    const auto it = open_.find(table);
    return it != open_.end() ? Result<std::string>(it->second) : read_text(table, nullptr, kMaxTableFileBytes);
  };
  for (ast::File& file : files) read_table_files(file, kept->sources, read_table, *kept->interner, diagnostics);
  add_standard_modules(files, kept->sources, *kept->interner, diagnostics);
  ast::RuleSet rules = check_package(std::move(files), kept->sources, *kept->interner, diagnostics, &kept->index);
  kept->diagnostics = diagnostics.all();
  kept->schema = std::move(rules.schema);
  kept->tests = std::move(rules.tests);
  return *kept;
}

}  // namespace flyball::app::lsp

// Workspace: the texts an editor has open, the packages they belong to, and what the front end says of them.
//
// A file belongs to the package of its folder; while an import is of a module that no file there declares, the folder above is taken,
// up to the workspace's own. Open texts stand before what is on disk. An Analysis is made when first asked for and kept until a text
// of its package changes. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/parser.h"

namespace flyball::app::lsp {

inline constexpr std::size_t kMaxPackageFiles = 2'000;  // of a package; those beyond it are not read

struct Analysis {
  std::string folder;
  std::unique_ptr<Interner> interner = std::make_unique<Interner>();
  SourceFiles sources;                  // paths as on disk
  std::vector<Diagnostic> diagnostics;  // sorted by file, then place
  SymbolIndex index;
  Schema schema;
  std::vector<ast::TestDecl> tests;

  // kNoId: the path is none of its files.
  std::uint32_t file(const std::string& path) const;
  std::string_view text(std::uint32_t file_index) const { return sources.text(file_index); }
};

class Workspace {
 public:
  void add_root(std::string path) { roots_.push_back(std::move(path)); }
  void open(const std::string& path, std::string text);
  void close(const std::string& path);
  bool is_open(const std::string& path) const { return open_.contains(path); }
  const std::map<std::string, std::string>& open_texts() const { return open_; }
  // Something on disk changed: what was read is read again.
  void forget() {
    packages_.clear();
    folders_.clear();
  }

  // Of the package the file belongs to.
  const Analysis& analyse(const std::string& path);

 private:
  std::string folder_of(const std::string& path) const;  // reads the files of folders until the imports are found
  std::string read(const std::string& path) const;
  bool is_root(const std::string& folder) const;

  std::vector<std::string> roots_;
  std::map<std::string, std::string> open_;                    // path → text
  std::map<std::string, std::string> folders_;                 // path → the folder of its package, until a text changes
  std::map<std::string, std::unique_ptr<Analysis>> packages_;  // by folder
};

}  // namespace flyball::app::lsp

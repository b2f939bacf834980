// The standard vocabulary (rules/std), carried by the program: `import std.network` needs no file.
//
// Door: add_standard_modules, between parsing and checking. A package that has files of such a module itself uses those. It is not the
// checker: a module that is not there is E0306 as any other. Thread safety: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"

namespace flyball::app {

struct StandardModule {
  std::string_view name;  // "std.network"
  std::string_view path;  // what messages show: "<std>/network.fly"
  std::string_view text;
};

const std::vector<StandardModule>& standard_modules();

bool is_standard_module(std::string_view name);
// Whether it stands in no file of the disk, so that nothing can be written to it and no editor can open it.
bool is_standard_path(std::string_view path);

// Adds those modules that `files` import and none of them declares; of a misspelt `std.…` all, so that the message can say which there are.
// Returns how many.
std::size_t add_standard_modules(std::vector<ast::File>& files, SourceFiles& sources, Interner& interner, Diagnostics& diagnostics);

}  // namespace flyball::app

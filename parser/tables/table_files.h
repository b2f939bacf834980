// Tables that stand in files of their own: `table first from "qos.csv"`. Door: read_table_files, between parsing and checking.
//
// A file has a head that names columns, inputs and outputs of the decision by their names, and a row a line: CSV as RFC 4180
// has it, or a table of a Markdown text. Cells say what they say in a rule file, but texts need no quotes there.
// It is not the checker: it knows of a column only whether it holds texts. Reading from a disk is the caller's.
// Limits: kMaxTableFileBytes, kMaxTableRows; beyond them the file is refused.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "model/interner.h"
#include "model/result.h"
#include "parser/ast/ast.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"

namespace flyball {

inline constexpr std::size_t kMaxTableFileBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxTableRows = 10'000;

// The text of the file at `path`, which is relative to the working directory; not more than kMaxTableFileBytes.
using ReadTable = std::function<Result<std::string>(const std::string& path)>;

// Whether a table may stand in a file of this name: `.csv`, `.md`, `.markdown`. Anything else is rules.
bool is_table_file(std::string_view path);

// Fills in the tables of `file` that name a file; paths are relative to the rule file. What is read is added to `sources`,
// so that messages show its lines; what is there already is not read again.
void read_table_files(ast::File& file, SourceFiles& sources, const ReadTable& read, Interner& interner, Diagnostics& out);

}  // namespace flyball

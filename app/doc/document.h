// A package as Markdown: its types, params, decisions, rules with their English readings, and who makes and uses what.
// Pure: rules in, text out; links are relative.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "parser/reading/reading.h"

namespace flyball::app {

// All modules in one page.
std::string document_page(const ReadingContext& package);
// A page for each module, by file name, and `README.md` that lists them.
std::vector<std::pair<std::string, std::string>> document_pages(const ReadingContext& package);

}  // namespace flyball::app

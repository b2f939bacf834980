// Replacing what a file holds: all of the new text or all of the old one, whatever happens in between.
#pragma once

#include <string>
#include <string_view>

#include "model/result.h"

namespace flyball::app {

// Writes a file beside it and renames that. Permissions stay; a link stays one, its target is replaced. Error: what the
// system said; the old file is then untouched. A file that may not be written is not replaced either.
Result<void> replace_file(const std::string& path, std::string_view text);
// The same, or a new file if there is none; into a pipe or a device as it is.
Result<void> write_file(const std::string& path, std::string_view text);

// A file that outlives a power cut as a whole, new or instead of one that is there; readable by its owner only.
Result<void> keep_file(const std::string& path, std::string_view text);

}  // namespace flyball::app

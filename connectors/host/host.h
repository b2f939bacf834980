// The host connector: CPU, memory, load and interfaces of the Linux host it runs on. One thread. Door: run(); the words are
// those after `flyball connect host`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flyball::connectors::host {

extern const std::string_view kHelp;
int run(std::vector<std::string> args);

}  // namespace flyball::connectors::host

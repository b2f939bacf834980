// The haproxy connector: watches one HAProxy by its runtime socket and carries out the actions of rules/lb/types.fly on it.
// Two threads that share nothing: one looks and publishes, one waits for actions (DelServer may take seconds; looking
// must not wait for it). Door: run(); the words are those after `flyball connect haproxy`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flyball::connectors::haproxy {

extern const std::string_view kHelp;
int run(std::vector<std::string> args);

}  // namespace flyball::connectors::haproxy

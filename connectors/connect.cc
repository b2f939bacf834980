// The table of connectors. A new one is one line here.
#include "connectors/connect.h"

#include "connectors/haproxy/haproxy.h"
#include "connectors/host/host.h"

namespace flyball::connectors {

std::span<const Connector> connectors() {
  static const Connector kAll[] = {
      {"haproxy", "facts from and actions on one HAProxy, by its runtime socket", haproxy::kHelp, haproxy::run},
      {"host", "facts of this Linux host: processors, memory, load, interfaces", host::kHelp, host::run},
  };
  return kAll;
}

}  // namespace flyball::connectors

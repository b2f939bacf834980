// What `flyball run` runs with: defaults, then the TOML file, then the command line. A plain value.
// Door: read_config. Unknown keys and values out of range are errors that name the key. docs/reference/configuration.md lists all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/package/package.h"
#include "bus/transport/server.h"
#include "engine/session.h"
#include "model/result.h"
#include "model/time.h"

namespace flyball::app {

// Where a face's endpoints are said.
struct FacePlace {
  static constexpr std::uint32_t kCommandLine = 0xFFFF'FFFF;
  std::string where;        // "flyball.toml:3", "`--bind out=…`"; empty: nowhere, they are the defaults
  std::uint32_t order = 0;  // the line of the file
};

struct ServiceConfig {
  std::vector<std::string> rules;   // files and folders
  std::vector<std::string> params;  // NAME=VALUE
  ParamPlaces param_places;         // of those that a file gave
  bus::ServerConfig bus;
  std::map<std::string, FacePlace> face_places;  // by key: facts plain plain_connect out actions queries
  engine::Limits limits;
  DurationNs ahead_max_ns = 5 * kNsPerSecond;  // a stamp further ahead of its arrival is refused
  DurationNs behind_max_ns = 0;                // one further behind is refused; 0: no limit
  std::vector<std::string> required_sources;   // until all have spoken, nothing is sent
  DurationNs status_every_ns = 0;              // 0: no status lines
  bool json_logs = false;
  bool apply = true;                         // `flyball apply` may load other rules
  std::string record;                        // file that gets every input as it is applied; empty: none
  std::optional<std::string> record_format;  // "compact" or "jsonl"; else its name says it
  std::string actions;                       // file that gets every action line, as `replay` would write it; empty: none
  std::string data;                          // folder for the lock and the endpoints' file; empty: none
  std::size_t drain_facts_max = 65'536;      // facts taken before a tick, however many still wait
};

// Lays the TOML file over `config`. Relative rule paths in it count from the file's folder.
Result<void> read_config(const std::string& path, ServiceConfig& config);

// `facts=tcp://127.0.0.1:0`: binds one face elsewhere; `facts=` turns it off. Faces: facts plain out actions queries.
Result<void> bind_face(const std::string& text, ServiceConfig& config);

// No two faces have one endpoint, given or by default; the error names the place. When all is read.
Result<void> check_faces(const ServiceConfig& config);

}  // namespace flyball::app

// Reading the TOML file. The only file that sees toml++.
#include "app/service/config.h"

#include <fmt/core.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "app/io/files.h"
#include "model/schema.h"
#include "model/suggest.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

using Node = toml::node;
using Set = std::function<Result<void>(const Node&)>;
using Keys = std::map<std::string, Set>;

Result<void> wrong(std::string_view what) { return fail(fmt::format("it must be {}", what)); }

Set text(std::string& to) {
  return [&to](const Node& node) -> Result<void> {
    const auto v = node.value<std::string>();
    if (!v) return wrong("a string");
    to = *v;
    return {};
  };
}

Set choice(std::optional<std::string>& to, std::vector<std::string> words) {
  return [&to, words = std::move(words)](const Node& node) -> Result<void> {
    const auto v = node.value<std::string>();
    if (!v || std::find(words.begin(), words.end(), *v) == words.end())
      return wrong(fmt::format("{} or {}", quote(words.front()), quote(words.back())));
    to = *v;
    return {};
  };
}

Set flag(bool& to) {
  return [&to](const Node& node) -> Result<void> {
    if (!node.is_boolean()) return wrong("true or false");
    to = *node.value<bool>();
    return {};
  };
}

// One string or a list of them.
Set texts(std::vector<std::string>& to) {
  return [&to](const Node& node) -> Result<void> {
    std::vector<std::string> all;
    if (const auto one = node.value<std::string>()) {
      if (!one->empty()) all.push_back(*one);
    } else if (const toml::array* list = node.as_array()) {
      for (const Node& item : *list) {
        const auto v = item.value<std::string>();
        if (!v) return wrong("a list of strings");
        all.push_back(*v);
      }
    } else {
      return wrong("a string or a list of strings");
    }
    to = std::move(all);
    return {};
  };
}

// Endpoints of one face, and where they stand.
Set endpoints(std::vector<std::string>& to, FacePlace& place, const std::string& path) {
  return [&to, &place, &path](const Node& node) -> Result<void> {
    if (Result<void> read = texts(to)(node); !read) return read;
    for (const std::string& one : to) {
      if (Result<void> allowed = bus::check_endpoint(one); !allowed) return allowed;
    }
    place = {fmt::format("{}:{}", path, node.source().begin.line), node.source().begin.line};
    return {};
  };
}

template <typename Number>
Set count(Number& to) {
  return [&to](const Node& node) -> Result<void> {
    const auto v = node.is_integer() ? node.value<std::int64_t>() : std::nullopt;
    if (!v || *v < 1 || static_cast<std::uint64_t>(*v) > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
      return wrong("a whole number above 0");
    to = static_cast<Number>(*v);
    return {};
  };
}

Set duration(DurationNs& to) {
  return [&to](const Node& node) -> Result<void> {
    const auto v = node.value<std::string>();
    const auto ns = v ? parse_duration_ns(*v) : std::nullopt;
    if (!ns || *ns < 0) return wrong("a duration, like \"5s\"");
    to = *ns;
    return {};
  };
}

Result<std::size_t> size_of(const Node& node) {
  const auto text = node.value<std::string>();
  const auto bytes = text && !node.is_integer() ? parse_size_bytes(*text) : std::nullopt;
  if (!bytes || *bytes < 1) {
    std::string tight = text.value_or("");
    std::erase(tight, ' ');
    const bool apart = text && !node.is_integer() && tight != *text && parse_size_bytes(tight).value_or(0) > 0;
    return fail("it must be a size, like \"512MiB\"",
                apart ? fmt::format("a number and its unit are written together: \"{}\"", tight) : "");
  }
  return static_cast<std::size_t>(*bytes);
}

Set size(std::size_t& to) {
  return [&to](const Node& node) -> Result<void> {
    const Result<std::size_t> bytes = size_of(node);
    if (!bytes) return std::unexpected(bytes.error());
    to = *bytes;
    return {};
  };
}

// [limits.rules."package.rule"]: what is otherwise for one rule.
// `line` is that of the entry being read: a section has many.
Set rule_limits(std::map<std::string, engine::RuleLimits>& to, std::uint32_t& line) {
  return [&to, &line](const Node& node) -> Result<void> {
    const toml::table* rules = node.as_table();
    if (rules == nullptr) return wrong("a table of rules by qualified name, each a table");
    for (const auto& [rule, of_rule] : *rules) {
      line = rule.source().begin.line;
      const toml::table* table = of_rule.as_table();
      if (table == nullptr) return fail(fmt::format("`{}` must be a table; quote a name with a dot", rule.str()));
      engine::RuleLimits& limits = to[std::string(rule.str())];
      for (const auto& [key, value] : *table) {
        line = key.source().begin.line;
        const auto known = [&](std::string_view name, std::optional<std::size_t>& one, bool is_size) -> Result<bool> {
          if (key.str() != name) return false;
          std::size_t n = 0;
          if (const Result<void> read = (is_size ? size(n) : count(n))(value); !read)
            return fail(fmt::format("`{}.{}`: {}", rule.str(), name, read.error().message), read.error().help);
          one = n;
          return true;
        };
        const Result<bool> firings = known("firings_per_instant", limits.firings_per_instant, false);
        const Result<bool> matches = known("matches_per_instant", limits.matches_per_instant, false);
        const Result<bool> bytes = known("memory", limits.bytes, true);
        for (const Result<bool>* read : {&firings, &matches, &bytes}) {
          if (!*read) return std::unexpected(read->error());
        }
        if (!*firings && !*matches && !*bytes) {
          return fail(fmt::format("there is no limit `{}` of a rule", key.str()),
                      did_you_mean(nearest(std::string(key.str()), {"firings_per_instant", "matches_per_instant", "memory"})));
        }
      }
    }
    return {};
  };
}

// [limits.facts_of]: "package.Type" = n.
Set type_limits(std::map<std::string, std::size_t>& to, std::uint32_t& line) {
  return [&to, &line](const Node& node) -> Result<void> {
    const toml::table* types = node.as_table();
    if (types == nullptr) return wrong("a table of types by qualified name");
    for (const auto& [type, value] : *types) {
      line = type.source().begin.line;
      if (const Result<void> read = count(to[std::string(type.str())])(value); !read)
        return fail(fmt::format("`{}`: {}; quote a name with a dot", type.str(), read.error().message));
    }
    return {};
  };
}

// NAME = value, whatever the value's type: as `--param` takes it.
Set params(std::vector<std::string>& to, ParamPlaces& places, const std::string& path) {
  return [&to, &places, &path](const Node& node) -> Result<void> {
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong("a table of params");
    for (const auto& [key, value] : *table) {
      std::string written;
      if (const auto s = value.value<std::string>())
        written = *s;
      else if (value.is_boolean())
        written = *value.value<bool>() ? "true" : "false";
      else if (value.is_integer())
        written = std::to_string(*value.value<std::int64_t>());
      else if (value.is_floating_point())
        written = format_double(*value.value<double>());
      else
        return wrong("a string, a number or a boolean for each param");
      to.push_back(std::string(key.str()) + "=" + written);
      places[to.back()] = fmt::format("{}:{}", path, key.source().begin.line);
    }
    return {};
  };
}

Result<void> apply(const toml::table& table, const std::string& prefix, const Keys& keys, const std::string& path, std::uint32_t& line) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const auto found = keys.find(name);
    if (found != keys.end()) {
      line = node.source().begin.line;
      if (const Result<void> done = found->second(node); !done) {
        return fail(fmt::format("{}:{}: `{}`: {}", path, line, name, done.error().message), done.error().help);
      }
      continue;
    }
    if (const toml::table* inner = node.as_table()) {
      const auto after = keys.lower_bound(name + ".");
      if (after != keys.end() && after->first.starts_with(name + ".")) {
        if (const Result<void> done = apply(*inner, name + ".", keys, path, line); !done) return done;
        continue;
      }
    }
    std::vector<std::string> names;
    for (const auto& entry : keys) {
      names.push_back(entry.first);
      const std::string section = entry.first.substr(0, entry.first.find('.'));
      if (prefix.empty() && node.is_table() && section != entry.first && section != names.front()) names.insert(names.begin(), section);
    }
    return fail(fmt::format("{}:{}: there is no setting `{}`", path, node.source().begin.line, name), did_you_mean(nearest(name, names)));
  }
  return {};
}

}  // namespace

Result<void> read_config(const std::string& path, ServiceConfig& c) {
  const Result<std::string> content = read_text(path, stdin, kMaxConfigBytes);
  if (!content) return std::unexpected(content.error());
  const toml::parse_result parsed = toml::parse(*content, path);
  if (!parsed) {
    return fail(fmt::format("{}:{}:{}: {}", path, parsed.error().source().begin.line, parsed.error().source().begin.column,
                            parsed.error().description()));
  }
  std::vector<std::string> rules;
  std::uint32_t line = 0;  // of the setting being read
  bus::ServerLimits& limits = c.bus.limits;
  const Keys keys = {
      {"rules", texts(rules)},
      {"data", text(c.data)},
      {"record", text(c.record)},
      {"record_format", choice(c.record_format, {"compact", "jsonl"})},
      {"actions", text(c.actions)},
      {"required_sources", texts(c.required_sources)},
      {"apply", flag(c.apply)},
      {"params", params(c.params, c.param_places, path)},
      {"endpoints.facts", endpoints(c.bus.facts_bind, c.face_places["facts"], path)},
      {"endpoints.plain", endpoints(c.bus.plain_bind, c.face_places["plain"], path)},
      {"endpoints.plain_connect", endpoints(c.bus.plain_connect, c.face_places["plain_connect"], path)},
      {"endpoints.plain_topics", texts(c.bus.plain_topics)},
      {"endpoints.out", endpoints(c.bus.out_bind, c.face_places["out"], path)},
      {"endpoints.actions", endpoints(c.bus.actions_bind, c.face_places["actions"], path)},
      {"endpoints.queries", endpoints(c.bus.queries_bind, c.face_places["queries"], path)},
      {"time.ahead_max", duration(c.ahead_max_ns)},
      {"time.behind_max", duration(c.behind_max_ns)},
      {"log.json", flag(c.json_logs)},
      {"log.status_every", duration(c.status_every_ns)},
      {"limits.message_bytes", count(limits.message_bytes_max)},
      {"limits.facts_per_message", count(limits.facts_per_message_max)},
      {"limits.batch_questions", count(limits.batch_questions_max)},
      {"limits.sources", count(limits.sources_max)},
      {"limits.executors", count(limits.executors_max)},
      {"limits.outbox_actions", count(limits.outbox_actions_max)},
      {"limits.publisher_credit", count(limits.publisher_credit)},
      {"limits.executor_credit", count(limits.executor_credit_max)},
      {"limits.messages_per_poll", count(limits.messages_per_poll)},
      {"limits.facts_per_poll", count(limits.facts_per_poll)},
      {"limits.receive_queue", count(limits.receive_queue)},
      {"limits.send_queue", count(limits.send_queue)},
      {"limits.executor_silent", duration(limits.executor_silent_ns)},
      {"limits.facts", count(c.limits.facts)},
      {"limits.firings_per_instant", count(c.limits.firings_per_instant)},
      {"limits.matches_per_instant", count(c.limits.matches_per_instant)},
      {"limits.rule_memory", size(c.limits.rule_bytes)},
      {"limits.rules", rule_limits(c.limits.rules, line)},
      {"limits.facts_of", type_limits(c.limits.facts_of_type, line)},
      {"limits.derived_per_instant", count(c.limits.derived_per_instant)},
      {"limits.pending_inputs", count(c.limits.pending_inputs)},
      {"limits.samples_per_key", count(c.limits.samples_per_key)},
      {"limits.explanations", count(c.limits.explanations)},
      {"limits.facts_per_tick", count(c.drain_facts_max)},
  };
  if (const Result<void> done = apply(parsed.table(), "", keys, path, line); !done) return done;
  for (std::string& rule : rules) {
    const std::filesystem::path p(rule);
    c.rules.push_back(p.is_absolute() || path == "-" ? rule : (std::filesystem::path(path).parent_path() / p).string());
  }
  return {};
}

Result<void> check_faces(const ServiceConfig& config) {
  struct Use {
    std::string key, endpoint;
    FacePlace place;
  };
  std::vector<Use> uses;
  const bus::ServerConfig& bus = config.bus;
  const auto add = [&](const std::string& key, const std::vector<std::string>& all) {
    const auto place = config.face_places.find(key);
    for (const std::string& one : all) uses.push_back({key, one, place == config.face_places.end() ? FacePlace{} : place->second});
  };
  add("facts", bus.facts_bind), add("plain", bus.plain_bind), add("plain_connect", bus.plain_connect);
  add("out", bus.out_bind), add("actions", bus.actions_bind), add("queries", bus.queries_bind);
  // Defaults first, then as the file has them, then the command line's: the later one of two is the one to change.
  std::stable_sort(uses.begin(), uses.end(), [](const Use& a, const Use& b) { return a.place.order < b.place.order; });
  std::map<std::string, const Use*> taken;
  for (const Use& use : uses) {
    if (use.endpoint.ends_with(":0") || use.endpoint.ends_with(":*") || use.endpoint == "ipc://*") continue;
    std::string same = use.endpoint;
    constexpr std::string_view kLocalhost = "tcp://localhost:";
    if (same.starts_with(kLocalhost)) same.replace(0, kLocalhost.size(), "tcp://127.0.0.1:");
    const auto [other, fresh] = taken.emplace(same, &use);
    if (fresh) continue;
    const bool by_default = other->second->place.where.empty();
    return fail(fmt::format("{}: `endpoints.{}`: `{}` is `endpoints.{}` {}", use.place.where, use.key, use.endpoint, other->second->key,
                            by_default ? "by default" : "already"),
                by_default ? fmt::format("each face has an endpoint of its own: give `endpoints.{}` another one, too", other->second->key)
                           : "each face has an endpoint of its own");
  }
  return {};
}

Result<void> bind_face(const std::string& given, ServiceConfig& config) {
  bus::ServerConfig& bus = config.bus;
  const std::size_t equals = given.find('=');
  const std::string face = given.substr(0, equals);
  std::map<std::string, std::vector<std::string>*> faces = {{"facts", &bus.facts_bind},
                                                            {"plain", &bus.plain_bind},
                                                            {"out", &bus.out_bind},
                                                            {"actions", &bus.actions_bind},
                                                            {"queries", &bus.queries_bind}};
  const auto found = faces.find(face);
  if (equals == std::string::npos || found == faces.end()) {
    return fail(fmt::format("`--bind {}` is not FACE=ENDPOINT", given), "faces are facts, plain, out, actions and queries");
  }
  const std::string endpoint = given.substr(equals + 1);
  found->second->clear();
  if (endpoint.empty()) return {};
  if (const Result<void> allowed = bus::check_endpoint(endpoint); !allowed) return allowed;
  found->second->push_back(endpoint);
  config.face_places[face] = {fmt::format("`--bind {}`", given), FacePlace::kCommandLine};
  return {};
}

}  // namespace flyball::app

// A large package of varied rules, as text, for benchmarks of the front end: the same text on every machine.
// Ten forms of rules, between them every construct that packages use much. Pure.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace flyball::bench {

struct RulesText {
  std::string path;
  std::string text;
};

// Fact types and actions come in families of one shape.
inline constexpr std::uint32_t kRulesPerFile = 100;
inline constexpr std::uint32_t kFamilies = 100;

inline std::string family_types(std::uint32_t f) {
  return fmt::format(R"fly(
## One end of a link of fabric {0}, as telemetry reports it.
fact Link{0} key (device, port) ttl 45s {{
  device: string
  port:   string
  lag:    string?
  util:   percent
  rate:   bitrate = 0bps
  errors: int = 0
  oper:   "up" | "down" | "testing" = "up"
}}
fact Maintenance{0} key (device) {{ device: string  reason: string = "planned" }}
fact Service{0} key (service) ttl 30s {{ service: string  device: string  load: percent  latency: duration = 0s  address: ip = 10.0.0.1 }}
fact Hot{0} key (device, port) {{ device: string  port: string  util: percent }}
event Flap{0} key (device) {{ device: string  peer: ip }}
action Drain{0} key (device, port) tries 3 every 2s timeout 10s {{ device: string  port: string  reason: string }}
action Undrain{0} key (device, port) {{ device: string  port: string }}
action Scale{0} key (service) rate 20 per 1s {{ service: string  to: int  reason: string }}
param high_util_{0}: percent = 80% range 50%..99%
param max_errors_{0}: int = 100 range 1..100000
)fly",
                     f);
}

inline std::string generated_rule(std::uint32_t i) {
  const std::uint32_t f = i / 10 % kFamilies;
  const std::uint32_t a = i / 10 / kFamilies + 1;  // what differs between rules of one form and family
  switch (i % 10) {
    case 0:
      return fmt::format(R"fly(
## Drains a hot link while another one of its bundle can carry the traffic.
rule drain_hot_{2} {{
  priority {1}
  cooldown 15m per hot.device, hot.lag
  when {{
    hot: Link{0} where oper == "up" and util > high_util_{0} and errors < {1} for 2m
    some Link{0} same device, lag as hot where port != hot.port and util < 60%
    no   Maintenance{0} same device as hot
  }}
  then     {{ do Drain{0} {{ device: hot.device, port: hot.port, reason: f"{{hot.port}} above {{high_util_{0}}}" }} }}
  until    {{ check hot.util < 60% for 5m }}
  on clear {{ do Undrain{0} {{ device: hot.device, port: hot.port }} }}
}}
)fly",
                         f, a, i);
    case 1:
      return fmt::format(R"fly(
rule scale_out_{2} {{
  cooldown 3m per s.service
  owner "team-{1}"
  when {{
    s:    Service{0} where latency < {1}s and service like "web-{1}-*"
    check avg(Service{0}.load where service == s.service over 60s at least 4 samples) > 80% for 30s
    no    Scale{0} same service as s where state in ["proposed", "approved", "sent"]
  }}
  then {{ do Scale{0} {{ service: s.service, to: {1} + 2 > 10 ? 10 : {1} + 2, reason: f"load of {{s.service}} is {{s.load}}" }} }}
}}
)fly",
                         f, a, i);
    case 2:
      return fmt::format(R"fly(
rule hot_{2} {{
  when {{
    l: Link{0} where util > {3}% and oper != "testing" and port like "et-{1}/*" for {1}s
    no Maintenance{0} same device as l
  }}
  then {{ derive Hot{0} {{ device: l.device, port: l.port, util: l.util }} }}
}}
)fly",
                         f, a, i, 50 + a % 50);
    case 3:
      return fmt::format(R"fly(
## Silence of a device that carries a service: somebody should look.
rule silent_{2} {{
  cooldown 1h
  when {{
    s: Service{0} where address in 10.{3}.0.0/16
    h: Hot{0} same device as s where port == "et-{1}/0/0"
    no Link{0} same device as s for {1}m
  }}
  then {{ do Drain{0} {{ device: s.device, port: h.port, reason: "no news from it for {1} minutes" }} }}
}}
)fly",
                         f, a, i, a % 250);
    case 4:
      return fmt::format(R"fly(
rule flapping_{2} {{
  priority {3}
  when {{
    f: Flap{0} where peer in 192.0.2.0/24
    h: Hot{0} same device as f where util >= {3}%
    let flaps = count(Flap{0} where device == f.device over {1}m)
    let errors = sum(Link{0}.errors where device == f.device)
    check flaps > {1} or flaps > 3 and errors > max_errors_{0}
  }}
  then {{ do Drain{0} {{ device: f.device, port: h.port, reason: f"{{flaps}} flaps, {{errors}} errors" }} }}
}}
)fly",
                         f, a, i, a % 100);
    case 5:
      return fmt::format(R"fly(
## Every link of a device is quiet: it can be taken out.
rule quiet_{2} {{
  cooldown {1}m per m.device
  when {{
    m:     Maintenance{0} where reason != "variant {1}"
    every  Link{0} same device as m where oper == "up" satisfies util < {3}%
    l:     Link{0} same device as m where port == "et-{1}/0/0"
  }}
  then {{ do Drain{0} {{ device: m.device, port: l.port, reason: m.reason }} }}
}}
)fly",
                         f, a, i, 1 + a % 40);
    case 6:
      return fmt::format(R"fly(
rule attention_{2} {{
  cooldown 10m
  when {{
    s: Service{0} where not (service like "test-*") and (load > 5% or latency > {1}ms)
    either {{
      some Hot{0} same device as s where util > {3}%
    }} or {{
      check s.latency > {1}s for 1m
    }}
  }}
  then {{ do Scale{0} {{ service: s.service, to: {1}, reason: s.load > 90% ? "busy" : "slow" }} }}
}}
)fly",
                         f, a, i, 50 + a % 49);
    case 7:
      return fmt::format(R"fly(
rule total_{2} {{
  mode shadow
  when {{
    h:    Hot{0} where port == "uplink-{1}"
    let   total = sum(Link{0}.rate where device == h.device and oper == "up")
    check total > {1}Gbps and total < {3}Gbps for 30s
  }}
  then     {{ do Drain{0} {{ device: h.device, port: h.port, reason: f"{{total}} in total" }} }}
  keep 5m
}}
)fly",
                         f, a, i, a + 100);
    case 8:
      return fmt::format(R"fly(
rule bounds_{2} {{
  when {{
    s: Service{0} where load in [{3}%, {4}%, 100%] or load > 40% and latency in 1ms..{1}s
    l: Link{0} same device as s where errors % {5} == 1 and (lag ?? "") != "ae{1}" for 20s
  }}
  then     {{ do Drain{0} {{ device: l.device, port: l.port, reason: f"service {{s.service}}" }} }}
  on clear {{ do Undrain{0} {{ device: l.device, port: l.port }} }}
}}
)fly",
                         f, a, i, a % 90, a % 90 + 5, a + 1);
    default:
      return fmt::format(R"fly(
rule still_used_{2} {{
  cooldown 1h per d.device
  when {{
    d: Drain{0} where state == "acked"
    l: Link{0} same device, port as d where util > {3}% for {1}m
    no Undrain{0} same device, port as d where at >= d.at
  }}
  then {{ log f"{{l.device}} {{l.port}} still carries {{l.rate}} ({1})" }}
}}
)fly",
                         f, a, i, 1 + a % 60);
  }
}

// `rules` rules over the types of as many families as they need; a file for the types and one for every kRulesPerFile rules.
inline std::vector<RulesText> generated_package(std::uint32_t rules) {
  std::vector<RulesText> files;
  RulesText types{"fabric/types.fly", "module fabric\n"};
  for (std::uint32_t f = 0; f < std::min(kFamilies, (rules + 9) / 10); ++f) types.text += family_types(f);
  files.push_back(std::move(types));
  for (std::uint32_t i = 0; i < rules; ++i) {
    if (i % kRulesPerFile == 0) files.push_back({fmt::format("fabric/rules_{:04}.fly", i / kRulesPerFile), "module fabric\n"});
    files.back().text += generated_rule(i);
  }
  return files;
}

}  // namespace flyball::bench

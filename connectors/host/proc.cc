// Small text files, word by word.
#include "connectors/host/proc.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <charconv>
#include <fstream>
#include <unordered_map>

namespace flyball::connectors::host {
namespace {

// /proc/stat of a host with thousands of processors stays below this.
constexpr std::size_t kFileBytesMax = 4 << 20;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return out;
    line.remove_prefix(first);
    const std::size_t end = line.find_first_of(" \t");
    out.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return out;
    line.remove_prefix(end);
  }
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

template <typename Number>
bool to_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(fmt::format("cannot read `{}`", path));
  std::string text;
  char buffer[8192];
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax) return fail(fmt::format("`{}` is longer than {} bytes", path, kFileBytesMax));
  }
  if (in.bad()) return fail(fmt::format("cannot read `{}`", path));
  return text;
}

template <typename Parse>
auto read_and(const std::string& path, Parse parse) -> decltype(parse(std::string_view())) {
  const Result<std::string> text = read_file(path);
  if (!text) return std::unexpected(text.error());
  auto parsed = parse(std::string_view(*text));
  if (!parsed) return fail(fmt::format("`{}`: {}", path, parsed.error().message));
  return parsed;
}

// The interface's name becomes a part of a path: nothing that could leave the folder.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find('/') == std::string_view::npos && name != "." && name != "..";
}

}  // namespace

Result<CpuTicks> parse_stat(std::string_view text) {
  CpuTicks out;
  bool found = false;
  for (const std::string_view line : lines(text)) {
    if (!line.starts_with("cpu")) continue;
    const std::vector<std::string_view> w = words(line);
    if (w[0] != "cpu") {
      ++out.cpus;
      continue;
    }
    // Kernels before 2.6.11 have no steal column; user, nice, system and idle were always there.
    if (w.size() < 5) return fail(fmt::format("a cpu line of {} words", w.size()));
    for (std::size_t i = 0; i < kCpuModes && i + 1 < w.size(); ++i) {
      if (!to_number(w[i + 1], out.ticks[i])) return fail(fmt::format("\"{}\" where a number of ticks belongs", w[i + 1]));
    }
    found = true;
  }
  if (!found) return fail("no cpu line");
  return out;
}

Result<Memory> parse_meminfo(std::string_view text) {
  std::unordered_map<std::string_view, std::int64_t> kilobytes;
  for (const std::string_view line : lines(text)) {
    const std::vector<std::string_view> w = words(line);
    std::int64_t n = 0;
    if (w.size() >= 2 && w[0].ends_with(':') && to_number(w[1], n)) kilobytes.emplace(w[0].substr(0, w[0].size() - 1), n);
  }
  const auto bytes = [&](const char* name) -> std::int64_t {
    const auto found = kilobytes.find(name);
    return found == kilobytes.end() ? 0 : found->second * 1024;
  };
  if (!kilobytes.contains("MemTotal") || !kilobytes.contains("MemFree")) return fail("no MemTotal or MemFree");
  Memory out{bytes("MemTotal"), bytes("MemAvailable"), bytes("MemFree"), bytes("Cached"),
             bytes("Buffers"),  bytes("SwapTotal"),    bytes("SwapFree")};
  // Kernels before 3.14 do not estimate it.
  if (!kilobytes.contains("MemAvailable")) out.available = out.free + out.cached + out.buffers;
  return out;
}

Result<Load> parse_loadavg(std::string_view text) {
  const std::vector<std::string_view> w = words(text.substr(0, text.find('\n')));
  Load out;
  if (w.size() < 4 || !to_number(w[0], out.load1) || !to_number(w[1], out.load5) || !to_number(w[2], out.load15))
    return fail("not three load averages");
  const std::size_t slash = w[3].find('/');
  if (slash == std::string_view::npos || !to_number(w[3].substr(0, slash), out.running) ||
      !to_number(w[3].substr(slash + 1), out.processes)) {
    return fail(fmt::format("\"{}\" where running/processes belongs", w[3]));
  }
  return out;
}

Result<std::vector<InterfaceCounters>> parse_net_dev(std::string_view text) {
  const std::vector<std::string_view> all = lines(text);
  if (all.size() < 2 || all[1].find("bytes") == std::string_view::npos) return fail("no heading");
  std::vector<InterfaceCounters> out;
  for (std::size_t i = 2; i < all.size(); ++i) {
    // An alias may hold a colon (eth0:1); the counters follow the last one.
    const std::size_t colon = all[i].rfind(':');
    if (colon == std::string_view::npos) continue;
    const std::vector<std::string_view> name = words(all[i].substr(0, colon));
    const std::vector<std::string_view> w = words(all[i].substr(colon + 1));
    if (name.size() != 1 || w.size() < 12) return fail(fmt::format("a line of {} counters", w.size()));
    InterfaceCounters c;
    c.name = name[0];
    const std::pair<std::size_t, std::uint64_t*> columns[] = {{0, &c.rx_bytes}, {1, &c.rx_packets}, {2, &c.rx_errors},  {3, &c.rx_drops},
                                                              {8, &c.tx_bytes}, {9, &c.tx_packets}, {10, &c.tx_errors}, {11, &c.tx_drops}};
    for (const auto& [column, target] : columns) {
      if (!to_number(w[column], *target)) return fail(fmt::format("\"{}\" where a counter of {} belongs", w[column], c.name));
    }
    out.push_back(std::move(c));
  }
  return out;
}

Snapshot read_host(const Roots& roots) {
  Snapshot s{read_and(roots.proc + "/stat", parse_stat), read_and(roots.proc + "/meminfo", parse_meminfo),
             read_and(roots.proc + "/loadavg", parse_loadavg), read_and(roots.proc + "/net/dev", parse_net_dev)};
  if (s.interfaces) {
    for (InterfaceCounters& c : *s.interfaces) {
      if (!is_plain_name(c.name)) continue;
      if (const auto text = read_file(roots.sys + "/class/net/" + c.name + "/operstate"); text)
        c.operstate = text->substr(0, text->find('\n'));
    }
  }
  return s;
}

std::string host_name() {
  utsname name{};
  return ::uname(&name) == 0 ? name.nodename : "localhost";
}

}  // namespace flyball::connectors::host

// Reading HAProxy's answers: split, look the columns up once, convert cell by cell.
#include "connectors/haproxy/stats.h"

#include <fmt/format.h>

#include <charconv>
#include <unordered_map>

namespace flyball::connectors::haproxy {
namespace {

// What is quoted from an answer in an error: enough to recognise it.
constexpr std::size_t kQuoteMax = 60;

// In srv_check_state: the check is switched on (0x02 says only that one is configured, as on a server just added).
constexpr std::int64_t kCheckEnabled = 0x04;

std::string quote(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kQuoteMax)) out += (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) ? '?' : c;
  if (text.size() > kQuoteMax) out += "…";
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

// Cells of a CSV line. HAProxy quotes a cell that holds a comma, a quote or a line end ("" is a quote).
std::vector<std::string> csv_cells(std::string_view line) {
  std::vector<std::string> out;
  std::string cell;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        cell += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && cell.empty()) {
      quoted = true;
    } else if (c == ',') {
      out.push_back(std::move(cell));
      cell.clear();
    } else {
      cell += c;
    }
  }
  out.push_back(std::move(cell));
  return out;
}

bool to_number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// One line with its columns by name. The first failure is kept and everything after it is ignored.
class RowReader {
 public:
  RowReader(const std::unordered_map<std::string, std::size_t>& columns, std::string_view command) : columns_(columns), command_(command) {}

  template <typename Cells>
  void next(const Cells& cells) {
    cells_.assign(cells.begin(), cells.end());
  }

  std::string_view text(const char* column) {
    const auto found = columns_.find(column);
    if (found == columns_.end()) {
      refuse(fmt::format("`{}` has no column `{}`", command_, column));
      return {};
    }
    if (found->second >= cells_.size()) {
      refuse(fmt::format("`{}` sent a line of {} cells without `{}`: \"{}\"", command_, cells_.size(), column,
                         quote(cells_.empty() ? "" : cells_[0])));
      return {};
    }
    return cells_[found->second];
  }

  std::optional<std::int64_t> maybe(const char* column) {
    const std::string_view cell = text(column);
    if (cell.empty() || error_) return std::nullopt;
    std::int64_t n = 0;
    if (!to_number(cell, n)) {
      refuse(fmt::format("`{}` sent \"{}\" in column `{}`, where a number belongs", command_, quote(cell), column));
      return std::nullopt;
    }
    return n;
  }

  std::int64_t number(const char* column) { return maybe(column).value_or(0); }
  const std::optional<Error>& error() const { return error_; }

 private:
  void refuse(std::string message) {
    if (!error_) error_ = Error{std::move(message), "is this the runtime socket of HAProxy 2.4 or later?"};
  }

  const std::unordered_map<std::string, std::size_t>& columns_;
  std::string_view command_;
  std::vector<std::string_view> cells_;
  std::optional<Error> error_;
};

template <typename Names>
std::unordered_map<std::string, std::size_t> columns_of(const Names& names) {
  std::unordered_map<std::string, std::size_t> out;
  std::size_t index = 0;
  for (const auto& name : names) out.emplace(std::string(name), index++);
  return out;
}

// HAProxy ends these answers with an empty line. Without it the table was cut off, perhaps at the end of a row: what is
// missing would look like servers that are gone.
Result<void> check_whole(std::string_view text, std::string_view command) {
  if (text.ends_with("\n\n")) return {};
  if (!text.empty() && text.find('\n') == text.size() - 1)
    return fail(fmt::format("`{}` answered \"{}\"", command, quote(text.substr(0, text.size() - 1))));
  return fail(fmt::format("the answer to `{}` was cut off after {} bytes", command, text.size()));
}

StatRow read_stat_row(RowReader& r) {
  StatRow row;
  row.backend = r.text("pxname");
  row.server = r.text("svname");
  row.status = r.text("status");
  row.address = r.text("addr");
  row.check_status = r.text("check_status");
  row.check_text = r.text("check_desc");
  row.check_code = r.maybe("check_code");
  row.weight = r.number("weight");
  row.active_servers = r.number("act");
  row.backup_servers = r.number("bck");
  row.queue = r.number("qcur");
  row.sessions = r.number("scur");
  row.session_rate = r.number("rate");
  row.queue_ms = r.maybe("qtime");
  row.connect_ms = r.maybe("ctime");
  row.response_ms = r.maybe("rtime");
  row.total_ms = r.maybe("ttime");
  row.sessions_total = r.number("stot");
  row.requests = r.number("req_tot");
  row.bytes_in = r.number("bin");
  row.bytes_out = r.number("bout");
  row.responses_1xx = r.number("hrsp_1xx");
  row.responses_2xx = r.number("hrsp_2xx");
  row.responses_3xx = r.number("hrsp_3xx");
  row.responses_4xx = r.number("hrsp_4xx");
  row.responses_5xx = r.number("hrsp_5xx");
  row.responses_other = r.number("hrsp_other");
  row.connect_errors = r.number("econ");
  row.response_errors = r.number("eresp");
  row.retries = r.number("wretr");
  row.redispatches = r.number("wredis");
  row.client_aborts = r.number("cli_abrt");
  row.server_aborts = r.number("srv_abrt");
  row.check_failures = r.number("chkfail");
  row.down_transitions = r.number("chkdown");
  return row;
}

}  // namespace

Result<std::vector<StatRow>> parse_stat(std::string_view text) {
  const std::vector<std::string_view> all = lines(text);
  if (const auto whole = check_whole(text, "show stat"); !whole) return std::unexpected(whole.error());
  if (all.empty() || !all[0].starts_with("# ")) return fail(fmt::format("`show stat` answered \"{}\"", quote(all.empty() ? "" : all[0])));
  const auto columns = columns_of(csv_cells(all[0].substr(2)));
  RowReader reader(columns, "show stat");
  std::vector<StatRow> out;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const std::vector<std::string> cells = csv_cells(all[i]);
    reader.next(cells);
    const std::string_view type = reader.text("type");  // 0 frontend, 1 backend, 2 server, 3 listener
    if (reader.error()) return std::unexpected(*reader.error());
    if (type != "1" && type != "2") continue;
    StatRow row = read_stat_row(reader);
    if (reader.error()) return std::unexpected(*reader.error());
    if (type == "1") row.server.clear();
    out.push_back(std::move(row));
  }
  return out;
}

Result<std::vector<ServerState>> parse_servers_state(std::string_view text) {
  const std::vector<std::string_view> all = lines(text);
  if (const auto whole = check_whole(text, "show servers state"); !whole) return std::unexpected(whole.error());
  // The first line is the version of the format; 1 is the only one there has been.
  if (all.size() < 2 || all[0] != "1" || !all[1].starts_with("# ")) {
    return fail(fmt::format("`show servers state` answered \"{}\"", quote(all.empty() ? "" : all[0])));
  }
  const auto columns = columns_of(words(all[1].substr(2)));
  RowReader reader(columns, "show servers state");
  std::vector<ServerState> out;
  for (std::size_t i = 2; i < all.size(); ++i) {
    reader.next(words(all[i]));
    ServerState s;
    s.backend = reader.text("be_name");
    s.server = reader.text("srv_name");
    s.address = reader.text("srv_addr");
    s.port = reader.number("srv_port");
    const std::int64_t operation = reader.number("srv_op_state");
    s.admin = static_cast<std::uint32_t>(reader.number("srv_admin_state"));
    s.weight = reader.number("srv_uweight");
    s.configured_weight = reader.number("srv_iweight");
    s.has_check = (reader.number("srv_check_state") & kCheckEnabled) != 0;
    if (reader.error()) return std::unexpected(*reader.error());
    if (operation < 0 || operation > 3) return fail(fmt::format("`show servers state` sent srv_op_state {}", operation));
    s.operation = static_cast<Operation>(operation);
    out.push_back(std::move(s));
  }
  return out;
}

Result<ProcessInfo> parse_info(std::string_view text) {
  std::unordered_map<std::string_view, std::string_view> fields;
  for (const std::string_view line : lines(text)) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) fields.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  ProcessInfo info;
  const auto number = [&](const char* name, std::int64_t& out) {
    const auto found = fields.find(name);
    return found != fields.end() && to_number(found->second, out);
  };
  if (const auto found = fields.find("Version"); found != fields.end()) info.version = found->second;
  if (info.version.empty() || !number("Pid", info.pid) || !number("Uptime_sec", info.uptime_s) || !number("CurrConns", info.connections) ||
      !number("ConnRate", info.connection_rate) || !number("Idle_pct", info.idle_percent)) {
    return fail(fmt::format("`show info` answered \"{}\"", quote(text)));
  }
  return info;
}

}  // namespace flyball::connectors::haproxy

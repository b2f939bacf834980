// From a JSON line to a PlainFact.
#include "app/clients/plain_body.h"

#include <fmt/core.h>

#include "app/io/instant.h"
#include "bus/codec/json_reader.h"
#include "bus/codec/shapes.h"
#include "bus/codec/wire_scalar.h"

namespace flyball::app {
namespace {

Result<void> member(bus::JsonReader& json, const std::string& name, bus::FactBody& body) {
  std::string_view text;
  switch (json.peek()) {
    case bus::JsonKind::kNull:
      if (json.read_null()) body.null(name);
      break;
    case bus::JsonKind::kBool: {
      bool b = false;
      if (json.read_bool(b)) body.boolean(name, b);
      break;
    }
    case bus::JsonKind::kString:
      if (json.read_string(text)) body.text(name, text);
      break;
    case bus::JsonKind::kNumber: {
      if (!json.read_number(text)) break;
      // As written: 2.0 may be a ratio, where 2 would be refused as one.
      const bool fraction = text.find_first_of(".eE") != std::string_view::npos;
      const std::optional<std::int64_t> whole = fraction ? std::nullopt : bus::exact_int(text);
      const std::optional<double> real = bus::to_double(text);
      if (whole)
        body.integer(name, *whole);
      else if (real)
        body.real(name, *real);
      else
        return fail(fmt::format("`{}`: {} is out of range", name, text));
      break;
    }
    case bus::JsonKind::kArray: {
      std::vector<std::string> items;
      if (!json.enter_array()) break;
      while (json.next_item()) {
        if (json.peek() != bus::JsonKind::kString || !json.read_string(text))
          return fail(fmt::format("`{}`: only lists of strings can be sent plain", name), "publish it assured, without `--plain`");
        items.emplace_back(text);
      }
      body.texts(name, items);
      break;
    }
    case bus::JsonKind::kObject: return fail(fmt::format("`{}`: maps cannot be sent plain", name), "publish it assured, without `--plain`");
    case bus::JsonKind::kInvalid: break;
  }
  if (json.failed()) return fail(json.error());
  return {};
}

}  // namespace

Result<PlainFact> plain_fact(std::string_view line) {
  bus::JsonReader json(line);
  PlainFact fact;
  std::string_view key, text;
  bool has_data = false;
  if (!json.enter_object()) return fail(json.error());
  while (json.next_key(key)) {
    if (key == "type") {
      if (!json.read_string(text)) break;
      fact.type = text;
    } else if (key == "time") {
      const bool is_string = json.peek() == bus::JsonKind::kString;
      if (!(is_string ? json.read_string(text) : json.read_number(text))) break;
      fact.time = parse_instant(text);
      if (!fact.time) return fail(fmt::format("`{}` is no time", text));
    } else if (key == "op") {
      if (!json.read_string(text)) break;
      const Result<FactOp> op = bus::fact_op(text);
      if (!op) return std::unexpected(op.error());
      fact.op = *op;
    } else if (key == "data") {
      has_data = true;
      if (!json.enter_object()) break;
      while (json.next_key(key)) {
        if (const Result<void> done = member(json, std::string(key), fact.body); !done) return std::unexpected(done.error());
      }
    } else if (key == "ack" || key == "tick" || key == "recovered") {
      return fail(fmt::format("`{}` cannot be sent plain", std::string(key)), "publish it assured, without `--plain`");
    } else if (!json.skip_value()) {
      break;
    }
  }
  if (json.failed() || !json.at_end()) return fail(json.error());
  if (fact.type.empty()) return fail("the fact has no `type`");
  if (!has_data) return fail("the fact has no `data`");
  return fact;
}

}  // namespace flyball::app

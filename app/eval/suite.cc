// The conformance suite's JSON forms, both ways.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "app/eval/eval.h"
#include "bus/codec/base64.h"
#include "bus/codec/json_reader.h"
#include "bus/codec/wire_scalar.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kDepth = 64;  // of a case's values and types

struct Reader {
  bus::JsonReader json;
  Interner& interner;
  std::string error;
  std::vector<std::string> type_variables;  // of the overload being read, in order of appearance

  bool bad(std::string message) {
    if (error.empty()) error = std::move(message);
    return false;
  }

  bool number_text(std::string_view& text) {
    return json.peek() == bus::JsonKind::kString ? json.read_string(text) : json.read_number(text);
  }

  bool real(double& out) {
    std::string_view text;
    if (!number_text(text)) return false;
    if (text == "NaN")
      out = std::nan("");
    else if (text == "Infinity")
      out = INFINITY;
    else if (text == "-Infinity")
      out = -INFINITY;
    else if (const std::optional<double> d = bus::to_double(text))
      out = *d;
    else
      return bad("a double_value is no number");
    return true;
  }

  // {"int64_value":"1"}; null when the object is empty.
  bool value(Value& out) {
    std::string_view key;
    if (!json.enter_object()) return false;
    out = Value::null();
    while (json.next_key(key)) {
      if (!member(std::string(key), out)) return false;
    }
    return !json.failed();
  }

  bool member(const std::string& key, Value& out) {
    std::string_view text;
    if (key == "null_value") return out = Value::null(), json.skip_value();
    if (key == "bool_value") {
      bool b = false;
      if (!json.read_bool(b)) return false;
      return out = Value::boolean(b), true;
    }
    if (key == "int64_value") {
      if (!number_text(text)) return false;
      const std::optional<std::int64_t> n = bus::exact_int(text);
      return n ? (out = Value::integer(*n), true) : bad("an int64_value is no int64");
    }
    if (key == "uint64_value") {
      if (!number_text(text)) return false;
      const std::optional<std::uint64_t> n = bus::exact_uint(text);
      return n ? (out = Value::uinteger(*n), true) : bad("a uint64_value is no uint64");
    }
    if (key == "double_value") {
      double d = 0;
      if (!real(d)) return false;
      return out = Value::real(d), true;
    }
    if (key == "string_value") return json.read_string(text) && (out = interner.string(text), true);
    if (key == "type_value") return json.read_string(text) && (out = interner.type_name(text), true);
    if (key == "bytes_value") {
      if (!json.read_string(text)) return false;
      const std::optional<std::string> raw = bus::decode_base64(text);
      return raw ? (out = interner.bytes(*raw), true) : bad("a bytes_value is no base64");
    }
    if (key == "list_value") return list(out);
    if (key == "map_value") return map(out);
    return bad(fmt::format("there is no value form `{}` here", key));
  }

  bool list(Value& out) {
    std::vector<Value> items;
    std::string_view key;
    if (!json.enter_object()) return false;
    while (json.next_key(key)) {
      if (key != "values") return bad("a list_value has `values`");
      if (!json.enter_array()) return false;
      while (json.next_item()) {
        if (!value(items.emplace_back())) return false;
      }
    }
    return !json.failed() && (out = interner.list(items), true);
  }

  bool map(Value& out) {
    std::vector<MapEntry> entries;
    std::string_view key;
    if (!json.enter_object()) return false;
    while (json.next_key(key)) {
      if (key != "entries") return bad("a map_value has `entries`");
      if (!json.enter_array()) return false;
      while (json.next_item()) {
        MapEntry& entry = entries.emplace_back();
        if (!json.enter_object()) return false;
        while (json.next_key(key)) {
          if (!value(key == "key" ? entry.key : entry.value)) return false;
        }
      }
    }
    return !json.failed() && (out = interner.map(entries), true);
  }

  bool types(std::vector<Type>& out) {
    if (!json.enter_array()) return false;
    while (json.next_item()) {
      if (!type(out.emplace_back())) return false;
    }
    return !json.failed();
  }

  bool abstract_type(Type& out) {
    std::string_view key, word;
    std::string name;
    std::vector<Type> parameters;
    if (!json.enter_object()) return false;
    while (json.next_key(key)) {
      if (key == "name") {
        if (!json.read_string(word)) return false;
        name = word;
      } else if (key == "parameter_types") {
        if (!types(parameters)) return false;
      } else {
        return bad("an abstract_type has `name` and `parameter_types`");
      }
    }
    if (name == "optional_type" && parameters.size() == 1) {
      out = Type::of(TypeTag::kOptional);
    } else if (name == "net.IP" || name == "net.CIDR") {
      out = Type::of(name == "net.IP" ? TypeTag::kIp : TypeTag::kCidr);
    } else {
      out = Type::of(TypeTag::kAbstract);
      out.members = {std::move(name)};
    }
    out.args = std::move(parameters);
    return !json.failed();
  }

  bool type(Type& out) {
    std::string_view key;
    out = Type::of(TypeTag::kDyn);
    if (!json.enter_object()) return false;
    while (json.next_key(key)) {
      const std::string form(key);
      std::string_view word;
      if (form == "primitive" || form == "well_known") {
        if (!json.read_string(word)) return false;
        if (word == "BOOL")
          out = Type::of(TypeTag::kBool);
        else if (word == "INT64")
          out = Type::of(TypeTag::kInt);
        else if (word == "UINT64")
          out = Type::of(TypeTag::kUint);
        else if (word == "DOUBLE")
          out = Type::of(TypeTag::kDouble);
        else if (word == "STRING")
          out = Type::of(TypeTag::kString);
        else if (word == "BYTES")
          out = Type::of(TypeTag::kBytes);
        else if (word == "DURATION")
          out = Type::of(TypeTag::kDuration);
        else if (word == "TIMESTAMP")
          out = Type::of(TypeTag::kTimestamp);
        else if (word != "ANY")
          return bad(fmt::format("there is no type {} here", word));
      } else if (form == "null") {
        out = Type::of(TypeTag::kNull);
        if (!json.skip_value()) return false;
      } else if (form == "dyn") {
        if (!json.skip_value()) return false;
      } else if (form == "type_param") {
        if (!json.read_string(word)) return false;
        auto at = std::find(type_variables.begin(), type_variables.end(), word);
        if (at == type_variables.end()) {
          if (type_variables.size() == kMaxTypeVariables) return bad("an overload has too many type parameters");
          at = type_variables.insert(at, std::string(word));
        }
        out = Type::variable(static_cast<std::uint32_t>(at - type_variables.begin()) + 1);
      } else if (form == "abstract_type") {
        if (!abstract_type(out)) return false;
      } else if (form == "type") {
        Type inner = Type::of(TypeTag::kDyn);
        if (!type(inner)) return false;
        out = Type::of(TypeTag::kTypeType);
        out.args.push_back(std::move(inner));
      } else if (form == "list_type" || form == "map_type") {
        Type first = Type::of(TypeTag::kDyn), second = first;
        if (!json.enter_object()) return false;
        while (json.next_key(key)) {
          if (!type(key == "value_type" ? second : first)) return false;
        }
        out = form == "list_type" ? Type::list_of(std::move(first)) : Type::map_of(std::move(first), std::move(second));
      } else {
        return bad(fmt::format("there is no type form `{}` here", form));
      }
    }
    return !json.failed();
  }
};

struct Case {
  std::string expr;
  std::vector<Binding> bindings;
  EvalOptions options;
};

Binding& named(std::vector<Binding>& bindings, const std::string& name) {
  for (Binding& b : bindings) {
    if (b.name == name) return b;
  }
  return bindings.emplace_back(Binding{name, Type::of(TypeTag::kDyn), Value::unknown()});
}

bool read_overloads(Reader& r, const std::string& name, std::vector<FunctionDeclaration>& functions) {
  std::string_view key;
  if (!r.json.enter_object()) return false;
  while (r.json.next_key(key)) {
    if (key != "overloads") {
      if (!r.json.skip_value()) return false;
      continue;
    }
    if (!r.json.enter_array()) return false;
    while (r.json.next_item()) {
      FunctionDeclaration& f = functions.emplace_back();
      f.name = name;
      f.result = Type::of(TypeTag::kDyn);
      r.type_variables.clear();
      if (!r.json.enter_object()) return false;
      while (r.json.next_key(key)) {
        const bool good = key == "params"                 ? r.types(f.parameters)
                          : key == "result_type"          ? r.type(f.result)
                          : key == "is_instance_function" ? r.json.read_bool(f.method)
                                                          : r.json.skip_value();
        if (!good) return false;
      }
      if (f.method && f.parameters.empty()) return r.bad("a method has a receiver among its `params`");
    }
  }
  return !r.json.failed();
}

bool read_environment(Reader& r, std::vector<Binding>& bindings, std::vector<FunctionDeclaration>& functions) {
  std::string_view key;
  if (!r.json.enter_array()) return false;
  while (r.json.next_item()) {
    std::string name;
    Type type = Type::of(TypeTag::kDyn);
    bool is_function = false;
    if (!r.json.enter_object()) return false;
    while (r.json.next_key(key)) {
      std::string_view text;
      if (key == "function") {
        if (name.empty()) return r.bad("a declaration begins with its `name`");
        is_function = true;
        if (!read_overloads(r, name, functions)) return false;
      } else if (key == "name") {
        if (!r.json.read_string(text)) return false;
        name = text;
      } else if (key == "ident") {
        if (!r.json.enter_object()) return false;
        while (r.json.next_key(key)) {
          if (key == "type" ? !r.type(type) : !r.json.skip_value()) return false;
        }
      } else {
        return r.bad(fmt::format("a {} cannot be declared here", std::string(key)));
      }
    }
    if (!is_function) named(bindings, name).type = std::move(type);
  }
  return !r.json.failed();
}

bool read_bindings(Reader& r, std::vector<Binding>& bindings) {
  std::string_view key;
  if (!r.json.enter_object()) return false;
  while (r.json.next_key(key)) {
    const std::string name(key);
    Value v;
    if (!r.json.enter_object()) return false;
    while (r.json.next_key(key)) {
      if (key == "value" ? !r.value(v) : !r.json.skip_value()) return false;
    }
    named(bindings, name).value = v;
  }
  return !r.json.failed();
}

bool read_case(Reader& r, Case& c) {
  std::string_view key, text;
  if (!r.json.enter_object()) return false;
  bool has_expr = false;
  while (r.json.next_key(key)) {
    if (key == "expr") {
      if (!r.json.read_string(text)) return false;
      c.expr = text;
      has_expr = true;
    } else if (key == "container") {
      if (!r.json.read_string(text)) return false;
      c.options.container = text;
    } else if (key == "disable_check") {
      if (!r.json.read_bool(c.options.disable_check)) return false;
    } else if (key == "check_only") {
      if (!r.json.read_bool(c.options.check_only)) return false;
    } else if (key == "bindings") {
      if (!read_bindings(r, c.bindings)) return false;
    } else if (key == "type_env") {
      if (!read_environment(r, c.bindings, c.options.functions)) return false;
    } else if (!r.json.skip_value()) {
      return false;
    }
  }
  if (!r.json.at_end()) return false;
  return has_expr || r.bad("the case has no `expr`");
}

void append_object(std::string& out, std::string_view type, std::string_view value) {
  out += fmt::format("{{\"object_value\":{{\"@type\":{},\"value\":{}}}}}", quote(type), value);
}

}  // namespace

void append_suite_value(std::string& out, const Value& v, const Interner& in) {
  switch (v.kind) {
    case Kind::kNull: out += "{\"null_value\":null}"; return;
    case Kind::kBool: out += v.as_bool() ? "{\"bool_value\":true}" : "{\"bool_value\":false}"; return;
    case Kind::kInt: out += fmt::format("{{\"int64_value\":\"{}\"}}", v.as_int()); return;
    case Kind::kUint: out += fmt::format("{{\"uint64_value\":\"{}\"}}", v.as_uint()); return;
    case Kind::kDouble: {
      const double d = v.as_double();
      if (std::isnan(d))
        out += "{\"double_value\":\"NaN\"}";
      else if (std::isinf(d))
        out += d > 0 ? "{\"double_value\":\"Infinity\"}" : "{\"double_value\":\"-Infinity\"}";
      else
        out += fmt::format("{{\"double_value\":{}}}", format_double(d));
      return;
    }
    case Kind::kString: out += fmt::format("{{\"string_value\":{}}}", quote(in.text(v))); return;
    case Kind::kBytes: out += fmt::format("{{\"bytes_value\":\"{}\"}}", bus::encode_base64(in.text(v))); return;
    case Kind::kType: out += fmt::format("{{\"type_value\":{}}}", quote(in.text(v))); return;
    case Kind::kList: {
      out += "{\"list_value\":{";
      const std::span<const Value> items = in.items(v);
      for (std::size_t i = 0; i < items.size(); ++i) {
        out += i == 0 ? "\"values\":[" : ",";
        append_suite_value(out, items[i], in);
      }
      out += items.empty() ? "}}" : "]}}";
      return;
    }
    case Kind::kMap: {
      out += "{\"map_value\":{";
      const std::span<const MapEntry> entries = in.entries(v);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        out += i == 0 ? "\"entries\":[{\"key\":" : ",{\"key\":";
        append_suite_value(out, entries[i].key, in);
        out += ",\"value\":";
        append_suite_value(out, entries[i].value, in);
        out += '}';
      }
      out += entries.empty() ? "}}" : "]}}";
      return;
    }
    case Kind::kDuration: return append_object(out, "type.googleapis.com/google.protobuf.Duration", quote(format_duration(v.as_int())));
    case Kind::kTimestamp: return append_object(out, "type.googleapis.com/google.protobuf.Timestamp", quote(format_timestamp(v)));
    default: {
      // Our own kinds and optionals, in the JSON form facts have.
      std::string json;
      if (v.is(Kind::kOptional)) {
        if (v.as_handle() == kNoHandle)
          json = "null";
        else
          append_suite_value(json, in.optional_value(v), in);
        return append_object(out, "flyball.optional", json);
      }
      append_json(json, v, in);
      append_object(out, "flyball.value", json);
    }
  }
}

void append_suite_type(std::string& out, const Type& type) {
  switch (type.tag) {
    case TypeTag::kNull: out += "{\"null\":null}"; return;
    case TypeTag::kBool: out += "{\"primitive\":\"BOOL\"}"; return;
    case TypeTag::kInt: out += "{\"primitive\":\"INT64\"}"; return;
    case TypeTag::kUint: out += "{\"primitive\":\"UINT64\"}"; return;
    case TypeTag::kDouble: out += "{\"primitive\":\"DOUBLE\"}"; return;
    case TypeTag::kEnum:
    case TypeTag::kString: out += "{\"primitive\":\"STRING\"}"; return;
    case TypeTag::kBytes: out += "{\"primitive\":\"BYTES\"}"; return;
    case TypeTag::kDuration: out += "{\"well_known\":\"DURATION\"}"; return;
    case TypeTag::kTimestamp: out += "{\"well_known\":\"TIMESTAMP\"}"; return;
    case TypeTag::kList:
      out += "{\"list_type\":{\"elem_type\":";
      append_suite_type(out, type.args[0]);
      out += "}}";
      return;
    case TypeTag::kMap:
      out += "{\"map_type\":{\"key_type\":";
      append_suite_type(out, type.args[0]);
      out += ",\"value_type\":";
      append_suite_type(out, type.args[1]);
      out += "}}";
      return;
    case TypeTag::kTypeType:
      out += "{\"type\":";
      if (type.args.empty())
        out += "{}";
      else
        append_suite_type(out, type.args[0]);
      out += '}';
      return;
    case TypeTag::kOptional:
      out += "{\"abstract_type\":{\"name\":\"optional_type\",\"parameter_types\":[";
      append_suite_type(out, type.args[0]);
      out += "]}}";
      return;
    case TypeTag::kError:
    case TypeTag::kDyn: out += "{\"dyn\":{}}"; return;
    case TypeTag::kIp: out += "{\"abstract_type\":{\"name\":\"net.IP\"}}"; return;
    case TypeTag::kCidr: out += "{\"abstract_type\":{\"name\":\"net.CIDR\"}}"; return;
    case TypeTag::kAbstract:
      out += fmt::format("{{\"abstract_type\":{{\"name\":{}", quote(type.members[0]));
      for (std::size_t i = 0; i < type.args.size(); ++i) {
        out += i == 0 ? ",\"parameter_types\":[" : ",";
        append_suite_type(out, type.args[i]);
      }
      out += type.args.empty() ? "}}" : "]}}";
      return;
    default: out += fmt::format("{{\"abstract_type\":{{\"name\":{}}}}}", quote(to_string(type))); return;
  }
}

std::string evaluate_case(std::string_view line) {
  const auto error = [](std::string_view message) { return fmt::format("{{\"error\":{}}}", quote(message)); };
  // A world of its own for each case, so that cases do not share content and memory stays bounded.
  Interner interner;
  Reader reader{bus::JsonReader(line, kDepth), interner, {}};
  Case c;
  if (!read_case(reader, c))
    return error(reader.error.empty() ? (reader.json.failed() ? reader.json.error() : "the case cannot be read") : reader.error);
  SourceFiles sources;
  Diagnostics diagnostics;
  const Result<Evaluated> result = evaluate_text(c.expr, c.bindings, c.options, sources, interner, diagnostics);
  if (!result) return error(result.error().message);
  std::string out;
  if (c.options.check_only) {
    out = "{\"type\":";
  } else {
    if (result->value.is_error()) {
      const std::string_view text = interner.text(result->value);
      return error(text.empty() ? "unknown" : text);
    }
    out = "{\"value\":";
    append_suite_value(out, result->value, interner);
    out += ",\"type\":";
  }
  append_suite_type(out, result->type);
  return out + "}";
}

}  // namespace flyball::app

// Types as text, and whether a Value is of one; see type.h.
#include "model/type.h"

#include <algorithm>

#include "model/interner.h"

namespace flyball {

namespace {

const char* word(TypeTag tag) {
  switch (tag) {
    case TypeTag::kError: return "error";
    case TypeTag::kDyn: return "dyn";
    case TypeTag::kNull: return "null";
    case TypeTag::kBool: return "bool";
    case TypeTag::kInt: return "int";
    case TypeTag::kUint: return "uint";
    case TypeTag::kDouble: return "double";
    case TypeTag::kString: return "string";
    case TypeTag::kBytes: return "bytes";
    case TypeTag::kDuration: return "duration";
    case TypeTag::kTimestamp: return "timestamp";
    case TypeTag::kPercent: return "percent";
    case TypeTag::kSize: return "size";
    case TypeTag::kBitrate: return "bitrate";
    case TypeTag::kPps: return "pps";
    case TypeTag::kTimeOfDay: return "time_of_day";
    case TypeTag::kIp: return "ip";
    case TypeTag::kCidr: return "cidr";
    case TypeTag::kRange: return "range";
    case TypeTag::kList: return "list";
    case TypeTag::kMap: return "map";
    case TypeTag::kEnum: return "enum";
    case TypeTag::kFact: return "fact";
    case TypeTag::kRecord: return "record";
    case TypeTag::kTypeType: return "type";
    case TypeTag::kOptional: return "optional";
    case TypeTag::kAbstract: return "abstract";
    case TypeTag::kVariable: return "variable";
  }
  return "error";
}

}  // namespace

std::string to_string(const Type& type) {
  std::string out;
  switch (type.tag) {
    case TypeTag::kEnum:
      for (const std::string& m : type.members) {
        if (!out.empty()) out += " | ";
        out += '"' + m + '"';
      }
      if (type.nullable) out = '(' + out + ')';
      break;
    case TypeTag::kRecord:
      out = "{";
      for (std::size_t i = 0; i < type.members.size(); ++i) {
        out += (i == 0 ? " " : ", ") + type.members[i];
        if (i < type.args.size()) out += ": " + to_string(type.args[i]);
      }
      out += type.members.empty() ? "}" : " }";
      break;
    default:
      if (type.tag == TypeTag::kVariable) {
        out = static_cast<char>('A' + (type.fact_type - 1) % 26);
      } else {
        out = type.tag == TypeTag::kAbstract && !type.members.empty() ? type.members[0] : word(type.tag);
      }
      if (!type.args.empty()) {
        out += '<';
        for (std::size_t i = 0; i < type.args.size(); ++i) out += (i == 0 ? "" : ", ") + to_string(type.args[i]);
        out += '>';
      }
  }
  if (type.nullable) out += '?';
  return out;
}

Kind kind_of(const Type& type) {
  switch (type.tag) {
    case TypeTag::kNull: return Kind::kNull;
    case TypeTag::kBool: return Kind::kBool;
    case TypeTag::kInt: return Kind::kInt;
    case TypeTag::kUint: return Kind::kUint;
    case TypeTag::kDouble: return Kind::kDouble;
    case TypeTag::kString:
    case TypeTag::kEnum: return Kind::kString;
    case TypeTag::kBytes: return Kind::kBytes;
    case TypeTag::kDuration: return Kind::kDuration;
    case TypeTag::kTimestamp: return Kind::kTimestamp;
    case TypeTag::kPercent: return Kind::kPercent;
    case TypeTag::kSize: return Kind::kSize;
    case TypeTag::kBitrate: return Kind::kBitrate;
    case TypeTag::kPps: return Kind::kPps;
    case TypeTag::kTimeOfDay: return Kind::kTimeOfDay;
    case TypeTag::kIp: return Kind::kIp;
    case TypeTag::kCidr: return Kind::kCidr;
    case TypeTag::kRange: return Kind::kRange;
    case TypeTag::kList: return Kind::kList;
    case TypeTag::kMap:
    case TypeTag::kRecord: return Kind::kMap;
    case TypeTag::kTypeType: return Kind::kType;
    case TypeTag::kOptional: return Kind::kOptional;
    case TypeTag::kError:
    case TypeTag::kDyn:
    case TypeTag::kAbstract:
    case TypeTag::kVariable:
    case TypeTag::kFact: return Kind::kError;
  }
  return Kind::kError;
}

bool value_matches(const Value& v, const Type& type, const Interner& in) {
  if (v.is_error()) return false;
  if (type.tag == TypeTag::kDyn) return true;
  if (v.is_null()) return type.nullable || type.tag == TypeTag::kNull;
  if (v.kind != kind_of(type)) return false;
  switch (type.tag) {
    case TypeTag::kEnum: return std::find(type.members.begin(), type.members.end(), in.text(v)) != type.members.end();
    case TypeTag::kList:
      if (type.args.empty()) return true;
      return std::ranges::all_of(in.items(v), [&](const Value& item) { return value_matches(item, type.args[0], in); });
    case TypeTag::kMap:
      if (type.args.size() < 2) return true;
      return std::ranges::all_of(in.entries(v), [&](const MapEntry& e) {
        return value_matches(e.key, type.args[0], in) && value_matches(e.value, type.args[1], in);
      });
    case TypeTag::kRange:
      if (type.args.empty()) return true;
      return value_matches(in.range_of(v).lower, type.args[0], in) && value_matches(in.range_of(v).upper, type.args[0], in);
    case TypeTag::kOptional: return v.aux == kNoHandle || type.args.empty() || value_matches(in.optional_value(v), type.args[0], in);
    case TypeTag::kRecord:
      // Every entry is a member of its type; a member that is left out counts as null.
      for (const MapEntry& e : in.entries(v)) {
        const auto it = e.key.is(Kind::kString) ? std::find(type.members.begin(), type.members.end(), in.text(e.key)) : type.members.end();
        if (it == type.members.end()) return false;
        const auto i = static_cast<std::size_t>(it - type.members.begin());
        if (!value_matches(e.value, type.args[i], in) && !e.value.is_null()) return false;
      }
      return true;
    default: return true;
  }
}

}  // namespace flyball

// Facts as CLIPS reads them.
#include <cctype>

#include "benchmarks/classical/data.h"

namespace flyball::bench::classical {
namespace {

std::string clips_value(const Scalar& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "TRUE" : "FALSE";
  return std::get<std::string>(value);
}

}  // namespace

std::string clips_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0) {
      if (!out.empty()) out += '-';
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else {
      out += c == '_' ? '-' : c;
    }
  }
  return out;
}

std::string clips_facts(const std::vector<Datum>& data) {
  std::string out = "(deffacts given\n";
  for (const Datum& datum : data) {
    out += "  (" + clips_name(datum.type);
    for (const auto& [field, value] : datum.fields) out += " (" + clips_name(field) + " " + clips_value(value) + ")";
    out += ")\n";
  }
  return out + ")\n";
}

}  // namespace flyball::bench::classical

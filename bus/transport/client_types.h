// What clients hand over and get: fields to send (FactBody), fields received (FieldsView). No schema is needed on this side.
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/time.h"

namespace flyball::bus {

// The fields of one fact or result, written in order, already as MessagePack. clear() keeps the memory.
class FactBody {
 public:
  FactBody& text(std::string_view field, std::string_view utf8);  // strings, enums, ip, cidr; and "92%", "2m", "10Gbps"
  FactBody& integer(std::string_view field, std::int64_t n);      // int, size, bitrate, pps
  FactBody& real(std::string_view field, double d);               // double; a percent as its ratio; a duration in seconds
  FactBody& boolean(std::string_view field, bool b);
  FactBody& null(std::string_view field);
  FactBody& duration(std::string_view field, DurationNs ns);  // exact
  FactBody& timestamp(std::string_view field, Timestamp t);   // exact
  FactBody& texts(std::string_view field, const std::vector<std::string>& list);
  void clear();
  std::size_t size() const { return count_; }
  const std::string& packed() const { return bytes_; }  // keys and values, without the map's head

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

// Received fields: scalars by name, lists and maps as JSON.
class FieldsView {
 public:
  bool has(std::string_view field) const { return find(field) != nullptr; }
  bool is_null(std::string_view field) const;
  std::optional<std::string> text(std::string_view field) const;
  std::optional<std::int64_t> integer(std::string_view field) const;
  std::optional<double> real(std::string_view field) const;  // integers, too
  std::optional<bool> boolean(std::string_view field) const;
  // Any field as JSON; "null" when it is not there.
  std::string json(std::string_view field) const;
  // All of them: {"backend":"web","server":"s1"}
  std::string json() const;
  std::vector<std::string> names() const;

  // Filled by the client that received them.
  void add(std::string name, std::string json_value);

 private:
  const std::string* find(std::string_view field) const;
  std::vector<std::pair<std::string, std::string>> members_;  // name, value as JSON
};

}  // namespace flyball::bus

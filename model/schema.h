// Schema: the shapes of everything that crosses a border: fact types, actions, decisions, params.
// Built by the checker, read by the engine and the codecs; immutable afterwards. Ids are indexes into the vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/calendar.h"
#include "model/time.h"
#include "model/type.h"
#include "model/value.h"

namespace flyball {

using FactTypeId = std::uint32_t;
using DecisionId = std::uint32_t;
inline constexpr std::uint32_t kNoId = 0xFFFF'FFFF;
inline constexpr std::size_t kMaxFields = 64;  // per type; field sets are 64-bit masks

enum class Role : std::uint8_t {
  kFact,     // state, published from outside
  kEvent,    // a moment, published from outside
  kMutable,  // state rules may assert, set and retract; may be put from outside
  kDerived,  // a `fact` some rule derives; never put from outside
  kAction,   // made by `do`; also a fact, see action_field
};

enum class LatePolicy : std::uint8_t { kApply, kDrop, kDivert };

struct Field {
  std::string name;
  Type type;
  std::optional<Value> default_value;  // taken when a put leaves the field out
  std::string doc;
};

// The built-in fields every action type has after its declared ones, in this order.
enum class ActionField : std::uint8_t { kId, kState, kAt, kTries, kResult, kRule };
inline constexpr std::size_t kActionFieldCount = 6;

struct FactType {
  std::string name;    // qualified: net.types.LinkStats
  std::string module;  // net.types
  std::string local;   // LinkStats
  std::string doc;
  Role role = Role::kFact;
  std::vector<Field> fields;       // for actions: declared ones, then the built-in ones
  std::vector<std::uint32_t> key;  // field indexes in key order
  bool has_key = false;            // `key ()` is has_key with an empty key: a singleton
  std::optional<DurationNs> ttl_ns;
  DurationNs lateness_ns = 0;
  LatePolicy late = LatePolicy::kApply;

  // kAction only.
  std::size_t declared_fields = 0;  // fields[0 .. declared_fields) are the author's (for every role)
  std::vector<Field> result_fields;
  std::uint32_t tries = 1;
  DurationNs try_every_ns = 0;
  std::optional<DurationNs> timeout_ns;
  std::optional<std::uint32_t> rate_count;
  DurationNs rate_per_ns = 0;
  bool rate_else_refuse = false;
  std::optional<DurationNs> retain_ns;

  std::uint32_t field_index(std::string_view field_name) const;  // kNoId if none; O(fields)
  std::uint32_t action_field(ActionField f) const { return static_cast<std::uint32_t>(declared_fields + static_cast<std::size_t>(f)); }
  bool is_event() const { return role == Role::kEvent; }
  bool is_key_field(std::uint32_t index) const;
  bool has_only_key_fields() const { return key.size() == fields.size(); }
};

struct Param {
  std::string name;  // qualified
  std::string local;
  std::string doc;
  Type type;
  Value default_value;
  std::optional<Value> minimum;  // inclusive, with maximum: `range 50%..99%`
  std::optional<Value> maximum;
};

// Which of the rows that hold answer (DMN 1.3, §8.2.10).
enum class HitPolicy : std::uint8_t {
  kFirst,
  kUnique,
  kAny,
  kPriority,
  kCollect,
  kCollectSum,
  kCollectMin,
  kCollectMax,
  kCollectCount,
  kRuleOrder,
  kOutputOrder
};

struct DecisionType {
  std::string name;  // qualified
  std::string local;
  std::string doc;
  std::vector<Field> input;
  std::vector<Field> output;
  bool list = false;  // the answer is a list of such outputs (`table collect`, `rule order`, `output order`)
};

class Schema {
 public:
  std::vector<FactType> types;
  std::vector<Param> params;
  std::vector<DecisionType> decisions;
  std::vector<Calendar> calendars;

  // Makes the name lookups below agree with the vectors; call after filling them. O(names).
  void index();

  // By qualified name, or by local name when only one type has it. On failure `id` is kNoId and `candidates` names
  // what it could be: all types of that local name (ambiguous), or all the nearest by edit distance (misspelt).
  struct Lookup {
    std::uint32_t id = kNoId;
    bool ambiguous = false;
    std::vector<std::string> candidates;
  };
  Lookup find_type(std::string_view name) const;
  Lookup find_decision(std::string_view name) const;
  Lookup find_param(std::string_view name) const;
  FactTypeId type_id(std::string_view name) const { return find_type(name).id; }

 private:
  std::unordered_map<std::string, std::vector<std::uint32_t>> type_names_, decision_names_, param_names_;
};

// All of `names` at the smallest edit distance from `word`, capitals aside, if that is near enough to be a slip: of one or
// two letters nothing but other capitals is, of up to five one slip, of up to eight two, of more three.
std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace flyball

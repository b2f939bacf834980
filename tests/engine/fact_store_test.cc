// The facts of a type in packed rows, against rows of Values: every kind of field, null and not, values of other kinds than the type's,
// stale facts, facts that are there no more and come back.
#include "engine/network/fact_store.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/engine/dice.h"

namespace flyball::engine {
namespace {

constexpr TypeTag kTags[] = {TypeTag::kBool, TypeTag::kInt,     TypeTag::kUint,     TypeTag::kDouble,    TypeTag::kString,
                             TypeTag::kEnum, TypeTag::kBytes,   TypeTag::kDuration, TypeTag::kTimestamp, TypeTag::kPercent,
                             TypeTag::kSize, TypeTag::kBitrate, TypeTag::kPps,      TypeTag::kTimeOfDay, TypeTag::kIp,
                             TypeTag::kCidr, TypeTag::kRange,   TypeTag::kList,     TypeTag::kMap,       TypeTag::kDyn};

Value of_kind(Kind kind, Dice& dice) {
  const auto n = static_cast<std::int64_t>(dice.below(3)) - 1;
  switch (kind) {
    case Kind::kNull: return Value::null();
    case Kind::kBool: return Value::boolean(n > 0);
    case Kind::kDouble: return Value::real(n == 0 ? -0.0 : static_cast<double>(n) / 3);
    case Kind::kTimestamp: return Value::timestamp(n * 62'135'596'800, static_cast<std::uint32_t>(dice.below(3)));
    case Kind::kError: return dice.below(2) == 0 ? Value::unknown() : Value::handle(Kind::kError, 7);
    default: break;
  }
  if (kind >= Kind::kString) return Value::handle(kind, static_cast<std::uint32_t>(n + 1) * 0x7FFF'FFFEU);  // the greatest handle, too
  return {kind, 0, 0, 0, n < 0 ? INT64_MIN : n > 0 ? INT64_MAX : 5};
}

Value any_value(const Type& type, Dice& dice, std::uint64_t misfits) {
  if (dice.below(100) < misfits) return of_kind(static_cast<Kind>(dice.below(static_cast<std::uint64_t>(Kind::kError) + 1)), dice);
  if (type.nullable && dice.below(3) == 0) return Value::null();
  const Kind kind = kind_of(type);
  return of_kind(kind == Kind::kError ? static_cast<Kind>(dice.below(static_cast<std::uint64_t>(Kind::kError))) : kind, dice);
}

FactType any_type(Dice& dice, bool keyed) {
  FactType type;
  type.role = keyed || dice.below(2) == 0 ? Role::kFact : Role::kEvent;
  const std::size_t fields = 1 + dice.below(dice.below(4) == 0 ? 64 : 6);
  for (std::size_t i = 0; i < fields; ++i) {
    Field field;
    field.type = Type::of(kTags[dice.below(std::size(kTags))]);
    field.type.nullable = dice.below(3) == 0;
    type.fields.push_back(std::move(field));
  }
  type.declared_fields = fields;
  type.has_key = keyed;
  for (std::uint32_t f = 0; keyed && f < fields; ++f) {
    if (dice.below(3) == 0) type.key.push_back(f);
  }
  if (dice.below(2) == 0) type.ttl_ns = 1;
  return type;
}

struct Kept {
  FactStatus status = FactStatus::kAbsent;
  std::vector<Value> row;
};

TEST_CASE("packed rows are the rows of Values that were written", "[facts]") {
  const auto misfits = GENERATE(0, 3, 40);
  Dice dice{static_cast<std::uint64_t>(misfits) + 1};
  for (int round = 0; round < 150; ++round) {
    const FactType type = any_type(dice, dice.below(4) != 0);
    FactTotals totals;
    FactStore store(type, totals);
    const std::size_t width = type.fields.size();
    std::map<FactId, Kept> model;
    const auto is_key = [&](std::size_t f) { return (store.key_fields() >> f & 1U) != 0; };
    const auto check = [&](FactId f, const Kept& kept) {
      const Row row = store.row(f), last = store.last_row(f);
      REQUIRE(last.values(width) == kept.row);
      REQUIRE(last.equals(kept.row));
      const bool stale = kept.status == FactStatus::kStale;
      for (std::size_t i = 0; i < width; ++i) {
        const Value wanted = stale && !is_key(i) ? Value::unknown() : kept.row[i];
        REQUIRE(row[i] == wanted);
        std::int64_t bits = 0;
        const Kind kind = static_cast<Kind>(dice.below(static_cast<std::uint64_t>(Kind::kError) + 1));
        if (row.bits(i, kind, bits)) {
          REQUIRE(wanted.kind == kind);
          REQUIRE(bits == (wanted.is_handle() ? static_cast<std::int64_t>(wanted.aux) : wanted.bits));
        }
      }
      if (store.has_liveness_slot()) REQUIRE(row[width] == (stale ? Value::unknown() : Value::null()));
    };
    for (int step = 0; step < 60; ++step) {
      std::vector<Value> values(width);
      for (std::size_t i = 0; i < width; ++i) values[i] = any_value(type.fields[i].type, dice, static_cast<std::uint64_t>(misfits));
      const FactId known = store.find(values.data());
      const FactId f = store.find_or_make(values.data());
      REQUIRE((known == kNone || known == f));
      if (known == kNone) {
        // Nothing is known of it but its key.
        for (std::size_t i = 0; i < width; ++i) REQUIRE(store.last_row(f)[i] == (is_key(i) ? values[i] : Value::null()));
        store.pin(f);
        model[f] = {};
      }
      Kept& kept = model[f];
      std::uint64_t wanted = store.all_fields();
      if (kept.status == FactStatus::kStale) wanted &= ~store.key_fields();
      for (std::size_t i = 0; kept.status == FactStatus::kLive && i < width; ++i) {
        if (kept.row[i] == values[i]) wanted &= ~(std::uint64_t{1} << i);
      }
      REQUIRE(store.write(f, values.data()) == wanted);
      if (store.timed()) store.times(f).expires = Timestamp{static_cast<std::int64_t>(f) + 1};
      kept = {FactStatus::kLive, values};
      // And something happens to another.
      auto other = model.begin();
      std::advance(other, static_cast<std::ptrdiff_t>(dice.below(model.size())));
      switch (dice.below(4)) {
        case 0:
          if (other->second.status != FactStatus::kLive) break;
          REQUIRE(store.make_stale(other->first) == (store.all_fields() & ~store.key_fields()));
          other->second.status = FactStatus::kStale;
          break;
        case 1:
          store.make_absent(other->first);
          other->second.status = FactStatus::kAbsent;
          if (dice.below(2) == 0) break;
          store.unpin(other->first);  // its record is free for another
          model.erase(other);
          break;
        case 2:
          if (other->second.status != FactStatus::kAbsent) break;
          for (std::size_t i = 0; i < width; ++i) {
            if (!is_key(i)) other->second.row[i] = any_value(type.fields[i].type, dice, static_cast<std::uint64_t>(misfits));
          }
          store.set_last_row(other->first, other->second.row.data());
          break;
        default: break;
      }
      for (const auto& [id, of] : model) {
        check(id, of);
        if (store.timed()) REQUIRE(store.times(id).expires == Timestamp{static_cast<std::int64_t>(id) + 1});
      }
    }
  }
}

TEST_CASE("a row takes what its kinds need", "[facts]") {
  const auto bytes = [](std::initializer_list<Type> types) {
    FactType type;
    for (const Type& t : types) type.fields.push_back({"", t, {}, {}});
    return RowLayout(type, 0).bytes();
  };
  const auto nullable = [](TypeTag tag) {
    Type type = Type::of(tag);
    type.nullable = true;
    return type;
  };
  const Type text = Type::of(TypeTag::kString), whole = Type::of(TypeTag::kInt), flag = Type::of(TypeTag::kBool);
  CHECK(bytes({}) == 0);
  CHECK(bytes({flag}) == 8);
  CHECK(bytes({whole, whole, flag, whole}) == 32);
  CHECK(bytes({text, text, nullable(TypeTag::kString), nullable(TypeTag::kIp)}) == 16);
  CHECK(bytes({text, text, text, whole}) == 24);
  CHECK(bytes({nullable(TypeTag::kInt), Type::of(TypeTag::kTimestamp), Type::of(TypeTag::kDyn)}) == 48);
}

}  // namespace
}  // namespace flyball::engine

// Finding reaches: one walk of a condition for each field and form that may answer for it.
#include "engine/compile/reach.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "engine/compile/conditions.h"
#include "engine/expr/order_place.h"
#include "model/text.h"
#include "model/text_pattern.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;
using Form = Reach::Form;

namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min(), kHighest = std::numeric_limits<std::int64_t>::max();

const Expr& followed(const Expr& e, const std::vector<const Expr*>& lets) {
  const Expr* at = &e;
  while (at->ref.kind == RefKind::kLet && at->ref.index < lets.size() && lets[at->ref.index] != nullptr) at = lets[at->ref.index];
  return *at;
}

bool is_field_of(const Expr& e, std::uint32_t own) {
  return (e.kind == ExprKind::kName || e.kind == ExprKind::kSelect) && e.ref.kind == RefKind::kField && e.ref.binding == own;
}

using Fields = std::map<std::pair<std::uint32_t, std::uint32_t>, const Type*>;  // by binding and field
void collect_fields(const Expr& e, const std::vector<const Expr*>& lets, Fields& out) {
  const Expr& at = followed(e, lets);
  if (at.ref.kind == RefKind::kField) {
    out.try_emplace({at.ref.binding, at.ref.field}, &at.type);
    return;
  }
  for (const Expr& a : at.args) collect_fields(a, lets, out);
}

bool serves(Form form, const Type& type) {
  const Kind kind = kind_of(type);
  switch (form) {
    case Form::kValues: return is_hashable(type);
    case Form::kNetworks: return kind == Kind::kIp || kind == Kind::kCidr;
    case Form::kHeads:
    case Form::kTails: return kind == Kind::kString;
    case Form::kIntervals: return has_place(kind);
  }
  return false;
}

// The same number as a value of the kind, if there is one.
std::optional<Value> number_as(Kind kind, const Value& v) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  if (v.kind == kind) return v;
  if (kind == Kind::kDouble && v.is(Kind::kInt) && v.as_int() >= -kExact && v.as_int() <= kExact) {
    return Value::real(static_cast<double>(v.as_int()));
  }
  if (kind == Kind::kUint && v.is(Kind::kInt) && v.as_int() >= 0) return Value::uinteger(static_cast<std::uint64_t>(v.as_int()));
  if (kind == Kind::kInt && v.is(Kind::kUint) && v.as_uint() <= static_cast<std::uint64_t>(kHighest)) {
    return Value::integer(static_cast<std::int64_t>(v.as_uint()));
  }
  return std::nullopt;
}

// The text that a glob begins with (ends with): what stands before its first wildcard (behind its last).
std::string literal_end(std::string_view glob, bool head) {
  std::string out;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '*' || glob[i] == '?') {
      if (head) break;
      out.clear();
      continue;
    }
    if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
    out += glob[i];
  }
  return out;
}

auto order_of(const Value& v) { return std::tuple(v.kind, v.aux, v.bits); }
auto order_of(const Cidr& c) { return std::tuple(c.address.is_v4, c.prefix_length, c.address.bytes); }

template <typename T>
void keep_one_each(std::vector<T>& all) {
  std::sort(all.begin(), all.end(), [](const T& a, const T& b) { return order_of(a) < order_of(b); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

void join_touching(std::vector<Reach::Interval>& intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::vector<Reach::Interval> out;
  for (const Reach::Interval& i : intervals) {
    if (i.low > i.high) continue;
    if (!out.empty() && (out.back().high == kHighest || i.low <= out.back().high + 1)) {
      out.back().high = std::max(out.back().high, i.high);
    } else {
      out.push_back(i);
    }
  }
  intervals = std::move(out);
}

// About one in 2^bits of the values that are met: a guess, from the length of what is fixed.
std::uint32_t bits_of(const Reach& r) {
  constexpr std::uint32_t kHashBits = 24, kBoundedBits = 8, kBitsOfByte = 4;
  std::uint32_t fixed = r.form == Form::kValues ? kHashBits : 128;
  for (const Cidr& c : r.networks) fixed = std::min<std::uint32_t>(fixed, c.address.is_v4 ? c.prefix_length : c.prefix_length / 2U);
  for (const std::string& t : r.texts) fixed = std::min<std::uint32_t>(fixed, static_cast<std::uint32_t>(t.size()) * kBitsOfByte);
  for (const Reach::Interval& i : r.intervals) fixed = std::min(fixed, i.low == kLowest || i.high == kHighest ? 1U : kBoundedBits);
  const auto spread = static_cast<std::uint32_t>(std::bit_width(r.values.size() + r.networks.size() + r.texts.size() + r.intervals.size()));
  return fixed - std::min(fixed, spread == 0 ? 0 : spread - 1);
}

// The reach of one field in one form.
class Finder {
 public:
  // `whole`: only of conditions that do nothing else than to compare the field with constants.
  Finder(std::uint32_t own, std::uint32_t field, Form form, Kind kind, const std::vector<const Expr*>& lets, const ExprContext& context,
         bool whole)
      : own_(own), field_(field), form_(form), kind_(kind), lets_(lets), context_(context), whole_(whole) {}

  std::optional<Reach> all_of(const std::vector<const Expr*>& parts) const {
    std::optional<Reach> out;
    for (const Expr* part : parts) {
      std::optional<Reach> r = find(*part);
      if (!r && whole_) return std::nullopt;
      if (!r) continue;
      const bool null_fails = r->null_fails || (out && out->null_fails);
      if (out && form_ == Form::kIntervals) {
        out = in_both(*out, *r);
      } else if (!out || bits_of(*r) > bits_of(*out)) {
        out = std::move(r);
      }
      out->null_fails = null_fails;
    }
    return out;
  }

 private:
  Reach none() const {
    return {.field = field_,
            .form = form_,
            .kind = kind_,
            .null_fails = false,
            .bits = 0,
            .values = {},
            .networks = {},
            .texts = {},
            .intervals = {}};
  }
  bool is_mine(const Expr& e) const {
    const Expr& at = followed(e, lets_);
    return is_field_of(at, own_) && at.ref.field == field_;
  }
  std::optional<Value> constant(const Expr& e) const { return constant_of(followed(e, lets_), context_); }

  std::optional<Reach> find(const Expr& written) const {
    const Expr& e = followed(written, lets_);
    switch (e.kind) {
      case ExprKind::kAnd: {
        std::vector<const Expr*> parts;
        for (const Expr& a : e.args) parts.push_back(&a);
        return all_of(parts);
      }
      case ExprKind::kOr: {
        Reach out = none();
        out.null_fails = true;
        for (const Expr& a : e.args) {
          const std::optional<Reach> r = find(a);
          if (!r) return std::nullopt;
          add(out, *r);
          out.null_fails = out.null_fails && r->null_fails;
        }
        return out;
      }
      case ExprKind::kBinary: return of_operator(e);
      case ExprKind::kCall: return of_call(e);
      default: return std::nullopt;
    }
  }

  std::optional<Reach> of_operator(const Expr& e) const {
    const Expr &l = e.args[0], &r = e.args[1];
    const bool turn = !is_mine(l);
    if (turn && (e.op == Op::kIn || e.op == Op::kLike || !is_mine(r))) return std::nullopt;
    switch (e.op) {
      case Op::kEqual: {
        const std::optional<Value> c = constant(turn ? l : r);
        return c ? equal_to(*c) : std::nullopt;
      }
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual: {
        if (form_ != Form::kIntervals) return std::nullopt;
        const std::optional<Value> c = constant(turn ? l : r);
        return c ? beyond(turn ? mirrored(e.op) : e.op, *c) : std::nullopt;
      }
      case Op::kIn: {
        const std::optional<Value> c = constant(r);
        return c ? inside(*c) : std::nullopt;
      }
      case Op::kLike: {
        if (kind_ != Kind::kString) return std::nullopt;
        const std::optional<Value> c = constant(r);
        return c && c->is(Kind::kString) ? like(*c) : std::nullopt;
      }
      default: return std::nullopt;
    }
  }

  std::optional<Reach> of_call(const Expr& e) const {
    if (e.args.size() != 2) return std::nullopt;
    if (e.fn == (form_ == Form::kHeads ? Fn::kStartsWith : Fn::kEndsWith) && (form_ == Form::kHeads || form_ == Form::kTails)) {
      const std::optional<Value> c = is_mine(e.args[0]) ? constant(e.args[1]) : std::nullopt;
      return c && c->is(Kind::kString) ? ends_with(std::string(context_.interner->text(*c))) : std::nullopt;
    }
    if (form_ == Form::kNetworks && e.fn == (kind_ == Kind::kIp ? Fn::kContainsIp : Fn::kContainsCidr)) {
      const std::optional<Value> c = is_mine(e.args[1]) ? constant(e.args[0]) : std::nullopt;
      return c && c->is(Kind::kCidr) ? inside(*c) : std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<Reach> equal_to(const Value& c) const {
    std::optional<Reach> out = none();
    if (c.is_null() && form_ != Form::kValues) return out;  // null, and nothing else
    switch (form_) {
      case Form::kValues:
        if (c.kind != kind_ && !c.is_null()) return std::nullopt;
        out->values = {c};  // null is found by value, too
        break;
      case Form::kNetworks:
        if (c.kind != kind_) return std::nullopt;
        if (kind_ == Kind::kCidr) {
          out->networks = {clear_host_bits(context_.interner->cidr_of(c))};
        } else {
          const IpAddress& ip = context_.interner->ip_of(c);
          out->networks = {{ip, static_cast<std::uint8_t>(ip.is_v4 ? 32 : 128)}};
        }
        break;
      case Form::kHeads:
      case Form::kTails:
        if (c.kind == kind_) out = ends_with(std::string(context_.interner->text(c)));
        if (c.kind != kind_ || !out) return std::nullopt;
        break;
      case Form::kIntervals: {
        const std::optional<Value> n = number_as(kind_, c);
        if (!n) return std::nullopt;
        if (!is_nan(*n)) out->intervals = {{order_place(*n), order_place(*n)}};
        break;
      }
    }
    out->null_fails = true;
    return out;
  }

  std::optional<Reach> beyond(Op op, const Value& c) const {
    const std::optional<Value> n = number_as(kind_, c);
    if (!n || is_nan(*n)) return std::nullopt;
    const std::int64_t at = order_place(*n);
    const bool strict = (op == Op::kLess || op == Op::kGreater) && has_own_place(kind_);
    Reach out = none();
    if (op == Op::kGreater || op == Op::kGreaterEqual) {
      if (!strict || at != kHighest) out.intervals = {{strict ? at + 1 : at, kHighest}};
    } else if (!strict || at != kLowest) {
      out.intervals = {{kLowest, strict ? at - 1 : at}};
    }
    return out;
  }

  std::optional<Reach> inside(const Value& c) const {
    Reach out = none();
    if (c.is(Kind::kCidr)) {
      if (form_ != Form::kNetworks) return std::nullopt;
      out.networks = {clear_host_bits(context_.interner->cidr_of(c))};
      return out;
    }
    if (c.is(Kind::kRange)) return form_ == Form::kIntervals ? between(context_.interner->range_of(c)) : std::nullopt;
    if (!c.is(Kind::kList)) return std::nullopt;
    out.null_fails = true;  // it is in no range and no prefix of a list
    for (const Value& item : context_.interner->items(c)) {
      const bool holds_more = item.is(Kind::kRange) || (item.is(Kind::kCidr) && form_ != Form::kValues);
      if (item.is(Kind::kCidr) && form_ == Form::kValues) return std::nullopt;  // holds more than itself
      const std::optional<Reach> r = holds_more ? inside(item) : equal_to(item);
      if (!r) return std::nullopt;
      add(out, *r);
      if (!holds_more) out.null_fails = out.null_fails && r->null_fails;
    }
    return out;
  }

  std::optional<Reach> between(const RangeBounds& range) const {
    const std::optional<Value> lower = number_as(kind_, range.lower), upper = number_as(kind_, range.upper);
    if (!lower || !upper || is_nan(*lower) || is_nan(*upper)) return std::nullopt;
    const bool clock = kind_ == Kind::kTimeOfDay;
    const std::optional<Reach> above = beyond(Op::kGreaterEqual, *lower);
    const std::optional<Reach> below = beyond(range.half_open || clock ? Op::kLess : Op::kLessEqual, *upper);
    if (!clock || lower->bits <= upper->bits) return in_both(*above, *below);
    Reach out = *above;  // over midnight
    add(out, *below);
    return out;
  }

  std::optional<Reach> like(const Value& glob) const {
    const std::string_view text = context_.interner->text(glob);
    if (!TextPattern::glob(text).ok()) return std::nullopt;
    if (form_ != Form::kValues) return ends_with(literal_end(text, form_ == Form::kHeads));
    bool wild = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      wild = wild || text[i] == '*' || text[i] == '?';
      if (text[i] == '\\') ++i;
    }
    if (wild) return std::nullopt;
    std::optional<Reach> out = equal_to(context_.interner->string(literal_end(text, true)));
    out->null_fails = false;
    return out;
  }

  // Or begins with.
  std::optional<Reach> ends_with(std::string text) const {
    if (text.empty()) return std::nullopt;  // all do
    Reach out = none();
    out.texts.push_back(std::move(text));
    return out;
  }

  static void add(Reach& out, const Reach& r) {
    out.values.insert(out.values.end(), r.values.begin(), r.values.end());
    out.networks.insert(out.networks.end(), r.networks.begin(), r.networks.end());
    out.texts.insert(out.texts.end(), r.texts.begin(), r.texts.end());
    out.intervals.insert(out.intervals.end(), r.intervals.begin(), r.intervals.end());
  }

  Reach in_both(Reach a, Reach b) const {
    join_touching(a.intervals);
    join_touching(b.intervals);
    Reach out = none();
    for (std::size_t i = 0, j = 0; i < a.intervals.size() && j < b.intervals.size();) {
      const Reach::Interval common{std::max(a.intervals[i].low, b.intervals[j].low), std::min(a.intervals[i].high, b.intervals[j].high)};
      if (common.low <= common.high) out.intervals.push_back(common);
      if (a.intervals[i].high < b.intervals[j].high) {
        ++i;
      } else {
        ++j;
      }
    }
    return out;
  }

  std::uint32_t own_, field_;
  Form form_;
  Kind kind_;
  const std::vector<const Expr*>& lets_;
  const ExprContext& context_;
  bool whole_;
};

constexpr Form kForms[] = {Form::kValues, Form::kNetworks, Form::kHeads, Form::kTails, Form::kIntervals};

}  // namespace

std::vector<Reach> reaches_of(const std::vector<const Expr*>& conditions, std::uint32_t own, const std::vector<const Expr*>& lets,
                              const ExprContext& context) {
  std::vector<Reach> out;
  Fields fields;
  for (const Expr* e : conditions) collect_fields(*e, lets, fields);
  for (const auto& [place, type] : fields) {
    const auto [binding, field] = place;
    if (binding != own) continue;
    for (const Form form : kForms) {
      if (!serves(form, *type)) continue;
      std::optional<Reach> r = Finder(own, field, form, kind_of(*type), lets, context, false).all_of(conditions);
      if (!r) continue;
      keep_one_each(r->values);
      keep_one_each(r->networks);
      std::sort(r->texts.begin(), r->texts.end());
      r->texts.erase(std::unique(r->texts.begin(), r->texts.end()), r->texts.end());
      join_touching(r->intervals);
      if (r->intervals.size() == 1 && r->intervals[0].low == kLowest && r->intervals[0].high == kHighest) continue;
      r->bits = bits_of(*r);
      r->null_fails = r->null_fails || null_fails(conditions, own, field, context);
      out.push_back(std::move(*r));
    }
  }
  return out;
}

std::optional<std::uint32_t> compared_binding(const Expr& condition, const std::vector<const Expr*>& lets, const ExprContext& context) {
  Fields fields;
  collect_fields(condition, lets, fields);
  if (fields.size() != 1) return std::nullopt;
  const auto& [place, type] = *fields.begin();
  for (const Form form : kForms) {
    if (serves(form, *type) && Finder(place.first, place.second, form, kind_of(*type), lets, context, true).all_of({&condition})) {
      return place.first;
    }
  }
  return std::nullopt;
}

bool null_fails(const std::vector<const Expr*>& conditions, std::uint32_t own, std::uint32_t field, const ExprContext& context) {
  return std::any_of(conditions.begin(), conditions.end(), [&](const Expr* e) {
    if (e->kind == ExprKind::kHas) return is_field_of(e->args[0], own) && e->args[0].ref.field == field;
    const std::optional<SimpleTest> simple = simple_test(*e, context);
    if (!simple || simple->binding != own || simple->field != field) return false;
    if (simple->form == SimpleTest::Form::kFieldIn) {
      return std::none_of(simple->constants.begin(), simple->constants.end(), [](const Value& v) { return v.is_null(); });
    }
    if (simple->form != SimpleTest::Form::kFieldConstant) return false;
    return (simple->op == Compare::kNotEqual && simple->constant.is_null()) ||
           (simple->op == Compare::kEqual && !simple->constant.is_null());
  });
}

}  // namespace flyball::engine

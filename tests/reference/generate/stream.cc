// Random inputs.
#include "tests/reference/generate/stream.h"

#include <map>

namespace flyball::reference {
namespace {

Value random_field(Random& r, const Type& type, Interner& in) {
  if (type.nullable && r.chance(35)) return Value::null();
  switch (type.tag) {
    case TypeTag::kInt: return Value::integer(r.between(0, r.chance(10) ? 5 : 2));
    case TypeTag::kPercent: return Value::percent_e9(std::int64_t{10'000'000} * r.between(1, 9) * 10);
    case TypeTag::kString: return in.string(r.word({"a", "b", "et-1"}));
    case TypeTag::kEnum: return in.string(r.of(type.members));
    case TypeTag::kBool: return Value::boolean(r.chance(50));
    case TypeTag::kDouble: return Value::real(0.25 * r.between(0, 10));
    default: return Value::null();
  }
}

std::vector<Value> random_record(Random& r, const std::vector<Field>& fields, std::size_t count, Interner& in) {
  std::vector<Value> out;
  for (std::size_t f = 0; f < count; ++f) out.push_back(random_field(r, fields[f].type, in));
  return out;
}

class StreamMaker {
 public:
  StreamMaker(Random& r, const Loaded& package) : r_(r), schema_(package.rules.schema), in_(*package.interner) {
    for (FactTypeId t = 0; t < schema_.types.size(); ++t) {
      const Role role = schema_.types[t].role;
      if (role == Role::kFact || role == Role::kEvent || role == Role::kMutable) published_.push_back(t);
      if (role == Role::kAction) actions_.push_back(t);
      if (schema_.types[t].name == "std.source.Lost") lost_ = t;
    }
    last_.resize(schema_.types.size());
    for (const ast::RuleDecl& rule : package.rules.rules) asks_ = asks_ || rule.approve;
  }

  Step next() {
    if (r_.chance(45) && backlog_ == 0) now_ = now_ + kNsPerSecond * (r_.chance(70) ? 1 : r_.between(2, 5));
    const int what = r_.between(0, 99);
    Step s;
    if (what < 14) {
      s.kind = StepKind::kTick;
      if (r_.chance(30)) now_ = now_ + kNsPerSecond * r_.between(1, 2);
      // Now and then the session was away; what comes next may be a backlog.
      if (Random own = r_; own.chance(25)) {
        s.kind = StepKind::kRecovered;
        now_ = now_ + kNsPerSecond * own.between(1, 9);
        backlog_ = own.between(0, 3);
      }
      s.time = now_;
    } else if (what < (asks_ ? 30 : 22) && !actions_.empty()) {
      s = ack();
    } else if (what < (asks_ ? 34 : 28) && !schema_.decisions.empty()) {
      s.kind = StepKind::kAsk;
      s.decision = static_cast<DecisionId>(r_.below(schema_.decisions.size()));
      const std::vector<Field>& input = schema_.decisions[s.decision].input;
      s.input = random_record(r_, input, input.size(), in_);
    } else if (!published_.empty()) {
      s = fact();
    }
    return s;
  }

 private:
  // Mostly now; sometimes late, which lateness may forgive.
  Timestamp stamp() {
    if (backlog_ > 0) {
      --backlog_;
      return now_ - kNsPerSecond * r_.between(0, 8);
    }
    return r_.chance(7) ? now_ - kNsPerSecond * r_.between(1, 4) : now_;
  }

  Step fact() {
    Step s;
    s.kind = StepKind::kFact;
    FactInput& f = s.fact;
    f.type = r_.of(published_);
    const FactType& type = schema_.types[f.type];
    f.stamp = stamp();
    f.values = random_record(r_, type.fields, type.declared_fields, in_);
    f.present = (std::uint64_t{1} << type.declared_fields) - 1;
    std::vector<std::vector<Value>>& before = last_[f.type];
    if (!before.empty() && r_.chance(20)) f.values = r_.of(before);  // the same again
    if (!type.is_event() && r_.chance(15)) {
      f.op = r_.chance(50) ? FactOp::kRetract : FactOp::kPatch;
      std::uint64_t keep = f.op == FactOp::kRetract ? 0 : r_.next();
      for (std::uint32_t k : type.key) keep |= std::uint64_t{1} << k;
      f.present &= keep;
      for (std::size_t i = 0; i < f.values.size(); ++i) {
        if ((f.present >> i & 1) == 0) f.values[i] = Value::null();
      }
    } else {
      before.push_back(f.values);
      if (before.size() > 4) before.erase(before.begin());
    }
    if (r_.chance(lost_ == kNoId ? 20 : 60)) {
      const std::string source = r_.word({"a", "b"});
      number(f, source);
    }
    return s;
  }

  // Mostly the next number; else a gap, one that was there, or the first again. A `Lost` tells a gap itself, or nonsense.
  void number(FactInput& f, const std::string& source) {
    Random own = r_;  // what else is said stays as it is
    std::uint64_t& last = sequences_[source];
    const std::uint64_t before = last;
    switch (own.below(14)) {
      case 0:
      case 1:
      case 2: last += 2 + own.below(3); break;
      case 3: last += last == 0 ? 4 : 0; break;
      case 4:
        f.source = in_.string(source);
        f.seq = 1 + own.below(last + 1);
        return;
      case 5: last = 1; break;
      default: ++last; break;
    }
    f.source = in_.string(source);
    f.seq = last;
    if (f.type == lost_ && last > before && own.chance(60))
      f.values = {f.source, Value::integer(static_cast<std::int64_t>(before + 1)), Value::integer(static_cast<std::int64_t>(last))};
  }

  Step ack() {
    Step s;
    s.kind = StepKind::kAck;
    s.ack.stamp = stamp();
    s.ack.state = r_.chance(70) ? ActionState::kAcked : ActionState::kFailed;
    if (asks_ && r_.chance(60)) s.ack.state = r_.chance(65) ? ActionState::kApproved : ActionState::kRejected;
    if (r_.chance(60)) {
      s.ack_number = 1 + r_.below(asks_ ? 7 : 4);
      return s;
    }
    s.ack.action = r_.of(actions_);
    const FactType& type = schema_.types[s.ack.action];
    s.ack.data = random_record(r_, type.fields, type.declared_fields, in_);
    Random own = r_;  // so that other steps stay as they are
    const std::uint64_t all = (std::uint64_t{1} << type.declared_fields) - 1;
    s.ack.present = own.chance(60) ? 1 : own.chance(60) ? all : own.below(all + 1);
    return s;
  }

  Random& r_;
  const Schema& schema_;
  Interner& in_;
  std::vector<FactTypeId> published_, actions_;
  FactTypeId lost_ = kNoId;
  bool asks_ = false;  // some rule has `approve when`
  std::vector<std::vector<std::vector<Value>>> last_;
  std::map<std::string, std::uint64_t> sequences_;
  Timestamp now_{100 * kNsPerSecond};
  int backlog_ = 0;  // inputs that are older than the recovery
};

}  // namespace

std::vector<Step> generate_stream(Random& random, const Loaded& package, std::size_t count) {
  StreamMaker maker(random, package);
  std::vector<Step> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(maker.next());
  return out;
}

}  // namespace flyball::reference

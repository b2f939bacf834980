// The engine as a Player.
#include "app/io/source_numbers.h"
#include "engine/session.h"
#include "tests/reference/player.h"

namespace flyball::reference {
namespace {

class RecordingSink final : public engine::OutputSink {
 public:
  void on_action(const ActionOutput& action) override { transcript.actions.push_back(action); }
  void on_derived(const DerivedOutput& output) override { transcript.derived.push_back(output); }
  void on_log(const LogOutput& output) override { transcript.logs.push_back(output); }
  void on_firing(Timestamp t, std::uint32_t rule, bool clear) override { transcript.firings.push_back({t, rule, clear}); }
  Transcript transcript;
};

class EnginePlayer final : public Player {
 public:
  EnginePlayer(engine::Program program, Interner& interner)
      : program_(std::move(program)),
        interner_(interner),
        session_(program_, interner, sink_, limits()),
        lost_(app::lost_type(program_.schema())) {}
  void put(const FactInput& input) override {
    if (lost_ != kNoId && input.seq > 0 && input.source.is(Kind::kString)) tell_lost(input);
    (void)session_.put(input);
  }
  void ack(const AckInput& input) override { (void)session_.ack(input); }
  void tick(Timestamp t) override { session_.tick(t); }
  void recovered(Timestamp t) override { session_.recovered(t); }
  void finish() override { session_.finish(); }
  Answer ask(DecisionId decision, const std::vector<Value>& input) override {
    const Result<engine::DecisionAnswer> a = session_.decide(decision, input);
    return a ? Answer{false, a->output, a->from, a->skipped_unknown} : Answer{true, {}, {}, {}};
  }
  std::vector<FactRow> facts(FactTypeId type) override {
    std::vector<FactRow> out;
    for (engine::FactView& f : session_.facts(type)) out.push_back({std::move(f.values), f.stamp, f.expires, f.stale});
    return out;
  }
  const Transcript& transcript() const override { return sink_.transcript; }
  std::uint64_t runaways() const override { return session_.counters().runaways; }

 private:
  static engine::Limits limits() {
    engine::Limits limits;
    limits.firings_per_instant = kFiringsMax;
    return limits;
  }
  // As replay does it.
  void tell_lost(const FactInput& input) {
    const std::string_view source = interner_.text(input.source);
    if (input.type == lost_) return numbers_.account(source, app::gap_of(input).last);
    if (const auto gap = numbers_.note(source, input.seq)) (void)session_.put(app::lost_input(lost_, input.source, *gap, input.stamp));
  }

  RecordingSink sink_;
  engine::Program program_;
  Interner& interner_;
  engine::Session session_;
  const FactTypeId lost_;
  app::SourceNumbers numbers_;
};

}  // namespace

Result<std::unique_ptr<Player>> make_engine(const Loaded& package) { return make_engine_joined(package, {}); }

Result<std::unique_ptr<Player>> make_engine_joined(const Loaded& package, const engine::JoinOptions& joins) {
  Result<engine::Program> program = engine::compile(package.rules, *package.interner, {}, engine::Trees::kKeep, nullptr, joins);
  if (!program) return std::unexpected(program.error());
  return std::make_unique<EnginePlayer>(std::move(*program), *package.interner);
}

}  // namespace flyball::reference

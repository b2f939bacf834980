// Which rules run, other rules by `apply`, and the copy of the session that `whatif` runs on.
//
// Rules that come by `apply` come as texts, checked as those of files are: no file of this machine is read for them. With a data folder
// they are kept there (applied.json) and run again after a restart, until SIGHUP loads the files or other rules are applied.
#include <fmt/core.h>

#include <filesystem>

#include "app/explain/online.h"
#include "app/io/digest.h"
#include "app/io/files.h"
#include "app/io/instant.h"
#include "app/io/json.h"
#include "app/io/replace.h"
#include "app/package/texts.h"
#include "app/service/service.h"
#include "bus/codec/base64.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kAppliedBytesMax = std::size_t{256} << 20;

class NoSink : public engine::OutputSink {
  void on_action(const ActionOutput&) override {}
};

// Members with a checksum behind them.
std::string sealed(const std::string& members) { return fmt::format("{{{},\"checksum\":\"{}\"}}\n", members, text_digest(members)); }

Result<RuleTexts> open_sealed(const std::string& text) {
  constexpr std::string_view kChecksum = ",\"checksum\":\"";
  const std::size_t at = text.rfind(kChecksum);
  if (!text.starts_with("{\"applied\":") || at == std::string::npos) return fail("it is not what `apply` keeps");
  if (text.substr(at + kChecksum.size(), 32) != text_digest(text.substr(1, at - 1))) return fail("it is damaged: its checksum is wrong");
  return read_rule_texts(text);
}

}  // namespace

std::string Service::applied_path() const { return (std::filesystem::path(config_.data) / "applied.json").string(); }

void Service::now_running(bool applied, std::vector<std::string> params, Timestamp since) {
  running_ = {rules_digest(*package_), applied, std::move(params), since};
  std::error_code error;
  if (applied || config_.data.empty()) return;
  std::filesystem::remove(applied_path(), error);
  if (error) log_.error(clock(), fmt::format("`{}` cannot be removed: a restart runs the rules in it", applied_path()));
}

// What was applied last goes on after a restart: files may be half edited then.
std::unique_ptr<CompiledPackage> Service::compile_at_start(Io& io, int* exit_code) {
  const std::string kept = config_.data.empty() ? std::string() : applied_path();
  std::error_code ignored;
  if (kept.empty() || !std::filesystem::exists(kept, ignored)) {
    std::unique_ptr<CompiledPackage> package = compile(io, exit_code);
    if (package == nullptr) return nullptr;
    running_ = {rules_digest(*package), false, config_.params, clock()};
    return package;
  }
  if (exit_code != nullptr) *exit_code = kExitFailed;
  const auto failed = [&](const std::string& why) {
    io.error(fmt::format("`{}` holds the rules that were applied last, and they cannot be run: {}", kept, why),
             "to run the rules of the files, remove it");
    return nullptr;
  };
  const Result<std::string> text = read_text(kept, io.in, kAppliedBytesMax);
  if (!text) return failed(text.error().message);
  Result<RuleTexts> texts = open_sealed(*text);
  if (!texts) return failed(texts.error().message);
  std::unique_ptr<CompiledPackage> package = compile_texts(*texts, io, &interner_);
  if (package == nullptr) return failed("they do not check");
  running_ = {rules_digest(*package), true, std::move(texts->params), parse_instant(json_member(*text, "applied")).value_or(clock())};
  return package;
}

std::string Service::rules_text() const {
  return fmt::format("rules: digest {}, {} at {}\n", running_.digest, running_.applied ? "applied" : "loaded from their files",
                     format_timestamp(to_value(running_.since)));
}

std::string Service::rules_json() const {
  std::string params;
  for (const std::string& param : running_.params) params += (params.empty() ? "" : ",") + quote(param);
  return fmt::format("{{\"digest\":{},\"from\":{},\"since\":{},\"params\":[{}]}}", quote(running_.digest),
                     quote(running_.applied ? "apply" : "files"), time_json(running_.since), params);
}

Result<std::string> Service::on_rules(bool texts) {
  const Sampler::In in(sampler_, AppPart::kAnswer);
  std::string members =
      fmt::format("\"digest\":{},\"from\":{},\"since\":{},\"epoch\":{},\"engine_time\":{},\"inputs\":{},\"bytes_max\":{}",
                  quote(running_.digest), quote(running_.applied ? "apply" : "files"), time_json(running_.since), quote(server_->epoch()),
                  time_json(session_->now()), session_->counters().facts_taken, config_.bus.limits.message_bytes_max);
  if (!texts) return "{" + members + "}";
  const Result<RuleTexts> of = texts_of(*package_, running_.params);
  if (!of) return std::unexpected(of.error());
  return fmt::format("{{{},{}}}", members, rule_texts_json(*of));
}

// What was kept before rules were refused, or that nothing was.
void Service::keep_former(const std::string& kept) {
  if (config_.data.empty()) return;
  std::error_code error;
  const auto holds = [&] {
    const Result<std::string> now = read_text(applied_path(), io_.in, kAppliedBytesMax);
    return now && *now == kept;
  };
  if (kept.empty())
    std::filesystem::remove(applied_path(), error);
  else if (!holds() && !keep_file(applied_path(), kept) && !holds())
    error = std::make_error_code(std::errc::io_error);
  if (error)
    log_.error(clock(), fmt::format("`{}` cannot be put back: a restart runs the rules in it, which were refused", applied_path()));
}

Result<std::string> Service::on_apply(std::string_view request) {
  const Sampler::In in(sampler_, AppPart::kAnswer);
  if (!config_.apply) return fail("this service takes no rules over the bus", "its configuration says `apply = false`: SIGHUP loads files");
  Result<RuleTexts> texts = read_rule_texts(request);
  if (!texts) return std::unexpected(texts.error());
  if (texts->files.empty()) return fail("`files` is missing: the rules to load");
  const std::string expect = json_text(request, "expect"), digest = json_text(request, "digest");
  const std::string former = running_.digest;
  if (!digest.empty() && digest == former)
    return with_text(fmt::format("{{\"digest\":{},\"former\":{},\"loaded\":false}}", quote(former), quote(former)),
                     fmt::format("nothing loaded: the service runs these rules already (digest {})\n", former));
  const auto refused = [&](const Error& error) {
    ++reloads_failed_;
    log_.error(clock(), fmt::format("apply: {}; the old rules go on", error.message));
    return std::unexpected(error);
  };
  if (!expect.empty() && expect != former) {
    return refused({fmt::format("the service runs other rules or params (digest {}, since {}) than those that were looked at (digest {})",
                                former, format_timestamp(to_value(running_.since)), expect),
                    "make the plan anew"});
  }
  session_->collect();
  const engine::Statistics measured = session_->statistics();
  std::string said;
  std::unique_ptr<CompiledPackage> next =
      quietly(said, [&](Io& io) { return compile_texts(*texts, io, &interner_, nullptr, &*package_->program, {.measured = &measured}); });
  if (next == nullptr) return refused({"the new rules do not check: " + said.substr(0, said.find("\n\n")), {}});
  const ast::RuleSet& rules = next->program->rules();
  if (rules.rules.empty() && rules.decisions.empty() && rules.schema.types.empty())
    return refused({"the rules are empty: no types, rules or decisions", "to run nothing, stop the service"});
  if (!digest.empty() && rules_digest(*next) != digest)
    return refused({"these are not the rules that were sent: their digest is another", {}});
  // Kept before they run: what was said to be applied is not gone with a restart.
  const Timestamp now = clock();
  std::string before;
  if (!config_.data.empty()) {
    std::error_code ignored;
    if (std::filesystem::exists(applied_path(), ignored)) {
      const Result<std::string> kept = read_text(applied_path(), io_.in, kAppliedBytesMax);
      if (!kept) return refused(kept.error());
      before = *kept;
    }
    const std::string members = fmt::format("\"applied\":{},{}", time_json(now), rule_texts_json(*texts));
    if (const Result<void> kept = keep_file(applied_path(), sealed(members)); !kept) {
      keep_former(before);  // an error may come when the file has its name already
      return refused(kept.error());
    }
  }
  const Result<engine::TakenOver> taken = take_on(std::move(next));
  if (!taken) {
    keep_former(before);
    return refused(taken.error());
  }
  now_running(true, std::move(texts->params), now);
  const std::string text = loaded_text(*taken);
  log_.info(clock(), fmt::format("applied: {}; digest {} -> {}", text, former, running_.digest));
  std::string people = fmt::format("applied: {}\ndigest {} -> {}\n", text, former, running_.digest);
  people += config_.data.empty() ? "not kept: the service has no data folder, so a restart loads its files\n"
                                 : "kept: a restart runs these rules, SIGHUP loads the files\n";
  std::string dropped_of;
  for (const auto& [type, n] : taken->dropped_of) dropped_of += fmt::format("{}{}:{}", dropped_of.empty() ? "" : ",", quote(type), n);
  return with_text(
      fmt::format("{{\"digest\":{},\"former\":{},\"loaded\":true,\"rules\":{},\"facts\":{},\"facts_dropped\":{},\"facts_dropped_of\":{{{}}}"
                  ",\"episodes\":{},"
                  "\"episodes_dropped\":{},\"actions\":{},\"actions_dropped\":{},\"kept\":{}}}",
                  quote(running_.digest), quote(former), program().rules().rules.size(), taken->facts, taken->facts_dropped, dropped_of,
                  taken->episodes, taken->episodes_dropped, taken->actions, taken->actions_dropped, !config_.data.empty()),
      people);
}

// In the child of a copy: this session is of no use there afterwards.
std::optional<std::string> Service::snapshot_anew(const RuleTexts& texts) {
  std::string unsaid;
  const std::unique_ptr<CompiledPackage> alone = quietly(unsaid, [&](Io& io) { return compile_texts(texts, io, &interner_); });
  if (alone == nullptr) return std::nullopt;
  NoSink sink;
  engine::Session copy(*alone->program, interner_, sink, config_.limits);
  copy.take_over(*session_, true);
  return copy.snapshot();
}

Result<std::string> Service::on_snapshot(std::string_view id, std::uint64_t offset) {
  const Sampler::In in(sampler_, AppPart::kAnswer);
  if (cold()) return cold_error();
  if (id.empty()) {
    const std::uint64_t facts = session_->counters().facts_live + session_->counters().facts_stale;
    if (facts > kSnapshotFactsMax)
      return fail(fmt::format("the service has {} facts, and copies at most {}", facts, kSnapshotFactsMax),
                  "replay a recording instead: RULES and `--facts`");
    // Whoever gets the copy compiles the texts alone; after a reload this program has the numbers of those before it.
    // Taking over ends a quarantine, so with one the copy keeps these numbers.
    RuleTexts texts;
    const bool anew = reloads_ > 0 && session_->counters().quarantined == 0;
    if (anew) {
      Result<RuleTexts> of = texts_of(*package_, running_.params);
      if (!of) return std::unexpected(of.error());
      texts = std::move(*of);
    }
    const auto make = [&]() -> std::optional<std::string> { return anew ? snapshot_anew(texts) : session_->snapshot(); };
    if (const Result<void> begun = copy_.begin(make); !begun) return std::unexpected(begun.error());
    copy_id_ = fmt::format("{}-{}", server_->epoch(), ++copies_);
    copy_head_ =
        fmt::format("\"id\":{},\"digest\":{},\"engine_time\":{}", quote(copy_id_), quote(running_.digest), time_json(session_->now()));
  } else if (id != copy_id_ || !copy_.begun()) {
    return fail("there is no such copy any more", "it is kept for a minute, until the next one, or until other rules are loaded");
  }
  copy_used_ = clock();
  const Result<bool> ready = copy_.ready();
  if (!ready) return std::unexpected(ready.error());
  if (!*ready) return fmt::format("{{{},\"ready\":false}}", copy_head_);
  const Result<std::string> part = copy_.part(offset, kSnapshotPart);
  if (!part) return std::unexpected(part.error());
  const std::string out = fmt::format("{{{},\"ready\":true,\"bytes\":{},\"offset\":{},\"data\":\"{}\"}}", copy_head_, copy_.bytes(), offset,
                                      bus::encode_base64(*part));
  if (offset + part->size() == copy_.bytes()) copy_.drop();
  return out;
}

}  // namespace flyball::app

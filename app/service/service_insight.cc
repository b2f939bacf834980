// What the service answers to `insight` and `shadow`, and the sampling behind it: on from the first question until kSampleFor after the
// last.
#include <fmt/core.h>

#include "app/explain/online.h"
#include "app/insight/report.h"
#include "app/service/service.h"

namespace flyball::app {

void Service::watch_session() {
  shadow_.emplace(*package_);
  sampler_.watch(session_->work_place(), session_->insight(), program().schema().decisions.size());
}

void Service::drop_what_is_unwanted(Timestamp now) {
  if (sampler_.running() && now - insight_asked_ > kSampleFor) sampler_.stop();
  // Nor is a copy kept for a client that went away; seen when something happens.
  if (copy_.begun() && now - copy_used_ > kSnapshotKept) copy_.drop();
}

Result<std::string> Service::on_other(std::string_view op, std::string_view request_json) {
  if (op != "shadow") return ServerHandler::on_other(op, request_json);
  const std::vector<ShadowWatch::Figures> figures = shadow_->figures();
  const std::string text = figures.empty() ? "no rule in mode shadow does anything\n" : shadow_text(figures, true);
  return with_text(fmt::format("{{\"shadow\":{}}}", shadow_json(figures)), text);
}

Result<std::string> Service::on_insight(std::string_view by, bool nodes) {
  const std::optional<InsightOrder> order = by.empty() ? InsightOrder::kTime : insight_order(by);
  if (!order) return fail("rules cannot be ordered by `" + std::string(by) + "`", "by " + std::string(kInsightOrders));
  const Sampler::In in(sampler_, AppPart::kAnswer);
  const Timestamp now = clock();
  insight_asked_ = now;
  // Without a timer there are counters still.
  if (!sampler_.running()) (void)sampler_.start(Sampler::Clock::kThread, kSamplePeriod);
  if (plan_.empty()) plan_ = plan_name(program());
  InsightReport report = insight_report(*session_, sampler_.samples(), *order);
  report.plan = plan_;
  report.at = static_cast<double>(now.ns) / 1e9;
  report.sampling = sampler_.running();
  if (!nodes) report.nodes.clear();
  return insight_json(report);
}

}  // namespace flyball::app

// ActionExecutor.
#include "bus/transport/action_executor.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "bus/codec/msgpack_writer.h"
#include "bus/codec/transcode.h"
#include "bus/transport/faces.h"
#include "bus/transport/link.h"

namespace flyball::bus {
namespace {

using Work = std::pair<std::string, std::uint32_t>;  // id, try

}  // namespace

struct ActionExecutor::Impl {
  ExecutorConfig config;
  Link link;
  std::function<void(const ActionRequest&)> callback;
  std::set<Work> working;                   // handed to the owner, not ended
  std::map<Work, std::string> unconfirmed;  // ended: the `done` that the service has not confirmed
  std::map<Work, std::string> remembered;   // the same, confirmed: answers to redeliveries
  std::deque<Work> remembered_order;
  ExecutorCounters counters;

  explicit Impl(ExecutorConfig c, Link l) : config(std::move(c)), link(std::move(l)) {
    link.make_hello = [this] { return hello(); };
    link.on_welcome = [this](const Message&) { welcome(); };
    link.on_message = [this](const Message& m) { message(m); };
  }

  std::string hello() const {
    std::string body;
    MsgpackWriter w(body);
    w.map(6);
    w.text_entry("op", "hello");
    w.text_entry("executor", config.executor);
    w.uint_entry("v", kProtocolVersion);
    w.text_entry("instance", link.instance());
    w.uint_entry("credit", config.credit);
    w.string("actions");
    w.array(config.actions.size());
    for (const std::string& type : config.actions) w.string(type);
    return body;
  }

  void welcome() {
    ++counters.welcomes;
    for (const auto& [work, body] : unconfirmed) link.send(body);
    link.set_expecting(!unconfirmed.empty());
  }

  void confirm(const Message& m) {
    const auto id = m.text("id");
    const auto number = m.uint("try");
    if (!id || !*id || !number) return;
    const auto it = unconfirmed.find({std::string(**id), static_cast<std::uint32_t>(number->value_or(1))});
    if (it == unconfirmed.end()) return;
    remembered_order.push_back(it->first);
    remembered.insert(unconfirmed.extract(it));
    if (remembered_order.size() > config.remembered_max) {
      remembered.erase(remembered_order.front());
      remembered_order.pop_front();
    }
    link.set_expecting(!unconfirmed.empty());
  }

  void message(const Message& m) {
    if (m.op() == "ok") {
      const auto error = m.text("error");
      if (error && *error) link.set_error(std::string(**error));
      return confirm(m);
    }
    if (m.op() != "action") return;
    const auto id = m.required_text("id");
    const auto action = m.required_text("action");
    const auto rule = m.text("rule");
    const auto number = m.uint("try");
    const auto again = m.boolean("again");
    if (!id || !action || !rule || !number || !again) {
      link.set_error("the service sent an action that cannot be read");
      return;
    }
    ActionRequest request;
    request.id = *id;
    request.action = *action;
    request.rule = rule->value_or("");
    request.try_number = static_cast<std::uint32_t>(number->value_or(1));
    request.again = again->value_or(false);
    if (auto r = m.at("time")) {
      WireScalar s;
      if (r->read_scalar(s)) request.time = to_instant(s).value_or(Timestamp{});
    }
    ++counters.received;
    const Work work{request.id, request.try_number};
    // Known already: in hand, or ended and to be said again.
    if (working.contains(work)) return void(++counters.repeated);
    for (const auto* known : {&unconfirmed, &remembered}) {
      if (const auto it = known->find(work); it != known->end()) {
        ++counters.repeated;
        link.send(it->second);
        return;
      }
    }
    if (auto r = m.at("data")) {
      std::uint32_t n = 0;
      if (!r->read_map(n)) return link.set_error("the service sent an action that cannot be read");
      for (std::uint32_t i = 0; i < n; ++i) {
        std::string_view key;
        std::string value;
        // Depth 2: timestamps among the fields are RFC 3339, as recorded facts have them.
        if (!r->read_string(key) || !packed_to_json(*r, value, 2)) return link.set_error("the service sent an action that cannot be read");
        request.data.add(std::string(key), std::move(value));
      }
    }
    working.insert(work);
    if (callback) callback(request);
  }

  void end(const ActionRequest& a, bool acked, const FactBody* result, std::string_view error) {
    const Work work{a.id, a.try_number};
    working.erase(work);
    ++(acked ? counters.done : counters.failed);
    std::string body;
    MsgpackWriter w(body);
    const bool with_result = result != nullptr && result->size() > 0;
    w.map(5 + (with_result ? 1U : 0U) + (error.empty() ? 0U : 1U));
    w.text_entry("op", "done");
    w.text_entry("id", a.id);
    w.uint_entry("try", a.try_number);
    w.text_entry("action", a.action);
    w.text_entry("state", acked ? "acked" : "failed");
    if (with_result) {
      w.string("result");
      w.map(result->size());
      w.raw(result->packed());
    }
    if (!error.empty()) w.text_entry("error", error);
    if (link.welcomed()) link.send(body);
    unconfirmed[work] = std::move(body);
    link.set_expecting(true);
  }
};

ActionExecutor::ActionExecutor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ActionExecutor::~ActionExecutor() {
  if (impl_->link.welcomed() && impl_->link.send(bare_message("bye"))) impl_->link.socket().set_linger(100);
}

Result<std::unique_ptr<ActionExecutor>> ActionExecutor::connect(ExecutorConfig config) {
  if (auto ok = check_name("executor", config.executor); !ok) return std::unexpected(ok.error());
  auto link = Link::connect(config.context, config.endpoint);
  if (!link) return std::unexpected(link.error());
  return std::unique_ptr<ActionExecutor>(new ActionExecutor(std::make_unique<Impl>(std::move(config), std::move(*link))));
}

void ActionExecutor::on_action(std::function<void(const ActionRequest&)> callback) { impl_->callback = std::move(callback); }
void ActionExecutor::done(const ActionRequest& action, const FactBody& result) { impl_->end(action, true, &result, ""); }
void ActionExecutor::failed(const ActionRequest& action, std::string_view error) {
  impl_->end(action, false, nullptr, error.empty() ? std::string_view("failed") : error);
}

void ActionExecutor::pump(int timeout_ms) { impl_->link.pump(timeout_ms); }

bool ActionExecutor::flush(int timeout_ms) {
  const std::int64_t until = monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
  while (unconfirmed() > 0) {
    const std::int64_t left = until - monotonic_ns();
    if (left <= 0) return false;
    impl_->link.pump(static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 100)));
  }
  return true;
}

bool ActionExecutor::connected() const { return impl_->link.connected(); }
std::size_t ActionExecutor::unfinished() const { return impl_->working.size(); }
std::size_t ActionExecutor::unconfirmed() const { return impl_->unconfirmed.size(); }
const ExecutorCounters& ActionExecutor::counters() const { return impl_->counters; }
const std::string& ActionExecutor::last_error() const { return impl_->link.last_error(); }

}  // namespace flyball::bus

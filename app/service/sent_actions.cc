// Bookkeeping of ids across reloads.
#include "app/service/sent_actions.h"

#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {

std::string SentActions::key_of(const ActionOutput& action, const Schema& schema, const Interner& interner) {
  const FactType& type = schema.types[action.action];
  std::string key = action.rule_name + '\n' + type.name + '\n';
  if (type.has_key) {
    for (const std::uint32_t field : type.key) {
      append_json(key, action.data[field], interner);
      key += '\n';
    }
  } else {
    bus::append_fields(key, type.fields, type.declared_fields, action.data, interner);
  }
  return key;
}

void SentActions::note(const ActionOutput& action, const Schema& schema, const Interner& interner) {
  if (action.shadow || action.state == ActionState::kProposed) return;
  const std::string& id = outside(action.id);
  if (action.state != ActionState::kSent) {
    const auto key = key_of_id_.find(id);
    if (key == key_of_id_.end()) return;
    const auto sent = by_key_.find(key->second);
    if (sent == by_key_.end() || sent->second.id != id || sent->second.ended) return;
    sent->second.ended = true;
    sent->second.end = action.state;
    return;
  }
  std::string key = key_of(action, schema, interner);
  const auto [it, is_new] = by_key_.try_emplace(key);
  if (!is_new && it->second.id == id) return;  // another try
  if (!is_new) key_of_id_.erase(it->second.id);
  it->second = Sent{.id = id, .action = schema.types[action.action].name};
  key_of_id_[id] = key;
  if (!is_new) return;
  order_.push_back(std::move(key));
  while (order_.size() > kMax) {
    const auto oldest = by_key_.find(order_.front());
    if (oldest != by_key_.end()) {
      key_of_id_.erase(oldest->second.id);
      if (const auto tied = to_inside_.find(oldest->second.id); tied != to_inside_.end()) {
        to_outside_.erase(tied->second);
        to_inside_.erase(tied);
      }
      by_key_.erase(oldest);
    }
    order_.pop_front();
  }
}

void SentActions::note_ack(const AckInput& ack) {
  const auto key = key_of_id_.find(ack.id);
  if (key == key_of_id_.end()) return;
  const auto sent = by_key_.find(key->second);
  if (sent == by_key_.end() || sent->second.id != ack.id) return;
  sent->second.ended = true;
  sent->second.end = ack.state;
  sent->second.result = ack.result;
  sent->second.error = ack.error;
}

bool SentActions::is_repeat(const ActionOutput& action, const Schema& schema, const Interner& interner) {
  if (action.shadow || action.state != ActionState::kSent) return false;
  const auto found = by_key_.find(key_of(action, schema, interner));
  if (found == by_key_.end()) return false;
  Sent& sent = found->second;
  if (sent.id == action.id) return true;
  if (const auto former = to_inside_.find(sent.id); former != to_inside_.end()) to_outside_.erase(former->second);
  to_outside_[action.id] = sent.id;
  to_inside_[sent.id] = action.id;
  if (sent.ended && (sent.end == ActionState::kAcked || sent.end == ActionState::kFailed)) {
    AckInput ack;
    ack.id = action.id;
    ack.action = action.action;
    ack.state = sent.end;
    ack.result = sent.result;
    ack.error = sent.error;
    if (ack.result.size() != schema.types[action.action].result_fields.size()) ack.result.clear();
    known_ends_.push_back(std::move(ack));
  }
  return true;
}

const std::string& SentActions::outside(const std::string& inside) const {
  const auto found = to_outside_.find(inside);
  return found == to_outside_.end() ? inside : found->second;
}

const std::string& SentActions::inside(const std::string& outside) const {
  const auto found = to_inside_.find(outside);
  return found == to_inside_.end() ? outside : found->second;
}

std::vector<AckInput> SentActions::take_known_ends() { return std::exchange(known_ends_, {}); }

void SentActions::mark(Interner& interner) const {
  for (const auto& entry : by_key_) {
    for (const Value& value : entry.second.result) interner.mark(value);
  }
}

}  // namespace flyball::app

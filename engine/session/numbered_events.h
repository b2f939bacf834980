// NumberedEvents: which fact is the event of a source and number, for types without a key. As long as anything is known of it (a sample in
// a window, a cooldown), what comes twice is the same event. Entries of facts that are gone mean nothing, and go when they are half of all:
// so there are at most about twice as many as facts. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"

namespace flyball::engine {

class NumberedEvents {
 public:
  // kNone: nothing is known of it any more.
  FactId find(const Network& network, FactTypeId type, Value source, std::uint64_t number) const {
    const Key key{type, source.as_handle(), number};
    const auto found = facts_.find(key);
    return found != facts_.end() && is(network, key, found->second) ? found->second : kNone;
  }

  void add(const Network& network, FactTypeId type, Value source, std::uint64_t number, FactId fact) {
    if (facts_.size() >= sweep_at_) {
      std::erase_if(facts_, [&](const auto& entry) { return !is(network, entry.first, entry.second); });
      sweep_at_ = std::max(kFew, 2 * facts_.size());
    }
    facts_.insert_or_assign(Key{type, source.as_handle(), number}, fact);
  }

  // From what the stores hold.
  void fill(const Network& network, const Schema& schema) {
    for (FactTypeId type = 0; type < schema.types.size(); ++type) {
      if (!schema.types[type].is_event() || schema.types[type].has_key) continue;
      const FactStore& store = network.store(type);
      std::vector<Value> name;
      for (FactId f = 0; f < store.end(); ++f) {
        if (!store.meta(f).used) continue;
        name.clear();
        store.append_identity(f, name);
        if (!name[0].is_null()) add(network, type, name[0], name[1].as_uint(), f);
      }
    }
  }

 private:
  static constexpr std::size_t kFew = 1024;
  struct Key {
    FactTypeId type;
    std::uint32_t source;
    std::uint64_t number;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(mix(mix(mix(0, key.type), key.source), key.number)); }
  };

  static bool is(const Network& network, const Key& key, FactId fact) {
    const FactStore& store = network.store(key.type);
    return store.meta(fact).used && store.has_event_key(fact, Value::handle(Kind::kString, key.source), key.number);
  }

  std::unordered_map<Key, FactId, Hash> facts_;
  std::size_t sweep_at_ = kFew;
};

}  // namespace flyball::engine

// AckIndex: where the actions stand that wait for a word from outside, for those who tell them by fields: of each type one table for each
// set of fields that acknowledgements have told, by the hash of those fields' values. Executors tell ids, so that most types have none.
//
// Not thread-safe. Complexity: O(log n) to enter, leave and find; making a table O(actions of its type).
// INVARIANT: each table has all that wait of its type.
#pragma once

#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/session/action_records.h"

namespace flyball::engine {

class AckIndex {
 public:
  static constexpr std::size_t kTablesMax = 4;  // of one type: whoever tells, tells the same fields again and again

  explicit AckIndex(std::size_t types) : tables_(types) {}

  // Changes of the record in between are free, but for its type and fields.
  void enter(const ActionRecord& record);
  void leave(const ActionRecord& record);

  // Whether there is a table for these fields, made now if need be. False: the type has others enough.
  bool covers(FactTypeId type, std::uint64_t fields, const ActionRecords& records);
  // Of those that wait for approval (`asks`), or of those that are sent: whose `fields` may be those of `data`, and no others of which
  // that is so. Null: there is none.
  const std::set<ActionNumber>* find(FactTypeId type, std::uint64_t fields, std::span<const Value> data, bool asks) const;

 private:
  struct Table {
    std::uint64_t fields = 0;
    std::unordered_map<std::uint32_t, std::set<ActionNumber>> alike;
  };
  static std::uint32_t hash(std::uint64_t fields, std::span<const Value> data, bool asks);
  static void enter(Table& table, const ActionRecord& record);

  std::vector<std::vector<Table>> tables_;  // by type
};

}  // namespace flyball::engine

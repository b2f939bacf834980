// Actions in and out of the tables of those that wait for a word.
#include "engine/session/ack_index.h"

#include <algorithm>

namespace flyball::engine {

std::uint32_t AckIndex::hash(std::uint64_t fields, std::span<const Value> data, bool asks) {
  std::uint64_t h = asks ? 1 : 0;
  for (std::size_t f = 0; f < data.size(); ++f) {
    if ((fields >> f & 1U) != 0) h = mix(h, hash_value(data[f]));
  }
  return fold(h);
}

void AckIndex::enter(Table& table, const ActionRecord& record) {
  if (record.state == ActionState::kSent || record.unapproved)
    table.alike[hash(table.fields, record.data, record.unapproved)].insert(record.number);
}

void AckIndex::enter(const ActionRecord& record) {
  for (Table& table : tables_[record.type]) enter(table, record);
}

// Its state may be another by now: it is looked for as either.
void AckIndex::leave(const ActionRecord& record) {
  for (Table& table : tables_[record.type]) {
    for (const bool asks : {false, true}) {
      const auto alike = table.alike.find(hash(table.fields, record.data, asks));
      if (alike == table.alike.end() || alike->second.erase(record.number) == 0) continue;
      if (alike->second.empty()) table.alike.erase(alike);
    }
  }
}

bool AckIndex::covers(FactTypeId type, std::uint64_t fields, const ActionRecords& records) {
  std::vector<Table>& tables = tables_[type];
  if (std::ranges::any_of(tables, [&](const Table& t) { return t.fields == fields; })) return true;
  if (tables.size() == kTablesMax) return false;
  tables.push_back({fields, {}});
  for (const ActionRecord* r = records.newest(type); r != nullptr; r = records.older(*r)) enter(tables.back(), *r);
  return true;
}

const std::set<ActionNumber>* AckIndex::find(FactTypeId type, std::uint64_t fields, std::span<const Value> data, bool asks) const {
  for (const Table& table : tables_[type]) {
    if (table.fields != fields) continue;
    const auto alike = table.alike.find(hash(fields, data, asks));
    return alike == table.alike.end() ? nullptr : &alike->second;
  }
  return nullptr;
}

}  // namespace flyball::engine

// Filling the index of a reach's form.
#include "engine/network/field_index.h"

namespace flyball::engine {

FieldIndex::FieldIndex(const Reach& like) : field_(like.field), form_(like.form), kind_(like.kind) {
  switch (form_) {
    case Reach::Form::kValues: break;
    case Reach::Form::kNetworks: index_.emplace<PrefixIndex>(); break;
    case Reach::Form::kHeads: index_.emplace<TextIndex>(true); break;
    case Reach::Form::kTails: index_.emplace<TextIndex>(false); break;
    case Reach::Form::kIntervals: index_.emplace<IntervalIndex>(); break;
  }
}

void FieldIndex::add(const Reach& reach, std::uint32_t number) {
  all_.push_back(number);
  if (!reach.null_fails) nulls_.push_back(number);
  switch (form_) {
    case Reach::Form::kValues:
      for (const Value& v : reach.values) std::get<ByValue>(index_).add(v, number);
      break;
    case Reach::Form::kNetworks:
      for (const Cidr& prefix : reach.networks) std::get<PrefixIndex>(index_).add(prefix, number);
      break;
    case Reach::Form::kHeads:
    case Reach::Form::kTails:
      for (const std::string& text : reach.texts) std::get<TextIndex>(index_).add(text, number);
      break;
    case Reach::Form::kIntervals:
      for (const Reach::Interval& i : reach.intervals) std::get<IntervalIndex>(index_).add(i.low, i.high, number);
      break;
  }
}

void FieldIndex::seal() {
  std::visit([](auto& index) { index.seal(); }, index_);
}

}  // namespace flyball::engine

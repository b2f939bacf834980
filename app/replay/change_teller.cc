// See change_teller.h.
#include "app/replay/change_teller.h"

#include "app/replay/plan_report.h"

namespace flyball::app {

bool ChangeTeller::room() {
  if (limit_ == 0 || shown_ < limit_) return ++shown_, true;
  ++not_shown_;
  return false;
}

void ChangeTeller::found(ActionChange& change) {
  if (!first_) first_ = change.time();
  if (limit_ != 0 && found_++ >= limit_) return;  // nobody will see it
  if (change.kind != ChangeKind::kReordered) give_reason(change, before_, after_, words_.not_before, words_.not_after);
}

void ChangeTeller::decided(const ActionChange& change) {
  if (room()) io_.data(json_ ? change_json(change) : change_text(change));
}

}  // namespace flyball::app

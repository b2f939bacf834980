// ChangeTeller: what a Difference finds, with its reason, told as it is decided, up to a limit. `plan` and `whatif` share it.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/cli/io.h"
#include "app/replay/plan_side.h"

namespace flyball::app {

class ChangeTeller : public Difference::Listener {
 public:
  static constexpr std::uint64_t kLimit = 50;

  struct Words {  // what introduces the lines that are not met
    std::string_view not_before = "not before", not_after = "not now";
  };
  // `limit`: so many changes are told (none: kLimit, 0: all), the rest is counted. All must outlive it.
  ChangeTeller(const Io& io, const PlanSide& before, const PlanSide& after, std::optional<std::uint64_t> limit, bool json, Words words)
      : io_(io), before_(before), after_(after), limit_(limit.value_or(kLimit)), json_(json), words_(words) {}

  // Whether one more may be told, which is counted.
  bool room();
  std::uint64_t not_shown() const { return not_shown_; }
  // The runs are not asked for reasons any more: what will be told has its own.
  bool all_reasons_given() const { return limit_ != 0 && found_ >= limit_; }
  // When the first was found to be.
  std::optional<Timestamp> first() const { return first_; }

  void found(ActionChange& change) override;
  void decided(const ActionChange& change) override;

 private:
  const Io& io_;
  const PlanSide &before_, &after_;
  const std::uint64_t limit_;
  const bool json_;
  const Words words_;
  std::uint64_t shown_ = 0, not_shown_ = 0, found_ = 0;
  std::optional<Timestamp> first_;
};

}  // namespace flyball::app

// Guests for Miss Manners.
#include "benchmarks/classical/data.h"
#include "benchmarks/random.h"

namespace flyball::bench::classical {
namespace {

constexpr std::uint32_t kFewGuests = 64;
// With two of three hobbies any two guests have one in common, so no seat is ever chosen in vain. With two of five some do not: this seed
// is one with which neither CLIPS's order of choices nor flyball's ends in a corner at 128 guests.
constexpr std::uint64_t kSeed = 1;

}  // namespace

Program manners(std::uint32_t guests) {
  Random random(kSeed);
  const std::uint32_t hobbies = guests <= kFewGuests ? 3 : 5;
  Program out{"manners", "depth", guests, std::uint64_t{guests} * (guests - 1) / 2 + std::uint64_t{4} * guests - 1, {}};
  for (std::uint32_t g = 1; g <= guests; ++g) {
    const std::string name = "n" + std::to_string(g);
    const std::string sex = g % 2 == 1 ? "m" : "f";
    const std::uint32_t wanted = 2 + random.below(hobbies - 1);
    // Of the hobbies left each is as likely as any to be among those still wanted.
    std::uint32_t still = wanted;
    for (std::uint32_t h = 1; h <= hobbies; ++h) {
      if (random.below(hobbies - h + 1) >= still) continue;
      --still;
      out.data.push_back({"Guest", {{"name", name}, {"sex", sex}, {"hobby", std::int64_t{h}}}});
    }
  }
  out.data.push_back({"LastSeat", {{"seat", std::int64_t{guests}}}});
  out.data.push_back({"Count", {{"c", std::int64_t{1}}}});
  out.data.push_back({"Stage", {{"state", std::string("start")}}});
  return out;
}

}  // namespace flyball::bench::classical

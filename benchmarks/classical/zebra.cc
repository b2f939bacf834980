// The things and houses of the zebra puzzle.
#include "benchmarks/classical/data.h"

namespace flyball::bench::classical {

Program zebra() {
  Program out{"zebra", "depth", 0, 126, {}};
  for (std::int64_t nr = 1; nr <= 5; ++nr) out.data.push_back({"House", {{"nr", nr}}});
  for (const char* name : {"english", "spanish", "ukrainian", "norwegian", "japanese",      "red",     "green",      "ivory", "yellow",
                           "blue",    "dog",     "snails",    "fox",       "horse",         "zebra",   "coffee",     "milk",  "tea",
                           "juice",   "water",   "golds",     "kools",     "chesterfields", "luckies", "parliaments"})
    out.data.push_back({"Thing", {{"name", std::string(name)}}});
  return out;
}

}  // namespace flyball::bench::classical

// Statistics: what a session's facts are like, as the compiler needs it to choose the order in which the patterns of a rule are joined:
// how many facts of a type there are, how many of them pass a condition, how many different values a field has. Plain values by name, so
// that they mean the same to another program. Not exact: of many facts a sample is looked at.
//
// Door: Session::statistics() makes them, JoinOptions hands them to compile(); Session::join_advice() says for whom that would pay. Thread
// safety: a value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace flyball::engine {

struct Statistics {
  struct Type {
    std::uint64_t facts = 0;                      // that exist
    std::uint64_t updates = 0;                    // taken so far
    std::map<std::string, double> distinct;       // by field: how many values
    std::map<std::string, std::uint64_t> passed;  // by the text of a condition on its own fields: facts that pass now
  };
  std::map<std::string, Type> types;  // by qualified name
  // By qualified rule: the bindings of its patterns in the order in which they are joined, for each way through its `either`s.
  std::map<std::string, std::vector<std::vector<std::uint32_t>>> orders;
};

// A rule that would look at far fewer pairs with its lines joined in another order.
struct JoinAdvice {
  std::uint32_t rule = 0;
  std::uint32_t first_line = 0;  // of `when`, from 0: to be joined first
  double gain = 1;               // pairs now by pairs then
};

struct JoinOptions {
  const Statistics* measured = nullptr;
  // For tests: any order at all, by this number. What a rule does must not depend on it.
  std::optional<std::uint64_t> seed;
  bool as_written = false;  // for measuring: no other order
  bool share = true;        // for measuring and tests: joins that several rules begin with are made once
};

}  // namespace flyball::engine

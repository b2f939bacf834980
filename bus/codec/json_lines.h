// Recorded facts as JSON lines, both ways: what `replay`, `pub`, `record`, tests with `send from` and golden files share.
// The format is docs/reference/wire.md's "JSON lines". Reading is directed by a Schema and exact: percent, duration, size,
// bitrate and pps never pass through a double.
//
// Doors: RecordedReader::read, parse_decision_input, append_*. Writers are byte-stable: equal values, equal bytes.
// Limits: kMaxLineBytes, kMaxNesting. Thread safety: one reader per thread; the Interner's rules hold.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/fact.h"
#include "model/interner.h"
#include "model/result.h"
#include "model/schema.h"

namespace flyball::bus {

inline constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

struct TickInput {
  Timestamp time;
  // Given: the numbers of this source up to `seq` are accounted for; those that no line has were refused, not lost.
  std::string source;
  std::uint64_t seq = 0;
};

// The engine was away since the last instant it closed, and is back at that time.
struct RecoveredInput {
  Timestamp time;
};

using RecordedInput = std::variant<FactInput, AckInput, TickInput, RecoveredInput>;

// Only white space: between records, to be passed over.
bool is_blank_line(std::string_view line);

class RecordedReader {
 public:
  // Both must outlive the reader.
  RecordedReader(const Schema& schema, Interner& interner);
  ~RecordedReader();
  RecordedReader(const RecordedReader&) = delete;
  RecordedReader& operator=(const RecordedReader&) = delete;

  // One line, without its newline. A line without `time` takes `arrival`; without that it is an error. Values are complete and
  // checked: a put has every field (defaults filled in), a patch and a retract at least the key.
  // The error says what and where inside the line; nothing of a refused line is kept.
  Result<RecordedInput> read(std::string_view line, std::optional<Timestamp> arrival = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A question's input, one Value per input field in declared order: {"service": "api", "client": "192.0.2.7"}.
Result<std::vector<Value>> parse_decision_input(const Schema& schema, DecisionId decision, std::string_view json, Interner& interner);

// Any JSON as a Value: numbers without point or exponent are ints (uints beyond), others doubles. For `eval --input`.
Result<Value> parse_json(std::string_view json, Interner& interner);
// JSON as a Value of `type`.
Result<Value> parse_json_as(std::string_view json, const Type& type, Interner& interner);
// The members of an object in written order, each as any JSON.
Result<std::vector<std::pair<std::string, Value>>> parse_json_object(std::string_view json, Interner& interner);

// The writers append one object without a newline. Times are seconds with up to nine decimals, as short as possible.

// {"time":…,"rule":…,"action":…,"id":…,"data":{…},"state":"sent","try":1}, "shadow":true of a rule in shadow, and "late":true of what was
// due while the engine was away.
void append_action(std::string& out, const ActionOutput& action, const Schema& schema, const Interner& interner);
// {"time":…,"type":…,"data":{…}}, with "op":"retract" when it ceased to hold.
void append_derived(std::string& out, const DerivedOutput& derived, const Schema& schema, const Interner& interner);
// {"time":…,"rule":…,"log":…}
void append_log(std::string& out, const LogOutput& log, std::string_view rule_name);
// A record that RecordedReader reads back to the same input.
void append_fact(std::string& out, const FactInput& fact, const Schema& schema, const Interner& interner);
void append_ack(std::string& out, const AckInput& ack, const Schema& schema, const Interner& interner);
void append_tick(std::string& out, Timestamp time);
// {"time":…,"tick":true,"source":…,"seq":…}
void append_accounted(std::string& out, Timestamp time, std::string_view source, std::uint64_t seq);
void append_recovered(std::string& out, Timestamp time);

// The answer to a question, as the engine's DecisionAnswer has it.
struct AnswerView {
  DecisionId decision = kNoId;
  const std::vector<Value>* output = nullptr;
  std::string_view from;
  Timestamp as_of;
  std::uint64_t position = 0;
  const std::vector<std::string>* skipped_unknown = nullptr;  // may be null: none
};
// {"decision":…,"output":{…},"from":…,"as_of":…,"position":…,"skipped":[…]}; `as_of` is null before the first instant closed.
void append_answer(std::string& out, const AnswerView& answer, const Schema& schema, const Interner& interner);

// {"time":…,"decision":…,"input":{…},"output":{…},"from":…}: that it was asked and answered.
void append_decision(std::string& out, const AnswerView& answer, const std::vector<Value>& input, Timestamp time, const Schema& schema,
                     const Interner& interner);

// {"device":"e1","port":"et1"}: fields by name; with `present`, only those.
void append_fields(std::string& out, const std::vector<Field>& fields, std::size_t count, const std::vector<Value>& values,
                   const Interner& interner, std::uint64_t present = ~std::uint64_t{0});
void append_time(std::string& out, Timestamp time);

}  // namespace flyball::bus

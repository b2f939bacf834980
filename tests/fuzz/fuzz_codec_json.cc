// Recorded lines of any bytes: read or refused with words, never more; what is read is written and reads back the same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "bus/codec/json_lines.h"
#include "bus/codec/transcode.h"
#include "tests/bus/fixture.h"

using namespace flyball;
using namespace flyball::bus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::World w;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RecordedReader reader(w.schema, w.in);
  const auto line = [&](const RecordedInput& input) {
    std::string out;
    if (const auto* f = std::get_if<FactInput>(&input)) append_fact(out, *f, w.schema, w.in);
    if (const auto* a = std::get_if<AckInput>(&input)) append_ack(out, *a, w.schema, w.in);
    if (const auto* t = std::get_if<TickInput>(&input)) append_tick(out, t->time);
    if (const auto* t = std::get_if<RecoveredInput>(&input)) append_recovered(out, t->time);
    return out;
  };
  const auto once = reader.read(text);
  if (!once) {
    if (once.error().message.empty()) std::abort();
  } else {
    const std::string first = line(*once);
    const auto again = reader.read(first);
    if (!again || line(*again) != first) std::abort();
  }
  std::string packed;
  MsgpackWriter writer(packed);
  if (json_to_packed(text, writer) && !packed_to_json(packed)) std::abort();
  static_cast<void>(parse_decision_input(w.schema, w.pick_pool, text, w.in));
  return 0;
}

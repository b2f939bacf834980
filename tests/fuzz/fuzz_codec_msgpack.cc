// MessagePack of any bytes, as facts, plain bodies, control messages and documents: read or refused with words, never more.
#include <cstdlib>
#include <string>
#include <string_view>

#include "bus/codec/fact_decoder.h"
#include "bus/codec/message.h"
#include "bus/codec/msgpack_value.h"
#include "bus/codec/transcode.h"
#include "tests/bus/fixture.h"

using namespace flyball;
using namespace flyball::bus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::World w;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  FactDecoder decoder(w.schema, w.in);
  FactInput fact;
  AckInput ack;
  // A stream of items, as the facts face reads it: each refusal leaves the reader at the next item or says that it cannot.
  MsgpackReader stream(bytes);
  while (!stream.at_end() && !stream.failed()) {
    const std::size_t before = stream.position();
    const auto item = decoder.decode(stream, {1}, fact, ack);
    if (!item && item.error().message.empty()) std::abort();
    if (!stream.failed() && stream.position() <= before) std::abort();
    if (item && *item == FactDecoder::Item::kFact && fact.values.size() != decoder.shapes().fact(fact.type).table.size()) std::abort();
  }
  for (const FactTypeId type : {w.link, w.everything, w.flap}) {
    MsgpackReader plain(bytes);
    const auto ok = decoder.decode_plain(plain, type, {1}, fact);
    if (!ok) {
      if (ok.error().message.empty()) std::abort();
      continue;
    }
    // What was taken is packed and taken again, equal.
    const std::vector<Value> values = fact.values;
    const FactType& t = w.schema.types[type];
    if (fact.op != FactOp::kPut) continue;
    std::string packed;
    MsgpackWriter writer(packed);
    pack_fields(writer, t.fields, t.fields.size(), values, w.in);
    MsgpackReader again(packed);
    if (!decoder.decode_plain(again, type, {1}, fact)) std::abort();
  }
  static_cast<void>(Message::parse(bytes));
  if (const auto json = packed_to_json(bytes)) {
    std::string packed;
    MsgpackWriter writer(packed);
    static_cast<void>(json_to_packed(*json, writer));
  }
  return 0;
}

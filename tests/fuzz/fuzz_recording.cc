// Compact recordings of any bytes: read or refused, never more. The first byte says what the rest is: a payload of records, or the whole
// bytes of a line that is recorded and must come back as it was read.
#include <cstdlib>
#include <string>
#include <string_view>

#include "bus/codec/crc32.h"
#include "bus/codec/recording_decoder.h"
#include "bus/codec/recording_writer.h"
#include "tests/bus/fixture.h"

using namespace flyball;
using namespace flyball::bus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  test::World w;
  RecordingDecoder decoder(w.schema, w.in);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  FactInput fact;
  AckInput ack;
  Timestamp time;
  if (data[0] % 2 == 0) {
    const BlockHead head{BlockKind::kRecords, static_cast<std::uint32_t>(bytes.size()), 64, 1, {}, {}, {}, 0};
    auto block = RecordingBlock::parse(head, std::string(bytes));
    RecordingBlock::Record record;
    while (block && block->next(record)) (void)decoder.read(*block, record, fact, ack, time);
    (void)read_block_head(bytes);
    (void)check_file_head(bytes);
    return 0;
  }
  RecordingWriter writer;
  writer.line(bytes);
  writer.end_block();
  const std::string written = writer.take();
  const auto head = read_block_head(written);
  if (!head || crc32(std::string_view(written).substr(kBlockHeadBytes)) != head->checksum) std::abort();
  auto block = RecordingBlock::parse(*head, written.substr(kBlockHeadBytes));
  RecordingBlock::Record record;
  std::string line;
  if (!block || !block->next(record) || !block->append_line(record, line)) std::abort();
  // The line and what became of it are one input, or are refused with the same words.
  const auto direct = decoder.read_line(bytes, fact, ack, time);
  const Timestamp then = time;
  const auto recorded = decoder.read(*block, record, fact, ack, time);
  if (direct.has_value() != recorded.has_value()) std::abort();
  if (direct ? *direct != *recorded || (*direct != InputKind::kNothing && then != time)
             : direct.error().message != recorded.error().message)
    std::abort();
  return 0;
}

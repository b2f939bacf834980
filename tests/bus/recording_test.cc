// The compact form of recordings, in memory: what goes in comes out, by the same words as JSON lines where it is refused.
#include <catch2/catch.hpp>
#include <thread>

#include "bus/codec/crc32.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/recording_decoder.h"
#include "bus/codec/recording_writer.h"
#include "model/text.h"
#include "tests/bus/fixture.h"

using namespace flyball;
using namespace flyball::bus;
using flyball::bus::test::World;

namespace {

// All blocks of records of a whole recording.
std::vector<RecordingBlock> blocks_of(const std::string& bytes) {
  std::vector<RecordingBlock> out;
  REQUIRE(check_file_head(bytes) == HeadState::kFine);
  std::string_view rest = std::string_view(bytes).substr(kFileHeadBytes);
  while (!rest.empty()) {
    if (read_trailer(rest)) {
      rest.remove_prefix(kTrailerBytes);
      continue;
    }
    const auto head = read_block_head(rest);
    REQUIRE(head.has_value());
    const std::string_view payload = rest.substr(kBlockHeadBytes, head->bytes);
    REQUIRE(crc32(payload) == head->checksum);
    if (head->kind == BlockKind::kRecords) {
      auto block = RecordingBlock::parse(*head, std::string(payload));
      REQUIRE(block.has_value());
      out.push_back(std::move(*block));
    }
    rest.remove_prefix(kBlockHeadBytes + head->bytes);
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> out;
  for (RecordingBlock& block : blocks_of(bytes)) {
    RecordingBlock::Record record;
    while (block.next(record)) {
      std::string line;
      REQUIRE(block.append_line(record, line));
      out.push_back(line);
    }
    CHECK(block.missing() == 0);
  }
  return out;
}

std::string recorded(const std::vector<std::string>& lines) {
  RecordingWriter writer;
  writer.begin();
  for (const std::string& line : lines) writer.line(line);
  writer.finish();
  return writer.take();
}

// What an input is, as the line that it would be written as; or the words that refuse it.
std::string seen(World& w, const Result<InputKind>& kind, const FactInput& fact, const AckInput& ack, Timestamp time) {
  if (!kind) return kind.error().message + " | " + kind.error().help;
  std::string out;
  switch (*kind) {
    case InputKind::kFact: append_fact(out, fact, w.schema, w.in); break;
    case InputKind::kAck: append_ack(out, ack, w.schema, w.in); break;
    case InputKind::kTick: append_tick(out, time); break;
    case InputKind::kRecovered: append_recovered(out, time); break;
    case InputKind::kNothing: out = "nothing"; break;
  }
  return out;
}

const std::vector<std::string> kLines = {
    R"({"time":12.5,"type":"net.types.LinkStats","data":{"device":"e1","port":"et1","util":0.92},"source":"gnmi-1","seq":17})",
    R"({"time":"2026-11-22T10:00:00.000000001Z","type":"LinkStats","data":{"device":"e1","port":"et2","util":"92%"}})",
    R"({"time":12.5,"type":"LinkStats","op":"retract","data":{"device":"e1","port":"et1"}})",
    R"({"time":12.25,"type":"LinkStats","op":"patch","data":{"device":"e1","port":"et1","util":1}})",
    R"({"time":-3.000000001,"type":"LinkStats","data":{"device":"é\"\\\n","port":"","util":0.000000001}})",
    R"({"time":9223372036,"type":"LinkStats","data":{"device":"e1","port":"et1","util":10}})",
    R"({"time":-9223372036,"tick":true})",
    R"({"time":107.5,"ack":{"action":"AllocateIp","state":"acked","result":{}}})",
    R"({"time":900,"tick":true})",
    R"({"time":"1970-01-01T00:16:00Z","tick":true})",
    R"({"time":960,"recovered":true})",
    R"({"time":13.5,"type":"LinkStats","data":{"device":"e1","port":"et1","util":5.0}})",
    R"({"time":13.5,"type":"LinkStats","data":{"device":"e1","port":"et1","util":-10.0}})",
    R"({"time":13.5,"type":"LinkStats","data":{"device":"e1","port":"et1","util":"1200%"}})",
    R"({"time":1,"type":"Everything","data":{"k":1,"nothing":null,"t":true,"f":false,"n":-129,"big":18446744073709551615,"x":1.50,"e":1e300,"z":-0.0,"l":[1,[2,{"a":0.125}]]}})",
    R"({"time":1,"type":"Everything","data":{"k":1,"b":true,"u":7,"d":3,"s":"x","y":"AAEC","dur":"120s","at":1.5,"pct":"5%","size":17,"rate":"10Gbps","pps":5,"ip":"10.0.0.1","net":"10.0.0.0/8","tags":["a","b","a"],"counts":{"a":1},"slots":{"3":"x"},"any":{"a":[1,2.5,null,"x"]}}})",
    R"({"time":1,"type":"Everything","data":{"k":2,"b":null,"u":18446744073709551615,"d":0.1,"s":null,"at":"2026-11-22T10:00:00Z","pct":0.333333333,"size":"2GiB","rate":100,"pps":"3Mpps","any":1.0}})",
    R"({"time":1,"type":"Everything","data":{"k":9007199254740993,"d":9007199254740993,"pct":-0.1234567894,"any":9223372036854775808}})",
    R"({"time":1,"type":"Everything","data":{"k":3,"d":123456789012345678.5,"pct":0.0000000004,"any":"word"}})",
    R"({"time":1,"type":"Everything","data":{"k":3,"d":0.1234567890123456789,"size":-1,"any":0.5}})",
    R"({"time":1,"type":"Everything","data":{"k":1e2,"d":1e-300,"any":1e300}})",
    R"({"time":1,"type":"Everything","data":{"k":1.0,"any":-1}})",
    R"({"time":1,"type":"Everything","data":{"k":1.5,"any":-1}})",
    R"({"time":1,"type":"Everything","data":{"k":1,"dur":120,"any":-1}})",
    R"({"time":1,"type":"Everything","data":{"k":1,"net":"10.0.0.1/8","any":-1}})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"p","util":0.1,"oper":"down"}})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"p","util":0.1,"oper":"dwn"}})",
    R"({"time":1,"type":"BgpFlap","data":{"device":"e1","peer":"fe80::1"}})",
    R"({"time":1,"type":"Hot","data":{"device":"e1","util":1}})",
    R"({"time":1,"type":"Unknown","data":{}})",
    R"({"time":1,"type":"LinkStats"})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","device":"e2","port":"et1"}})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1"}})",
    R"({"time":1,"type":"LinkStats","data":{"device":7,"port":"p"}})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"p","util":80}})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"p"},"seq":0})",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"p"},"colour":"red"})",
    R"({"type":"LinkStats","data":{"device":"e1","port":"p"}})",
    R"({"time":1e99,"tick":true})",
    "",
    "   ",
    "no JSON at all \xFF",
    R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"p"}} trailing)",
};

}  // namespace

TEST_CASE("crc32 is the one of zlib") {
  CHECK(crc32("") == 0);
  CHECK(crc32("123456789") == 0xCBF43926);
  const std::string text = "The quick brown fox jumps over the lazy dog";
  CHECK(crc32(text) == 0x414FA339);
  for (std::size_t i = 0; i <= text.size(); ++i) CHECK(crc32(text.substr(i), crc32(text.substr(0, i))) == 0x414FA339);
}

TEST_CASE("a line that was recorded reads as the line itself, be it an input or be it refused") {
  World w;
  RecordingDecoder compact(w.schema, w.in), json(w.schema, w.in);
  const std::string bytes = recorded(kLines);
  std::size_t i = 0;
  for (RecordingBlock& block : blocks_of(bytes)) {
    RecordingBlock::Record record;
    for (; block.next(record); ++i) {
      REQUIRE(i < kLines.size());
      FactInput fact, fact_of_line;
      AckInput ack, ack_of_line;
      Timestamp time, time_of_line;
      const auto kind = compact.read(block, record, fact, ack, time);
      const auto kind_of_line = json.read_line(kLines[i], fact_of_line, ack_of_line, time_of_line);
      INFO(kLines[i]);
      CHECK(seen(w, kind, fact, ack, time) == seen(w, kind_of_line, fact_of_line, ack_of_line, time_of_line));
      CHECK(time.ns == time_of_line.ns);
    }
  }
  CHECK(i == kLines.size());
}

TEST_CASE("lines come back as they are written: numbers to the digit, forms of time, what is no record") {
  std::vector<std::string> expected = kLines;
  expected[7] = R"({"time":107.5,"ack":{"action":"AllocateIp","state":"acked","result":{}}})";
  CHECK(lines_of(recorded(kLines)) == expected);
  // And again the same bytes.
  CHECK(recorded(lines_of(recorded(kLines))) == recorded(kLines));
}

TEST_CASE("values given directly are recorded as their JSON lines are") {
  World w;
  RecordedReader reader(w.schema, w.in);
  std::vector<std::string> lines;
  RecordingWriter direct;
  direct.begin();
  for (const std::string& line : kLines) {
    const auto input = reader.read(line);
    if (!input) continue;
    std::string written;
    if (const auto* f = std::get_if<FactInput>(&*input)) append_fact(written, *f, w.schema, w.in), direct.fact(*f, w.schema, w.in);
    if (const auto* a = std::get_if<AckInput>(&*input)) append_ack(written, *a, w.schema, w.in), direct.ack(*a, w.schema, w.in);
    if (const auto* t = std::get_if<TickInput>(&*input)) append_tick(written, t->time), direct.tick(t->time);
    if (const auto* t = std::get_if<RecoveredInput>(&*input)) append_recovered(written, t->time), direct.recovered(t->time);
    lines.push_back(written);
  }
  direct.finish();
  REQUIRE(lines.size() > 8);
  CHECK(lines_of(direct.take()) == lines);
}

TEST_CASE("many records make many blocks, numbered on; each is read by itself") {
  std::vector<std::string> lines;
  for (int i = 0; i < 20'000; ++i) {
    lines.push_back("{\"time\":" + std::to_string(i / 7) + ",\"type\":\"LinkStats\",\"data\":{\"device\":\"e" + std::to_string(i % 900) +
                    "\",\"port\":\"et1\",\"util\":0." + std::to_string(1 + i % 9) + "}}");
  }
  const std::string bytes = recorded(lines);
  CHECK(lines_of(bytes) == lines);
  std::vector<RecordingBlock> blocks = blocks_of(bytes);
  REQUIRE(blocks.size() > 3);
  std::uint64_t next = 1;
  for (const RecordingBlock& block : blocks) {
    CHECK(block.head().first_record == next);
    CHECK(block.head().least <= block.head().greatest);
    next += block.head().records;
  }
  // The index says the same, and the trailer where it is.
  const auto at = read_trailer(std::string_view(bytes).substr(bytes.size() - kTrailerBytes));
  REQUIRE(at.has_value());
  const auto head = read_block_head(std::string_view(bytes).substr(static_cast<std::size_t>(*at)));
  REQUIRE(head.has_value());
  CHECK(head->kind == BlockKind::kIndex);
}

TEST_CASE("limits of a block: many words, many shapes, long strings, long numbers") {
  std::vector<std::string> lines;
  for (int i = 0; i < 40'000; ++i) lines.push_back("{\"time\":1,\"type\":\"T\",\"data\":{\"a\":\"word" + std::to_string(i) + "\"}}");
  for (int i = 0; i < 5'000; ++i) lines.push_back("{\"time\":1,\"type\":\"T" + std::to_string(i) + "\",\"data\":{}}");
  lines.push_back(R"({"time":1,"type":"T","data":{"a":")" + std::string(70'000, 'x') + "\"}}");
  lines.push_back(R"({"time":1,"type":"T","data":{"a":0.)" + std::string(300, '3') + "}}");
  lines.push_back(R"({"time":1,"type":")" + std::string(300, 'T') + R"(","data":{}})");
  CHECK(lines_of(recorded(lines)) == lines);
}

TEST_CASE("a fact given directly whose names are longer than words may be is recorded as its line") {
  World w;
  RecordedReader reader(w.schema, w.in);
  const auto input = reader.read(R"({"time":1,"type":"net.types.LinkStats","data":{"device":"e1","port":"p","util":0.5},"source":")" +
                                 std::string(300, 's') + "\"}");
  REQUIRE(input.has_value());
  std::string line;
  append_fact(line, std::get<FactInput>(*input), w.schema, w.in);
  RecordingWriter writer;
  writer.begin();
  writer.fact(std::get<FactInput>(*input), w.schema, w.in);
  writer.finish();
  CHECK(lines_of(writer.take()) == std::vector<std::string>{line});
}

// A block of an acknowledgement that is an array of one word, `references` times; and of a tick.
struct Expanding {
  BlockHead head;
  std::string payload;
  Expanding(const std::string& word, std::size_t references) {
    MsgpackWriter w(payload);
    w.array(1);
    w.string(word);
    w.array(2);
    for (const int kind : {3, 4}) w.array(2), w.integer(kind), w.integer(0);
    std::string values;
    MsgpackWriter v(values);
    v.integer(0);
    v.integer(0);
    v.array(references);
    for (std::size_t i = 0; i < references; ++i) values += std::string_view("\xD4\x01\x00", 3);
    w.uinteger(values.size());
    payload += values;
    for (const int i : {2, 1, 0}) w.integer(i);
    head.records = 2;
    head.bytes = static_cast<std::uint32_t>(payload.size());
  }
};

TEST_CASE("a word that is longer than words may be is no word: each reference would repeat it") {
  CHECK(RecordingBlock::parse(Expanding(std::string(kMaxWordBytes, 'x'), 1).head, Expanding(std::string(kMaxWordBytes, 'x'), 1).payload));
  const Expanding bytes(std::string(kMaxWordBytes + 1, 'x'), 1);
  const auto block = RecordingBlock::parse(bytes.head, bytes.payload);
  REQUIRE(!block.has_value());
  CHECK(block.error().message == "it has a word of more than 256 bytes");
}

TEST_CASE("what a record's words make of it is limited; the next record is read") {
  World w;
  RecordingDecoder decoder(w.schema, w.in);
  const Expanding bytes(std::string(kMaxWordBytes, '\x01'), 60'000);  // 180 kB, 92 MB as JSON
  auto block = RecordingBlock::parse(bytes.head, bytes.payload);
  REQUIRE(block.has_value());
  RecordingBlock::Record record;
  FactInput fact;
  AckInput ack;
  Timestamp time;
  REQUIRE(block->next(record));
  std::string line = "kept";
  const auto made = block->append_line(record, line);
  REQUIRE(!made.has_value());
  CHECK(made.error().message == "is longer than 48 MiB as JSON");
  CHECK(line == "kept");
  CHECK(line.capacity() < 2 * kMaxRecordJsonBytes + 8 * kMaxWordBytes);
  const auto read = decoder.read(*block, record, fact, ack, time);
  REQUIRE(!read.has_value());
  CHECK(read.error().message == "the record is longer than 48 MiB as JSON");
  REQUIRE(block->next(record));
  CHECK(decoder.read(*block, record, fact, ack, time) == InputKind::kTick);
  CHECK(!block->next(record));
  CHECK(block->missing() == 0);
}

TEST_CASE("a record that is longer than a writer makes them is refused by itself") {
  const Expanding bytes("x", kMaxRecordBytes / 3 + 1);
  auto block = RecordingBlock::parse(bytes.head, bytes.payload);
  REQUIRE(block.has_value());
  RecordingBlock::Record record;
  std::string line;
  REQUIRE(block->next(record));
  const auto made = block->append_line(record, line);
  REQUIRE(!made.has_value());
  CHECK(made.error().message == "is longer than 8 MiB");
  REQUIRE(block->next(record));
  CHECK(block->append_line(record, line));
}

TEST_CASE("no two blocks have the same id, whichever thread takes them apart") {
  const Expanding bytes("x", 1);
  std::vector<std::uint64_t> ids;
  const auto parse = [&] { ids.push_back(RecordingBlock::parse(bytes.head, bytes.payload)->id()); };
  for (int i = 0; i < 2; ++i) std::thread(parse).join();
  CHECK(ids.at(0) != ids.at(1));
}

TEST_CASE("a payload of any bytes with a right checksum is read or refused, and nothing worse") {
  const std::string bytes = recorded(kLines);
  const auto head = read_block_head(std::string_view(bytes).substr(kFileHeadBytes));
  REQUIRE(head.has_value());
  const std::string payload = bytes.substr(kFileHeadBytes + kBlockHeadBytes, head->bytes);
  World w;
  RecordingDecoder decoder(w.schema, w.in);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = payload;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      auto block = RecordingBlock::parse(*head, damaged);
      if (!block) continue;
      RecordingBlock::Record record;
      std::size_t records = 0;
      while (block->next(record)) {
        FactInput fact;
        AckInput ack;
        Timestamp time;
        (void)decoder.read(*block, record, fact, ack, time);
        ++records;
      }
      CHECK(records + block->missing() == head->records);
    }
  }
}

// Recordings as files: each form by its content, and every way in which the compact one can be damaged.
#include "app/io/recorded_file.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/replay/recorded_limits.h"
#include "app/replay/recording_info.h"
#include "bus/codec/crc32.h"
#include "bus/codec/msgpack_writer.h"
#include "bus/codec/recording_writer.h"
#include "tests/app/folder.h"

namespace flyball::app {
namespace {

namespace fs = std::filesystem;

using testing::Folder;

struct Read {
  std::vector<std::string> lines;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> damage;
  std::uint64_t lost = 0;
  bool failed = false, closed = false;
};

Read read_all(const std::string& path) {
  Read out;
  Result<RecordedFile> file = RecordedFile::open(path, stdin);
  REQUIRE(file.has_value());
  std::string_view line;
  for (;;) {
    switch (file->next_line(line)) {
      case RecordedFile::Status::kRecord:
        out.lines.emplace_back(line);
        out.numbers.push_back(file->line_number());
        break;
      case RecordedFile::Status::kOversize: out.lines.emplace_back("<oversize>"); break;
      case RecordedFile::Status::kDamaged:
        out.damage.push_back(file->damage().text);
        out.lost += file->damage().records;
        break;
      case RecordedFile::Status::kSkipped: break;  // nobody asked for it
      case RecordedFile::Status::kFailed: out.failed = true; return out;
      case RecordedFile::Status::kEnd: out.closed = file->closed(); return out;
    }
  }
}

std::string line(int i) {
  return "{\"time\":" + std::to_string(i) + ",\"type\":\"T\",\"data\":{\"k\":\"key" + std::to_string(i % 5) + "\",\"x\":0." +
         std::to_string(1 + i % 9) + "}}";
}

// Some blocks of two records each.
std::string small_recording(int records, bool closed = true) {
  bus::RecordingWriter writer;
  writer.begin(about_recording({}));
  for (int i = 1; i <= records; ++i) {
    writer.line(line(i));
    if (i % 2 == 0) writer.end_block();
  }
  if (closed)
    writer.finish();
  else
    writer.end_block();
  return writer.take();
}

TEST_CASE("a recording's form is told by its content, not by its name") {
  const Folder folder;
  for (const char* name : {"a.jsonl", "a.rec", "a"}) {
    const Read compact = read_all(folder.write(name, small_recording(5)));
    CHECK(compact.lines == std::vector<std::string>{line(1), line(2), line(3), line(4), line(5)});
    CHECK(compact.numbers == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(compact.damage.empty());
    CHECK(compact.closed);
    CHECK(read_all(folder.write(name, line(1) + "\n\n" + line(2) + "\n")).lines == std::vector<std::string>{line(1), "", line(2)});
    CHECK(read_all(folder.write(name, "")).lines.empty());
  }
  CHECK_FALSE(read_all(folder.write("open", small_recording(5, false))).closed);
}

TEST_CASE("several recordings one after the other are one, and numbers go on") {
  const Folder folder;
  const Read both = read_all(folder.write("both", small_recording(3) + small_recording(4, false) + small_recording(1)));
  CHECK(both.damage.empty());
  CHECK(both.lines == std::vector<std::string>{line(1), line(2), line(3), line(1), line(2), line(3), line(4), line(1)});
  CHECK(both.numbers.back() == 8);
}

TEST_CASE("a flipped bit anywhere is said, costs at most its block, and what is read has its numbers") {
  const Folder folder;
  const std::string whole = small_recording(8);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 4, 7}) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const Read read = read_all(folder.write("flipped", bytes));
      INFO("byte " << i << " bit " << bit);
      CHECK_FALSE(read.failed);
      CHECK_FALSE(read.damage.empty());
      // A head that is gone takes its block with it; how many records that were, the next block says, or nobody at the end.
      CHECK(read.lines.size() >= 6);
      CHECK(read.lost <= 2);
      for (std::size_t k = 0; k < read.lines.size(); ++k) CHECK(read.lines[k] == line(static_cast<int>(read.numbers[k])));
    }
  }
}

TEST_CASE("a recording that ends anywhere gives what was whole; what is torn is said") {
  const Folder folder;
  const std::string whole = small_recording(6);
  std::size_t most = 0;
  for (std::size_t n = bus::kRecordingMagic.size(); n <= whole.size(); ++n) {
    const Read read = read_all(folder.write("torn", whole.substr(0, n)));
    INFO(n << " bytes");
    CHECK_FALSE(read.failed);
    for (std::size_t k = 0; k < read.lines.size(); ++k) CHECK(read.lines[k] == line(static_cast<int>(k) + 1));
    CHECK(read.lines.size() >= most);
    most = std::max(most, read.lines.size());
    CHECK(read.closed == (n == whole.size()));
    CHECK(read.lines.size() % 2 == 0);
  }
  CHECK(most == 6);
}

TEST_CASE("garbage between blocks, before and behind them is said and passed over") {
  const Folder folder;
  const std::string one = small_recording(2, false), garbage(100'000, 'F');
  const Read read = read_all(folder.write("garbage", one + garbage + small_recording(2) + "FBLK and more"));
  CHECK(read.lines == std::vector<std::string>{line(1), line(2), line(1), line(2)});
  CHECK(read.damage.size() == 2);
  CHECK(read.damage.front().find("100000 bytes are no part of a recording") != std::string::npos);
}

TEST_CASE("a block that was taken out is missed by its number") {
  const Folder folder;
  const std::string two = small_recording(2, false), four = small_recording(4, false), six = small_recording(6, false);
  const Read read = read_all(folder.write("gap", two + six.substr(four.size())));
  CHECK(read.lines == std::vector<std::string>{line(1), line(2), line(5), line(6)});
  CHECK(read.numbers == std::vector<std::uint64_t>{1, 2, 5, 6});
  CHECK(read.lost == 2);
}

TEST_CASE("a record that its words make too long costs itself, and a word that is too long its block; both are said") {
  const auto block = [](std::string_view word, std::size_t references, std::uint64_t first) {
    std::string payload;
    bus::MsgpackWriter w(payload);
    w.array(1);
    w.string(word);
    w.array(2);
    for (const int kind : {3, 4}) w.array(2), w.integer(kind), w.integer(0);
    std::string values;
    bus::MsgpackWriter v(values);
    v.integer(0);
    v.integer(0);
    v.array(references);
    for (std::size_t i = 0; i < references; ++i) values += std::string_view("\xD4\x01\x00", 3);
    w.uinteger(values.size());
    payload += values;
    for (const int i : {2, 1, 0}) w.integer(i);
    bus::BlockHead head{bus::BlockKind::kRecords, static_cast<std::uint32_t>(payload.size()), 2, first, {}, {}, {}, bus::crc32(payload)};
    std::string out;
    bus::append_block_head(out, head);
    return out + payload;
  };
  std::string bytes;
  bus::append_file_head(bytes);
  bytes += block(std::string(256, '\x01'), 60'000, 1);
  const std::size_t second = bytes.size();
  bytes += block(std::string(200'000, 'x'), 20'000, 3);
  bytes += block("e1", 1, 5);
  const Folder folder;
  const Read read = read_all(folder.write("expanding.rec", bytes));
  const std::vector<std::string> damage = {
      "byte 16: record 1 of this block is longer than 48 MiB as JSON",
      "byte " + std::to_string(second) + ": this block cannot be read: it has a word of more than 256 bytes"};
  CHECK(read.damage == damage);
  CHECK(read.lost == 3);
  CHECK(read.numbers == std::vector<std::uint64_t>{2, 5, 6});
}

TEST_CASE("a recording of a newer form is refused in words") {
  const Folder folder;
  std::string bytes = small_recording(2);
  bytes[8] = 2;
  const std::uint32_t sum = bus::crc32(std::string_view(bytes).substr(0, 12));
  std::memcpy(bytes.data() + 12, &sum, 4);
  CHECK(read_all(folder.write("newer", bytes)).failed);
}

TEST_CASE("the limits of a recording are read back") {
  engine::Limits limits;
  limits.facts = 17;
  limits.rule_bytes = 12345;
  limits.samples_per_key = 3;
  limits.rules["a.b"].firings_per_instant = 5;
  limits.rules["a.c"].bytes = 9;
  limits.facts_of_type["a.T"] = 2;
  const auto read = recorded_limits(about_recording(limits));
  REQUIRE((read && *read));
  CHECK((*read)->facts == 17);
  CHECK((*read)->rule_bytes == 12345);
  CHECK((*read)->samples_per_key == 3);
  CHECK((*read)->rules.at("a.b").firings_per_instant == 5);
  CHECK_FALSE((*read)->rules.at("a.b").bytes.has_value());
  CHECK((*read)->rules.at("a.c").bytes == 9);
  CHECK((*read)->facts_of_type.at("a.T") == 2);
  CHECK((*read)->firings_per_instant == engine::Limits{}.firings_per_instant);
  CHECK_FALSE(recorded_limits("\x81").has_value());
  CHECK_FALSE(recorded_limits("")->has_value());
}

TEST_CASE("what a recording holds is told, of either form the same") {
  const Folder folder;
  bus::RecordingWriter writer;
  std::string text;
  writer.begin();
  for (const std::string& one : {std::string(R"({"time":1,"type":"T","data":{"k":1},"source":"a","seq":1})"),
                                 std::string(R"({"time":2,"type":"T","data":{"k":1},"source":"a","seq":4})"),
                                 std::string(R"({"time":1.5,"type":"U","data":{"k":1}})"), std::string(R"({"time":900,"tick":true})"),
                                 std::string("nonsense"), std::string()}) {
    writer.line(one);
    text += one + "\n";
  }
  writer.finish();
  for (const std::string& path : {folder.write("a", writer.take()), folder.write("b", text)}) {
    Result<RecordedFile> file = RecordedFile::open(path, stdin);
    REQUIRE(file.has_value());
    const Result<RecordingInfo> info = recording_info(*file);
    REQUIRE(info.has_value());
    CHECK(info->records == 6);
    CHECK(info->facts == 3);
    CHECK(info->ticks == 1);
    CHECK(info->unreadable == 1);
    CHECK(info->empty == 1);
    CHECK(info->backwards == 1);
    CHECK(info->types == std::map<std::string, std::uint64_t>{{"T", 2}, {"U", 1}});
    CHECK(info->sources.at("a").missing == 2);
    CHECK(info->first.ns == kNsPerSecond);
    CHECK(info->last.ns == 900 * kNsPerSecond);
    REQUIRE(info->gaps.size() == 2);
    CHECK(info->gaps[0].to.ns == 900 * kNsPerSecond);
  }
}

}  // namespace
}  // namespace flyball::app

// The runtime socket against an opposite that is missing, silent, slow, dying in mid-answer or talking without end.
#include "connectors/haproxy/runtime.h"

#include <catch2/catch.hpp>

#include "tests/connectors/fake_socket.h"

using namespace flyball;
using namespace flyball::connectors::haproxy;
using flyball::connectors::testing::FakeSocket;
using flyball::connectors::testing::TempFolder;

namespace {

std::string error_of(const Result<std::string>& r) { return r ? "answered: " + *r : r.error().message; }

}  // namespace

TEST_CASE("an answer is everything up to the end of the stream, however slowly it comes", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  FakeSocket fake(path,
                  [](const std::string& command) { return FakeSocket::Answer{.text = "you said " + command + "\n\n", .slow = true}; });
  RuntimeSocket socket(path);
  const auto answer = socket.ask("show stat");
  REQUIRE(answer);
  CHECK(*answer == "you said show stat\n\n");
  CHECK(fake.commands() == std::vector<std::string>{"show stat"});
}

TEST_CASE("what goes wrong on the socket is said", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  CHECK(error_of(RuntimeSocket(path).ask("x")) == "cannot connect to `" + path + "`: No such file or directory");
  flyball::connectors::testing::write_text(path, "a file, not a socket");
  CHECK(error_of(RuntimeSocket(path).ask("x")) == "cannot connect to `" + path + "`: Connection refused");
  CHECK(error_of(RuntimeSocket(std::string(200, 'a')).ask("x")).find("is longer than 107 bytes") != std::string::npos);
  CHECK(error_of(RuntimeSocket("").ask("x")).find("is longer than") != std::string::npos);
}

TEST_CASE("silence ends at the limit, and the next question starts afresh", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  FakeSocket fake(path, [](const std::string& command) {
    return command == "hang" ? FakeSocket::Answer{.silent = true} : FakeSocket::Answer{.text = "\n"};
  });
  RuntimeSocket socket(path, 100);
  CHECK(error_of(socket.ask("hang")) == "HAProxy did not answer on `" + path + "` within 100 ms");
  CHECK(socket.ask("again"));
}

TEST_CASE("an answer without its end is not an answer", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  FakeSocket fake(path, [](const std::string& command) {
    if (command == "nothing") return FakeSocket::Answer{};
    if (command == "half") return FakeSocket::Answer{.text = "New server regis"};
    return FakeSocket::Answer{.text = std::string(kAnswerBytesMax + 1, 'x')};
  });
  RuntimeSocket socket(path);
  CHECK(error_of(socket.ask("nothing")) == "HAProxy closed `" + path + "` in the middle of an answer (0 bytes)");
  CHECK(error_of(socket.ask("half")) == "HAProxy closed `" + path + "` in the middle of an answer (16 bytes)");
  CHECK(error_of(socket.ask("endless")).find("is longer than 16777216 bytes") != std::string::npos);
}

TEST_CASE("only plain names may stand in a command", "[haproxy]") {
  CHECK(is_safe_word("web-1.example:8_x"));
  for (const char* bad : {"", "a b", "a;b", "a\nb", "a/b", "a\\b", "ä", "a'b", "a<b"}) CHECK_FALSE(is_safe_word(bad));
  CHECK_FALSE(is_safe_word(std::string(129, 'a')));
  CHECK(trimmed("\n") == "");
  CHECK(trimmed("No such server.\n\n") == "No such server.");
}

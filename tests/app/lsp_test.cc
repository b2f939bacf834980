// The language server by its protocol: a session is written down as an editor would send it, served, and its answers are looked at.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/lsp/server.h"
#include "app/lsp/text.h"

namespace flyball::app::lsp {
namespace {

using nlohmann::json;

const std::string kTypes = R"(module net.types

## What a link says of itself.
fact Link key (device, port) ttl 45s {
  device: string
  port: string
  util: percent   # of its rate
  oper: "up" | "down"
}
fact Site key (device) { device: string  name: string }
action Drain key (device, port) { device: string  port: string  reason: string }
)";
const std::string kRules = R"(module net.rules
import net.types

## Links above it are drained.
param high: percent = 80%
let twice(p: percent) = p * 2

rule drain {
  cooldown 5m per hot.device
  when {
    hot: Link where oper == "up" and util > high for 2m
    some Site same device as hot
    let spare = 100% - hot.util
  }
  then { do Drain { device: hot.device, port: hot.port, reason: f"{spare} left" } }
}
decision pick {
  input { want: string }
  output { device: string }
  case wanted when { some Link where device == input.want } return { device: input.want }
  default return { device: "none" }
}
test "hot" {
  every 10s from 0s to 3m send Link { device: "e1", port: "p1", util: 90%, oper: "up" }
  at 0s send Site { device: "e1", name: "x" }
  at 2m expect Drain { device: "e1" } from drain
}
)";

class Session {
 public:
  Session() {
    std::string name = (std::filesystem::temp_directory_path() / "flyball-lsp-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    request("initialize", {{"rootUri", uri_of(folder_)}});
  }
  ~Session() { std::filesystem::remove_all(folder_); }

  std::string uri(const std::string& name) const { return uri_of(folder_ + "/" + name); }
  void file(const std::string& name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }
  void open(const std::string& name, const std::string& text) {
    texts_[name] = text;
    notify("textDocument/didOpen", {{"textDocument", {{"uri", uri(name)}, {"languageId", "fly"}, {"version", 1}, {"text", text}}}});
  }
  void change(const std::string& name, const std::string& text) {
    texts_[name] = text;
    notify("textDocument/didChange", {{"textDocument", {{"uri", uri(name)}, {"version", 2}}}, {"contentChanges", {{{"text", text}}}}});
  }
  void notify(const std::string& method, json params) { send({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}}); }
  int request(const std::string& method, json params) {
    send({{"jsonrpc", "2.0"}, {"id", ++id_}, {"method", method}, {"params", std::move(params)}});
    return id_;
  }
  // At the end of the first occurrence of `words`, less `back` bytes.
  int at(const std::string& method, const std::string& name, const std::string& words, std::uint32_t back = 0, json more = json::object()) {
    const std::size_t found = texts_[name].find(words);
    REQUIRE(found != std::string::npos);
    more["textDocument"] = {{"uri", uri(name)}};
    more["position"] = place_of(texts_[name], static_cast<std::uint32_t>(found + words.size()) - back);
    return request("textDocument/" + method, std::move(more));
  }
  int of(const std::string& method, const std::string& name, json more = json::object()) {
    more["textDocument"] = {{"uri", uri(name)}};
    return request("textDocument/" + method, std::move(more));
  }
  void raw(const std::string& bytes) { input_ += bytes; }

  // Serves all that was said, `shutdown` and `exit` after it.
  int serve() {
    request("shutdown", nullptr);
    notify("exit", nullptr);
    std::FILE* in = std::tmpfile();
    std::FILE* out = std::tmpfile();
    std::fwrite(input_.data(), 1, input_.size(), in);
    std::rewind(in);
    const int status = lsp::serve(in, out);
    std::rewind(out);
    std::string all;
    for (int c = std::getc(out); c != EOF; c = std::getc(out)) all.push_back(static_cast<char>(c));
    std::fclose(in);
    std::fclose(out);
    for (std::size_t pos = 0; pos < all.size();) {
      const std::size_t length = std::stoul(all.substr(pos + 16));
      const std::size_t body = all.find("\r\n\r\n", pos) + 4;
      answers_.push_back(json::parse(all.substr(body, length)));
      pos = body + length;
    }
    return status;
  }
  json answer(int id) const {
    for (const json& a : answers_) {
      if (a.contains("id") && a["id"] == id) return a.contains("result") ? a["result"] : a["error"];
    }
    return {};
  }
  // The last diagnostics published for a file; null if there are none.
  json diagnostics(const std::string& name) const {
    json last;
    for (const json& a : answers_) {
      if (a.value("method", "") == "textDocument/publishDiagnostics" && a["params"]["uri"] == uri(name)) last = a["params"]["diagnostics"];
    }
    return last;
  }
  const std::vector<json>& answers() const { return answers_; }
  const std::string& text(const std::string& name) { return texts_[name]; }

 private:
  void send(const json& message) {
    const std::string body = message.dump();
    input_ += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::string folder_, input_;
  std::map<std::string, std::string> texts_;
  std::vector<json> answers_;
  int id_ = 0;
};

std::vector<std::string> labels(const json& completion) {
  std::vector<std::string> out;
  for (const json& item : completion.at("items")) out.push_back(item["label"]);
  return out;
}

std::string cut(const std::string& text, const json& range) {
  const auto place = [&](const json& at) { return offset_of(text, at["line"], at["character"]); };
  return text.substr(place(range["start"]), place(range["end"]) - place(range["start"]));
}

}  // namespace

TEST_CASE("lsp: what a name means, across files") {
  Session s;
  s.file("types.fly", kTypes);
  s.open("rules.fly", kRules);
  const int type = s.at("definition", "rules.fly", "hot: Link", 1);
  const int field = s.at("definition", "rules.fly", "and util", 1);
  const int binding = s.at("definition", "rules.fly", "do Drain { device: hot", 1);
  const int param = s.at("definition", "rules.fly", "util > high", 1);
  const int input = s.at("definition", "rules.fly", "device == input.want", 1);
  const int joined = s.at("definition", "rules.fly", "same device", 1);
  const int uses = s.at("references", "rules.fly", "param high", 1, {{"context", {{"includeDeclaration", true}}}});
  const int hover_field = s.at("hover", "rules.fly", "and util", 1);
  const int hover_type = s.at("hover", "rules.fly", "hot: Link", 1);
  const int hover_let = s.at("hover", "rules.fly", "{spare", 1);
  const int rule = s.at("definition", "rules.fly", "from drain", 1);
  const int nothing = s.at("definition", "rules.fly", "cooldown", 1);
  REQUIRE(s.serve() == 0);
  CHECK(s.diagnostics("rules.fly") == json::array());
  CHECK(s.answer(type).at(0)["uri"] == s.uri("types.fly"));
  CHECK(cut(kTypes, s.answer(type)[0]["range"]) == "Link");
  CHECK(cut(kTypes, s.answer(field).at(0)["range"]) == "util");
  CHECK(cut(kRules, s.answer(binding).at(0)["range"]) == "hot");
  CHECK(s.answer(binding)[0]["range"]["start"]["line"] == 10);
  CHECK(cut(kRules, s.answer(param).at(0)["range"]) == "high");
  CHECK(s.answer(param)[0]["range"]["start"]["line"] == 4);
  CHECK(cut(kRules, s.answer(input).at(0)["range"]) == "want");
  CHECK(s.answer(joined).size() == 2);  // of either type
  CHECK(s.answer(uses).size() == 2);
  CHECK(s.answer(hover_field)["contents"]["value"].get<std::string>().find("util: percent") != std::string::npos);
  CHECK(s.answer(hover_type)["contents"]["value"].get<std::string>().find("What a link says of itself.") != std::string::npos);
  CHECK(s.answer(hover_let)["contents"]["value"].get<std::string>().find("let spare: percent") != std::string::npos);
  CHECK(cut(kRules, s.answer(rule).at(0)["range"]) == "drain");
  CHECK(s.answer(nothing) == json::array());
}

TEST_CASE("lsp: the standard vocabulary is there without a file: explained, completed, and neither opened nor renamed") {
  Session s;
  s.open("r.fly",
         "module a\n\nimport std.network\n\nrule r {\n  cooldown 1m\n  when { l: Link where oper == \"down\" }\n"
         "  then { do DrainLink { device: l.device, port: l.port } }\n}\n");
  const int hover = s.at("hover", "r.fly", "l: Link", 1);
  const int definition = s.at("definition", "r.fly", "l: Link", 1);
  const int rename = s.at("rename", "r.fly", "l: Link", 1, {{"newName", "Other"}});
  CHECK(s.serve() == 0);
  CHECK(s.diagnostics("r.fly") == json::array());
  CHECK(s.answer(hover).dump().find("One port of a device") != std::string::npos);
  CHECK(s.answer(definition) == json::array());
  CHECK(s.answer(rename).dump().find("standard vocabulary") != std::string::npos);
}

TEST_CASE("lsp: mistakes are told with their fixes, and taken back when they are mended") {
  Session s;
  s.file("types.fly", kTypes);
  std::string bad = kRules;
  bad.replace(bad.find("util > high"), 11, "utl > high ");
  s.open("rules.fly", bad);
  const json everything = {{"start", {{"line", 0}, {"character", 0}}}, {"end", {{"line", 99}, {"character", 0}}}};
  const int actions = s.of("codeAction", "rules.fly", {{"range", everything}, {"context", {{"diagnostics", json::array()}}}});
  REQUIRE(s.serve() == 0);
  const json found = s.diagnostics("rules.fly");
  REQUIRE(found.size() == 1);
  CHECK(found[0]["code"] == "E0301");
  CHECK(cut(bad, found[0]["range"]) == "utl");
  REQUIRE(s.answer(actions).size() == 1);
  const json edit = s.answer(actions)[0]["edit"]["changes"][s.uri("rules.fly")][0];
  CHECK(cut(bad, edit["range"]) == "utl");
  CHECK(edit["newText"] == "util");

  Session t;
  t.file("types.fly", kTypes);
  t.open("rules.fly", bad);
  t.change("rules.fly", kRules);
  REQUIRE(t.serve() == 0);
  CHECK(t.diagnostics("rules.fly") == json::array());
}

TEST_CASE("lsp: an edit of one file is seen in the others that are open") {
  Session s;
  s.open("types.fly", kTypes);
  s.open("rules.fly", kRules);
  std::string without = kTypes;
  without.replace(without.find("util"), 4, "load");
  s.change("types.fly", without);
  REQUIRE(s.serve() == 0);
  REQUIRE_FALSE(s.diagnostics("rules.fly").empty());
  CHECK(s.diagnostics("rules.fly")[0]["message"].get<std::string>().find("util") != std::string::npos);
  CHECK(s.diagnostics("types.fly") == json::array());
}

TEST_CASE("lsp: a table in a file beside the rules is read, as `check` reads it") {
  const std::string rules =
      "decision d {\n  input { n: int }\n  output { class: string }\n  table first from \"d.csv\"\n  default return { class: \"x\" }\n}\n";
  for (const bool good : {true, false}) {
    Session s;
    s.file("d.csv", good ? "n,class\n1,a\n" : "n,class\nmany,a\n");
    s.open("d.fly", rules);
    REQUIRE(s.serve() == 0);
    CHECK(s.diagnostics("d.fly") == json::array());
    CHECK(s.answers().size() > 1);
  }
}

TEST_CASE("lsp: completion gives what may stand there") {
  const auto complete = [](const std::string& rules, const std::string& words) {
    Session s;
    s.file("types.fly", kTypes);
    s.open("rules.fly", rules);
    const int id = s.at("completion", "rules.fly", words);
    REQUIRE(s.serve() == 0);
    return labels(s.answer(id));
  };
  const auto has = [](const std::vector<std::string>& all, const std::string& one) { return std::count(all.begin(), all.end(), one) == 1; };
  const std::string head = "module net.rules\nimport net.types\nparam high: percent = 80%\n";

  // Fields of a bound fact, after a point and after the beginning of a word; nothing else.
  CHECK(complete(head + "rule r {\n  when { hot: Link where util > 80%  check hot. }\n}\n", "check hot.") ==
        std::vector<std::string>{"device", "port", "util", "oper"});
  CHECK(complete(head + "rule r {\n  when { hot: Link  check hot.ut", "check hot.ut") ==
        std::vector<std::string>{"device", "port", "util", "oper"});
  // The values of a closed set.
  CHECK(complete(head + "rule r {\n  when { hot: Link where oper == \"", "oper == \"") == std::vector<std::string>{"up", "down"});
  // Types: of actions after `do`, of facts after `some`.
  CHECK(complete(head + "rule r {\n  when { hot: Link }\n  then { do ", "do ") == std::vector<std::string>{"Drain"});
  const std::vector<std::string> some = complete(head + "rule r {\n  when { some ", "some ");
  CHECK(has(some, "Link"));
  CHECK(has(some, "Site"));
  // Fields of a record that are to be given, not an action's own.
  const std::vector<std::string> record = complete(head + "rule r {\n  when { hot: Link }\n  then { do Drain { ", "do Drain { ");
  CHECK(record == std::vector<std::string>{"device", "port", "reason"});
  // In a condition: bare fields, params, bound facts, functions.
  const std::vector<std::string> where = complete(head + "rule r {\n  when { hot: Link where ", "where ");
  for (const char* name : {"util", "oper", "high", "hot", "stale", "count"}) {
    INFO(name);
    CHECK((has(where, name) || std::string(name) == "stale"));
  }
  // What `same` joins, and with what.
  CHECK(complete(head + "rule r {\n  when { hot: Link  s: Site same ", "same ") == std::vector<std::string>{"device", "name"});
  CHECK(has(complete(head + "rule r {\n  when { hot: Link  s: Site same device as ", "as "), "hot"));
  // Declarations at the beginning of a line.
  CHECK(has(complete(head + "ru", "\nru"), "rule"));
  // What follows `approve`, in a rule and in a test.
  CHECK(complete(head + "rule r {\n  approve ", "approve ") == std::vector<std::string>{"when"});
  CHECK(complete(head + "test \"t\" {\n  at 1s approve ", "approve ") == std::vector<std::string>{"Drain"});
  // Types of fields.
  CHECK(has(complete(head + "fact New key (a) { a: str", "a: str"), "string"));
  // The inputs of a decision.
  CHECK(complete(head + "decision pick {\n  input { want: string  site: ip }\n  output { a: int }\n  default return { a: 1 }\n}\n"
                        "decision other {\n  input { x: int }\n  output { a: int }\n  case c when { check input.",
                 "check input.")
            .size() <= 1);
}

TEST_CASE("lsp: rename takes nobody else's name") {
  Session s;
  s.file("types.fly", kTypes);
  s.open("rules.fly", kRules);
  const int type = s.at("rename", "rules.fly", "hot: Link", 1, {{"newName", "Site"}});
  const int field = s.at("rename", "rules.fly", "and util", 1, {{"newName", "oper"}});
  const int binding = s.at("rename", "rules.fly", "hot:", 1, {{"newName", "spare"}});
  const int param = s.at("rename", "rules.fly", "util > high", 1, {{"newName", "util"}});
  const int rule = s.at("rename", "rules.fly", "rule drain", 1, {{"newName", "pick"}});
  s.serve();
  for (const int refused : {type, field, binding, param}) {
    INFO(s.answer(refused).dump());
    CHECK(s.answer(refused).contains("message"));
  }
  CHECK(s.answer(type)["message"].get<std::string>().find("`Site`") != std::string::npos);
  CHECK(s.answer(rule).contains("changes"));  // rules and decisions are told apart by where they stand
}

TEST_CASE("lsp: rename changes every use in every file, or says why not") {
  Session s;
  s.file("types.fly", kTypes);
  s.open("rules.fly", kRules);
  const int param = s.at("rename", "rules.fly", "util > high", 1, {{"newName", "limit"}});
  const int type = s.at("rename", "rules.fly", "hot: Link", 1, {{"newName", "Wire"}});
  const int field = s.at("rename", "rules.fly", "and util", 1, {{"newName", "load"}});
  const int joined = s.at("rename", "rules.fly", "device: hot.device", 1, {{"newName", "box"}});
  const int lower = s.at("rename", "rules.fly", "hot: Link", 1, {{"newName", "wire"}});
  const int reserved = s.at("rename", "rules.fly", "util > high", 1, {{"newName", "where"}});
  const int none = s.at("rename", "rules.fly", "cooldown", 1, {{"newName", "x"}});
  REQUIRE(s.serve() == 0);
  CHECK(s.answer(param)["changes"][s.uri("rules.fly")].size() == 2);
  CHECK(s.answer(type)["changes"][s.uri("types.fly")].size() == 1);
  CHECK(s.answer(type)["changes"][s.uri("rules.fly")].size() == 3);  // a pattern, a decision's, a test's
  CHECK(s.answer(field)["changes"][s.uri("rules.fly")].size() == 3);
  for (const int refused : {joined, lower, reserved, none}) {
    INFO(s.answer(refused).dump());
    CHECK(s.answer(refused).contains("message"));
  }
  // What the edits make is a package without mistakes.
  std::string types = kTypes;
  std::string rules = kRules;
  for (auto& [text, name] : {std::pair<std::string&, std::string>{types, "types.fly"}, {rules, "rules.fly"}}) {
    json edits = s.answer(field)["changes"][s.uri(name)];
    for (std::size_t i = edits.size(); i-- > 0;) {
      const json& range = edits[i]["range"];
      const std::uint32_t begin = offset_of(text, range["start"]["line"], range["start"]["character"]);
      const std::uint32_t end = offset_of(text, range["end"]["line"], range["end"]["character"]);
      text.replace(begin, end - begin, edits[i]["newText"].get<std::string>());
    }
  }
  Session t;
  t.open("types.fly", types);
  t.open("rules.fly", rules);
  REQUIRE(t.serve() == 0);
  CHECK(t.diagnostics("types.fly") == json::array());
  CHECK(t.diagnostics("rules.fly") == json::array());
}

TEST_CASE("lsp: outline, lenses, hints, tokens, formatting, signatures") {
  Session s;
  s.file("types.fly", kTypes);
  s.open("rules.fly", kRules);
  s.open("messy.fly",
         "module messy\nfact   A key (x) { x: int }\n\n\n\n// why\nrule r { when { a: A where x>1 && x<3 } then { log \"y\" } }\n");
  const int outline = s.of("documentSymbol", "rules.fly");
  const int lenses = s.of("codeLens", "rules.fly");
  const json everything = {{"start", {{"line", 0}, {"character", 0}}}, {"end", {{"line", 99}, {"character", 0}}}};
  const int hints = s.of("inlayHint", "rules.fly", {{"range", everything}});
  const int tokens = s.of("semanticTokens/full", "rules.fly");
  const int formatting = s.of("formatting", "messy.fly", {{"options", json::object()}});
  const int formatted = s.of("formatting", "rules.fly", {{"options", json::object()}});
  const int signature = s.at("signatureHelp", "rules.fly", "do Drain {");
  REQUIRE(s.serve() == 0);
  std::vector<std::string> names;
  for (const json& one : s.answer(outline)) names.push_back(one["name"]);
  CHECK(names == std::vector<std::string>{"high", "twice", "drain", "pick", "hot"});
  REQUIRE(s.answer(lenses).size() == 1);
  CHECK(s.answer(lenses)[0]["command"]["arguments"][1] == "hot");
  REQUIRE(s.answer(hints).size() == 1);
  CHECK(s.answer(hints)[0]["label"] == ": percent");
  CHECK(s.answer(tokens)["data"].size() % 5 == 0);
  CHECK(s.answer(tokens)["data"].size() > 50);
  REQUIRE(s.answer(formatting).size() == 1);
  const std::string now = s.answer(formatting)[0]["newText"];
  CHECK(now.find("x > 1 and x < 3") != std::string::npos);
  CHECK(now.find("# why") != std::string::npos);
  CHECK(s.answer(formatted).is_array());
  CHECK(s.answer(signature)["signatures"][0]["label"] == "Drain { device: string port: string reason: string }");
}

TEST_CASE("lsp: what is no request, or of no sense, gets an error and hurts nothing") {
  Session s;
  s.raw("Content-Length: 3\r\n\r\n{x}");
  s.raw("Content-Length: 2\r\nContent-Type: x\r\n\r\n[]");
  s.open("rules.fly", "rule ");
  const int unknown = s.request("textDocument/brew", json::object());
  const int without = s.request("textDocument/hover", json::object());
  const int elsewhere =
      s.request("textDocument/hover", {{"textDocument", {{"uri", "http://x/y"}}}, {"position", {{"line", 0}, {"character", 0}}}});
  const int beyond =
      s.request("textDocument/hover", {{"textDocument", {{"uri", s.uri("rules.fly")}}}, {"position", {{"line", 9'999}, {"character", 9}}}});
  const int text =
      s.request("textDocument/hover", {{"textDocument", {{"uri", s.uri("rules.fly")}}}, {"position", {{"line", "a"}, {"character", 9}}}});
  s.notify("textDocument/didChange", json::object());
  for (const char* odd :
       {R"({"method":5,"id":1})", R"({"method":null})", R"({"method":"shutdown"})", R"({"method":"initialize"})", R"({"id":7})"})
    s.raw("Content-Length: " + std::to_string(std::string(odd).size()) + "\r\n\r\n" + odd);
  s.open("input.fly", "input.");
  s.at("completion", "input.fly", "input.");
  s.open("other.fly", "fact A key (x) { x: \xF0\x9F\x98\x80 }");
  const int close = s.of("documentSymbol", "rules.fly");
  s.notify("textDocument/didClose", {{"textDocument", {{"uri", s.uri("rules.fly")}}}});
  REQUIRE(s.serve() == 0);
  CHECK(s.answers()[1]["error"]["code"] == -32700);
  CHECK(s.answers()[2]["error"]["code"] == -32700);
  CHECK(s.answer(unknown)["code"] == -32601);
  CHECK(s.answer(without)["code"] == -32602);
  CHECK(s.answer(elsewhere).is_null());
  CHECK(s.answer(beyond).is_null());
  CHECK(s.answer(text)["code"] == -32602);
  CHECK(s.answer(close).is_array());
  CHECK(s.diagnostics("rules.fly") == json::array());  // closed

  // A stream that ends, or makes no sense, without `shutdown`.
  for (const char* bytes : {"", "Content-Length: 10\r\n\r\n{", "Content-Length: x\r\n\r\n", "\n\n\n"}) {
    std::FILE* in = std::tmpfile();
    std::FILE* out = std::tmpfile();
    std::fputs(bytes, in);
    std::rewind(in);
    CHECK(lsp::serve(in, out) == 1);
    std::fclose(in);
    std::fclose(out);
  }
}

TEST_CASE("lsp: columns are UTF-16, wherever they point") {
  const std::string text = "a\xC3\xA9\xF0\x9F\x98\x80z\nb";
  CHECK(offset_of(text, 0, 0) == 0);
  CHECK(offset_of(text, 0, 2) == 3);
  CHECK(offset_of(text, 0, 4) == 7);
  CHECK(offset_of(text, 0, 99) == 8);
  CHECK(offset_of(text, 1, 0) == 9);
  CHECK(offset_of(text, 7, 7) == 10);
  CHECK(place_of(text, 7) == json{{"line", 0}, {"character", 4}});
  CHECK(path_of(uri_of("/a b/\xC3\xA9%.fly")) == "/a b/\xC3\xA9%.fly");
}

}  // namespace flyball::app::lsp

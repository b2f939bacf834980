// Methods and notifications of the protocol. See server.h.
#include "app/lsp/server.h"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "app/lsp/completion.h"
#include "app/lsp/features.h"
#include "app/lsp/text.h"
#include "app/lsp/wire.h"
#include "app/lsp/workspace.h"
#include "parser/format/format.h"

namespace flyball::app::lsp {
namespace {

using nlohmann::json;

constexpr int kParseError = -32700;
constexpr int kInvalidParams = -32602;
constexpr int kMethodNotFound = -32601;
constexpr int kNotInitialized = -32002;
constexpr int kInvalidRequest = -32600;
constexpr int kRequestFailed = -32803;

json capabilities() {
  return {{"positionEncoding", "utf-16"},
          {"textDocumentSync", {{"openClose", true}, {"change", 2}, {"save", true}}},
          {"completionProvider", {{"triggerCharacters", {".", "\"", " ", ":", "{"}}}},
          {"signatureHelpProvider", {{"triggerCharacters", {"(", "{", ","}}}},
          {"hoverProvider", true},
          {"definitionProvider", true},
          {"referencesProvider", true},
          {"documentHighlightProvider", true},
          {"documentSymbolProvider", true},
          {"workspaceSymbolProvider", true},
          {"codeActionProvider", {{"codeActionKinds", {"quickfix"}}}},
          {"codeLensProvider", json::object()},
          {"documentFormattingProvider", true},
          {"renameProvider", {{"prepareProvider", true}}},
          {"inlayHintProvider", true},
          {"semanticTokensProvider", {{"legend", semantic_legend()}, {"full", true}}}};
}

class Server {
 public:
  Server(std::FILE* in, std::FILE* out) : in_(in), out_(out) {
    const auto at_place = [this](json (*f)(const Spot&)) {
      return [this, f](const json& params) -> Result<json> { return with_spot(params, f); };
    };
    const auto in_file = [this](json (*f)(const Analysis&, std::uint32_t)) {
      return [this, f](const json& params) -> Result<json> {
        return with_file(params, [&](const Analysis& a, std::uint32_t file) { return f(a, file); });
      };
    };
    const auto in_range = [this](json (*f)(const Analysis&, std::uint32_t, std::uint32_t, std::uint32_t)) {
      return [this, f](const json& params) -> Result<json> {
        return with_file(params, [&](const Analysis& a, std::uint32_t file) {
          const json& range = params.at("range");
          return f(a, file, place(a.text(file), range.at("start")), place(a.text(file), range.at("end")));
        });
      };
    };
    methods_ = {{"textDocument/hover", at_place(hover)},
                {"textDocument/definition", at_place(definition)},
                {"textDocument/documentHighlight", at_place(highlights)},
                {"textDocument/completion", at_place(completion)},
                {"textDocument/signatureHelp", at_place(signature_help)},
                {"textDocument/prepareRename", at_place(prepare_rename)},
                {"textDocument/documentSymbol", in_file(document_symbols)},
                {"textDocument/codeLens", in_file(code_lenses)},
                {"textDocument/semanticTokens/full", in_file(semantic_tokens)},
                {"textDocument/codeAction", in_range(code_actions)},
                {"textDocument/inlayHint", in_range(inlay_hints)}};
    methods_["textDocument/references"] = [this](const json& params) -> Result<json> {
      const bool all = params.contains("context") && params["context"].value("includeDeclaration", true);
      return with_spot(params, [&](const Spot& s) { return references(s, all); });
    };
    methods_["textDocument/rename"] = [this](const json& params) -> Result<json> {
      return with_spot(params, [&](const Spot& s) { return rename(s, params.at("newName").get<std::string>()); });
    };
    methods_["textDocument/formatting"] = [this](const json& params) -> Result<json> { return format(params); };
    methods_["workspace/symbol"] = [this](const json& params) -> Result<json> {
      json found = json::array();
      std::set<std::string> folders;
      for (const auto& [path, text] : workspace_.open_texts()) {
        const Analysis& a = workspace_.analyse(path);
        if (!folders.insert(a.folder).second) continue;
        for (json& one : workspace_symbols(a, params.value("query", ""))) found.push_back(std::move(one));
      }
      return found;
    };
  }

  int run() {
    while (true) {
      json message;
      switch (read_message(in_, message)) {
        case WireEnd::kEnd: return shut_down_ && exited_ ? 0 : 1;
        case WireEnd::kBadMessage: error(nullptr, kParseError, "this message is no JSON object, or larger than 64 MiB"); continue;
        case WireEnd::kNone: break;
      }
      take(message);
      if (exited_) return shut_down_ ? 0 : 1;
      if (!changed_.empty() && !has_more(in_)) publish();
    }
  }

 private:
  static std::uint32_t place(std::string_view text, const json& at) {
    return offset_of(text, at.at("line").get<std::uint32_t>(), at.at("character").get<std::uint32_t>());
  }
  static std::string path(const json& params) { return path_of(params.at("textDocument").at("uri").get<std::string>()); }

  template <typename F>
  Result<json> with_file(const json& params, F f) {
    const std::string of = path(params);
    if (of.empty()) return json(nullptr);
    const Analysis& a = workspace_.analyse(of);
    const std::uint32_t file = a.file(of);
    if (file == kNoId) return json(nullptr);
    return f(a, file);
  }
  template <typename F>
  Result<json> with_spot(const json& params, F f) {
    return with_file(params, [&](const Analysis& a, std::uint32_t file) -> Result<json> {
      return f(Spot{a, file, place(a.text(file), params.at("position"))});
    });
  }

  Result<json> format(const json& params) {
    return with_file(params, [](const Analysis& a, std::uint32_t file) -> Result<json> {
      Interner interner;
      Diagnostics diagnostics;
      SourceFiles sources;
      if (!sources.add(a.sources.path(file), std::string(a.text(file)))) return json(nullptr);
      const std::optional<std::string> formatted = format_file(sources, 0, interner, diagnostics);
      if (!formatted) return fail("what does not parse is not formatted; see the errors");
      if (*formatted == a.text(file)) return json::array();
      const auto size = static_cast<std::uint32_t>(a.text(file).size());
      return json::array({{{"range", range_of(a.text(file), 0, size)}, {"newText", *formatted}}});
    });
  }

  void take(const json& message) {
    const bool request = message.contains("id");
    const std::string method = message.contains("method") && message["method"].is_string() ? message["method"].get<std::string>() : "";
    if (method.empty()) return;  // an answer to something that was never asked, or nothing at all
    const json none = json::object();
    const json& params = message.contains("params") ? message["params"] : none;
    try {
      if (method == "exit") {
        exited_ = true;
      } else if (shut_down_ && request) {
        error(message["id"], kInvalidRequest, "the server is shutting down");
      } else if (method == "initialize" && request) {
        initialize(params);
        answer(message["id"], {{"capabilities", capabilities()}, {"serverInfo", {{"name", "flyball"}}}});
      } else if (!initialized_) {
        if (request) error(message["id"], kNotInitialized, "`initialize` comes first");
      } else if (method == "shutdown" && request) {
        shut_down_ = true;
        publish();  // what had to wait
        answer(message["id"], nullptr);
      } else if (request) {
        const auto it = methods_.find(method);
        if (it == methods_.end()) return error(message["id"], kMethodNotFound, "this server has no " + method);
        Result<json> result = it->second(params);
        if (result) {
          answer(message["id"], std::move(*result));
        } else {
          error(message["id"], kRequestFailed, result.error().message);
        }
      } else {
        notice(method, params);
      }
    } catch (const json::exception&) {
      // Members that are missing or of another type.
      if (request) error(message["id"], kInvalidParams, method + ": the parameters are not as the protocol says");
    }
  }

  void initialize(const json& params) {
    initialized_ = true;
    if (params.contains("workspaceFolders") && params["workspaceFolders"].is_array()) {
      for (const json& folder : params["workspaceFolders"]) add_root(folder.at("uri").get<std::string>());
    } else if (params.contains("rootUri") && params["rootUri"].is_string()) {
      add_root(params["rootUri"].get<std::string>());
    }
  }
  void add_root(const std::string& uri) {
    std::string folder = path_of(uri);
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    if (!folder.empty()) workspace_.add_root(std::move(folder));
  }

  void notice(const std::string& method, const json& params) {
    if (method == "textDocument/didOpen") {
      const json& document = params.at("textDocument");
      change(path_of(document.at("uri").get<std::string>()), document.at("text").get<std::string>());
    } else if (method == "textDocument/didChange") {
      const std::string of = path(params);
      const auto it = workspace_.open_texts().find(of);
      std::string text = it == workspace_.open_texts().end() ? std::string{} : it->second;
      for (const json& part : params.at("contentChanges")) {
        const std::string now = part.at("text").get<std::string>();
        if (!part.contains("range")) {
          text = now;
          continue;
        }
        const std::uint32_t begin = place(text, part["range"].at("start"));
        const std::uint32_t end = std::max(begin, place(text, part["range"].at("end")));
        text.replace(begin, end - begin, now);
      }
      change(of, std::move(text));
    } else if (method == "textDocument/didClose") {
      const std::string of = path(params);
      workspace_.close(of);
      changed_.erase(of);
      published_.erase(of);
      write_message(out_, {{"jsonrpc", "2.0"},
                           {"method", "textDocument/publishDiagnostics"},
                           {"params", {{"uri", uri_of(of)}, {"diagnostics", json::array()}}}});
    } else if (method == "textDocument/didSave" || method == "workspace/didChangeWatchedFiles") {
      workspace_.forget();
      for (const auto& [path, text] : workspace_.open_texts()) changed_.insert(path);
    }
  }

  void change(const std::string& of, std::string text) {
    if (of.empty()) return;
    workspace_.open(of, std::move(text));
    changed_.insert(of);
  }

  // What has changed may change what its neighbours say; only what is new is sent.
  void publish() {
    for (const auto& [of, text] : workspace_.open_texts()) {
      const Analysis& a = workspace_.analyse(of);
      const std::uint32_t file = a.file(of);
      json diagnostics = file == kNoId ? json::array() : diagnostics_of(a, file);
      const auto before = published_.find(of);
      if (before != published_.end() && before->second == diagnostics && !changed_.contains(of)) continue;
      write_message(out_, {{"jsonrpc", "2.0"},
                           {"method", "textDocument/publishDiagnostics"},
                           {"params", {{"uri", uri_of(of)}, {"diagnostics", diagnostics}}}});
      published_[of] = std::move(diagnostics);
    }
    changed_.clear();
  }

  void answer(const json& id, json result) { write_message(out_, {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}); }
  void error(const json& id, int code, const std::string& message) {
    write_message(out_, {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}});
  }

  std::FILE* in_;
  std::FILE* out_;
  Workspace workspace_;
  std::map<std::string, std::function<Result<json>(const json&)>> methods_;
  std::set<std::string> changed_;          // whose diagnostics have to be told again
  std::map<std::string, json> published_;  // what was last told of an open file
  bool initialized_ = false, shut_down_ = false, exited_ = false;
};

}  // namespace

int serve(std::FILE* in, std::FILE* out) {
  // poll() tells what has arrived only if nothing sits in a buffer of ours.
  std::setvbuf(in, nullptr, _IONBF, 0);
  return Server(in, out).run();
}

}  // namespace flyball::app::lsp

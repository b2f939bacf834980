// See texts.h.
#include "app/package/texts.h"

#include <fmt/core.h>

#include <filesystem>

#include "app/io/digest.h"
#include "bus/codec/json_reader.h"
#include "model/text.h"

namespace flyball::app {
namespace {

std::string list_json(const std::vector<RuleText>& all) {
  std::string out = "[";
  for (const RuleText& one : all)
    out += fmt::format("{}{{\"path\":{},\"text\":{}}}", out.size() == 1 ? "" : ",", quote(one.path), quote(one.text));
  return out + "]";
}

bool read_list(bus::JsonReader& reader, std::vector<RuleText>& to) {
  if (!reader.enter_array()) return false;
  while (reader.next_item()) {
    RuleText& one = to.emplace_back();
    std::string_view key;
    if (!reader.enter_object()) return false;
    while (reader.next_key(key)) {
      std::string* const member = key == "path" ? &one.path : key == "text" ? &one.text : nullptr;
      std::string_view text;
      if (member == nullptr) {
        if (!reader.skip_value()) return false;
      } else if (reader.read_string(text)) {
        *member = text;
      }
    }
  }
  return !reader.failed();
}

}  // namespace

std::size_t RuleTexts::bytes() const {
  std::size_t sum = 0;
  for (const std::vector<RuleText>* list : {&files, &tables}) {
    for (const RuleText& one : *list) sum += one.path.size() + one.text.size();
  }
  for (const std::string& param : params) sum += param.size();
  return sum;
}

Result<RuleTexts> texts_of(const Package& package, std::vector<std::string> params) {
  RuleTexts out;
  out.params = std::move(params);
  for (std::uint32_t i = 0; i + package.standard_files < package.sources.size(); ++i) {
    const std::string_view text = package.sources.text(i);
    if (!bus::is_utf8(text)) return fail(fmt::format("`{}` is not UTF-8, which no message carries", package.sources.path(i)));
    (i < package.rule_files ? out.files : out.tables).push_back({package.sources.path(i), std::string(text)});
  }
  return out;
}

std::string rules_digest(const CompiledPackage& package) {
  TextDigest digest;
  digest.add(fmt::format("{} files\n", package.rule_files));
  for (std::uint32_t i = 0; i + package.standard_files < package.sources.size(); ++i) {
    const std::string_view text = package.sources.text(i);
    digest.add(fmt::format("{}\n", text.size()));
    digest.add(text);
  }
  const Schema& schema = package.program->schema();
  for (std::uint32_t p = 0; p < schema.params.size(); ++p) {
    std::string param = schema.params[p].name + "=";
    append_json(param, package.program->param_value(p), package.interner);
    digest.add(param + "\n");
  }
  return digest.end();
}

std::string rule_texts_json(const RuleTexts& texts) {
  std::string params;
  for (const std::string& param : texts.params) params += (params.empty() ? "" : ",") + quote(param);
  return fmt::format("\"params\":[{}],\"files\":{},\"tables\":{}", params, list_json(texts.files), list_json(texts.tables));
}

Result<RuleTexts> read_rule_texts(std::string_view object) {
  RuleTexts out;
  bus::JsonReader reader(object);
  std::string_view key;
  bool fine = reader.enter_object();
  while (fine && reader.next_key(key)) {
    if (key == "files" || key == "tables") {
      fine = read_list(reader, key == "files" ? out.files : out.tables);
    } else if (key == "params") {
      fine = reader.enter_array();
      while (fine && reader.next_item()) {
        std::string_view text;
        if (reader.read_string(text)) out.params.emplace_back(text);
      }
    } else {
      fine = reader.skip_value();
    }
  }
  if (!fine || reader.failed()) return fail("these are no rules: " + (reader.error().empty() ? "no JSON object" : reader.error()));
  return out;
}

std::vector<std::string> with_params(std::vector<std::string> params, const std::vector<std::string>& more) {
  const auto name = [](const std::string& text) { return text.substr(0, text.find('=')); };
  for (const std::string& one : more) {
    std::erase_if(params, [&](const std::string& param) { return name(param) == name(one); });
    params.push_back(one);
  }
  return params;
}

RuleTexts with_absolute_paths(RuleTexts texts) {
  for (std::vector<RuleText>* list : {&texts.files, &texts.tables}) {
    for (RuleText& one : *list) {
      if (!one.path.starts_with('<')) one.path = std::filesystem::absolute(one.path).lexically_normal().generic_string();
    }
  }
  return texts;
}

}  // namespace flyball::app

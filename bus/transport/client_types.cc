// FactBody and FieldsView.
#include "bus/transport/client_types.h"

#include <charconv>

#include "bus/codec/msgpack_writer.h"
#include "bus/codec/typed_json.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

MsgpackWriter begin(std::string& out, std::size_t& count, std::string_view field) {
  ++count;
  MsgpackWriter w(out);
  w.string(field);
  return w;
}

}  // namespace

FactBody& FactBody::text(std::string_view field, std::string_view utf8) {
  begin(bytes_, count_, field).string(utf8);
  return *this;
}
FactBody& FactBody::integer(std::string_view field, std::int64_t n) {
  begin(bytes_, count_, field).integer(n);
  return *this;
}
FactBody& FactBody::real(std::string_view field, double d) {
  begin(bytes_, count_, field).real(d);
  return *this;
}
FactBody& FactBody::boolean(std::string_view field, bool b) {
  begin(bytes_, count_, field).boolean(b);
  return *this;
}
FactBody& FactBody::null(std::string_view field) {
  begin(bytes_, count_, field).nil();
  return *this;
}
FactBody& FactBody::duration(std::string_view field, DurationNs ns) { return text(field, format_duration(ns)); }
FactBody& FactBody::timestamp(std::string_view field, Timestamp t) {
  begin(bytes_, count_, field).timestamp(t);
  return *this;
}
FactBody& FactBody::texts(std::string_view field, const std::vector<std::string>& list) {
  MsgpackWriter w = begin(bytes_, count_, field);
  w.array(list.size());
  for (const std::string& s : list) w.string(s);
  return *this;
}
void FactBody::clear() {
  bytes_.clear();
  count_ = 0;
}

const std::string* FieldsView::find(std::string_view field) const {
  for (const auto& [name, value] : members_) {
    if (name == field) return &value;
  }
  return nullptr;
}

bool FieldsView::is_null(std::string_view field) const {
  const auto* v = find(field);
  return v != nullptr && *v == "null";
}

std::optional<std::string> FieldsView::text(std::string_view field) const {
  const auto* v = find(field);
  if (v == nullptr || v->empty() || v->front() != '"') return std::nullopt;
  JsonReader reader(*v);
  std::string_view out;
  if (!reader.read_string(out)) return std::nullopt;
  return std::string(out);
}

std::optional<std::int64_t> FieldsView::integer(std::string_view field) const {
  const auto* v = find(field);
  return v == nullptr ? std::nullopt : exact_int(*v);
}

std::optional<double> FieldsView::real(std::string_view field) const {
  const auto* v = find(field);
  return v == nullptr ? std::nullopt : to_double(*v);
}

std::optional<bool> FieldsView::boolean(std::string_view field) const {
  const auto* v = find(field);
  if (v == nullptr || (*v != "true" && *v != "false")) return std::nullopt;
  return *v == "true";
}

std::string FieldsView::json(std::string_view field) const {
  const auto* v = find(field);
  return v == nullptr ? "null" : *v;
}

std::string FieldsView::json() const {
  std::string out = "{";
  for (const auto& [name, value] : members_) {
    if (out.size() > 1) out += ',';
    out += quote(name) + ":" + value;
  }
  return out + "}";
}

std::vector<std::string> FieldsView::names() const {
  std::vector<std::string> out;
  out.reserve(members_.size());
  for (const auto& [name, value] : members_) out.push_back(name);
  return out;
}

void FieldsView::add(std::string name, std::string json_value) { members_.emplace_back(std::move(name), std::move(json_value)); }

}  // namespace flyball::bus

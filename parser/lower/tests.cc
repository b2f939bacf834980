// Lowering of test blocks. Door: lower.h.
#include <algorithm>
#include <iterator>
#include <utility>

#include "parser/diagnostics/codes.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using ast::StepKind;
using cst::Kind;
using cst::Node;

namespace {

// `row  3`, `rows 1,3`, `no row` as answers have it, whatever the blanks; all else as it is.
std::string as_answered(const std::string& from) {
  if (from.find_first_of(" \t\n") == std::string::npos) return from;
  std::string out;
  for (const char c : from) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (blank || (c != ',' && !out.empty() && out.back() == ',')) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      if (blank) continue;
    }
    if (c == ',' && !out.empty() && out.back() == ' ') out.pop_back();
    out += c;
  }
  return out;
}

}  // namespace

ast::Step Lowering::step(const Node& n) {
  ast::Step s;
  s.span = span(n);
  for (const Node& c : children(n)) {
    const auto parts = children(c);
    const auto part_name = [&](Kind k) {
      const Node* p = child(c, k);
      return p ? name(*p) : ast::Name{};
    };
    // `from NAME` and `of NAME`.
    const auto source_name = [&] {
      const Node* p = child(c, Kind::kFromRule);
      return p && p->count > 0 ? name(children(*p)[0]) : ast::Name{};
    };
    const auto numbered = [&] {
      const Node* p = child(c, Kind::kNumbered);
      if (p == nullptr) return;
      s.source = operand(*p, 0);
      s.seq = operand(*p, 1);
    };
    const auto described = [&] {
      s.record = record(c);
      if (const Node* t = child(c, Kind::kTypePath)) s.record.span.begin = t->begin;
      const auto written_beside = [](const Node& part) { return part.kind == Kind::kStamped || part.kind == Kind::kNumbered; };
      if (const auto beside = std::find_if(parts.begin(), parts.end(), written_beside); beside != parts.end() && beside != parts.begin())
        s.record.span.end = std::prev(beside)->end;
    };
    switch (c.kind) {
      case Kind::kAt: s.at = operand(c, 0); break;
      case Kind::kBy: s.by = operand(c, 0); break;
      case Kind::kEvery: s.every = operand(c, 0); break;
      case Kind::kFrom: s.from = operand(c, 0); break;
      case Kind::kTo: s.to = operand(c, 0); break;
      case Kind::kStart:
        s.kind = StepKind::kStart;
        s.value = operand(c, 0);
        break;
      case Kind::kSetStep:
        s.kind = StepKind::kSet;
        s.set_param = part_name(Kind::kPath);
        s.value = operand(c, 1);
        break;
      case Kind::kSend:
        s.kind = StepKind::kSend;
        described();
        if (const Node* stamped = child(c, Kind::kStamped)) s.stamped = operand(*stamped, 0);
        numbered();
        break;
      case Kind::kSendFrom:
        s.kind = StepKind::kSendFrom;
        if (!parts.empty()) s.path = plain_text(parts[0]);
        break;
      case Kind::kRetractStep:
        s.kind = StepKind::kRetract;
        described();
        numbered();
        break;
      case Kind::kAcknowledge: {
        s.kind = StepKind::kAck;
        described();
        const std::string_view verb = parts.empty() ? std::string_view() : text(parts[0]);
        s.state = verb == "ack" ? "acked" : verb == "fail" ? "failed" : verb == "approve" ? "approved" : "rejected";
        if (const Node* result = child(c, Kind::kResult)) s.result = record(*result);
        break;
      }
      case Kind::kExpectNothing: s.kind = StepKind::kExpectNothingElse; break;
      case Kind::kNone:
        s.kind = StepKind::kExpectNone;
        described();
        break;
      case Kind::kExpect:
        s.kind = StepKind::kExpect;
        if (const Node* count = child(c, Kind::kCount)) s.count = operand(*count, 0);
        described();
        s.from_rule = source_name();
        break;
      case Kind::kFirings:
        s.kind = StepKind::kExpectFirings;
        if (const Node* count = child(c, Kind::kCount)) s.count = operand(*count, 0);
        s.from_rule = source_name();
        break;
      case Kind::kAsk:
        s.kind = StepKind::kAsk;
        s.decision = part_name(Kind::kPath);
        if (const Node* input = child(c, Kind::kInput)) s.record = record(*input);
        if (const Node* expected = child(c, Kind::kExpected)) {
          if (const Node* list = child(*expected, Kind::kExpectedList)) {
            s.expects_list = true;
            for (const Node& one : children(*list)) s.expected.push_back(record(one));
          } else {
            s.expected.push_back(record(*expected));
          }
        }
        s.expects_answer = s.expects_list || !s.expected.empty();
        s.from_rule = source_name();
        s.from_rule.text = as_answered(s.from_rule.text);
        break;
      case Kind::kRestart: s.kind = StepKind::kRestart; break;
      case Kind::kDown:
        s.kind = StepKind::kDown;
        if (const Node* from = child(c, Kind::kFrom)) s.from = operand(*from, 0);
        if (const Node* to = child(c, Kind::kTo)) s.to = operand(*to, 0);
        break;
      default: break;
    }
  }
  return s;
}

ast::TestDecl Lowering::test_decl() {
  const Node& root = tree_->root;
  ast::TestDecl t;
  t.span = span(root);
  if (const Node* title = child(root, Kind::kString)) t.name = {plain_text(*title), span(*title)};
  const Node* body = child(root, Kind::kFields);
  if (!body) return t;
  for (const Node& c : children(*body)) {
    if (c.kind == Kind::kStep) t.steps.push_back(step(c));
  }
  return t;
}

}  // namespace flyball::lower

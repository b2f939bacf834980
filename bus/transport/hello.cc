// Names and who has them.
#include "bus/transport/hello.h"

#include <fmt/format.h>

#include <array>

#include "bus/codec/suggest.h"

namespace flyball::bus {
namespace {

struct FaceOp {
  std::string_view op, face;
};
// Ops that only one face has.
constexpr std::array<FaceOp, 13> kFaceOps = {{{"facts", "facts"},
                                              {"done", "actions"},
                                              {"ask", "queries"},
                                              {"why", "queries"},
                                              {"why-not", "queries"},
                                              {"status", "queries"},
                                              {"insight", "queries"},
                                              {"rules", "queries"},
                                              {"shadow", "queries"},
                                              {"apply", "queries"},
                                              {"snapshot", "queries"},
                                              {"approve", "queries"},
                                              {"reject", "queries"}}};

std::string told(std::string_view op, std::string_view text) {
  std::string out;
  MsgpackWriter w(out);
  w.map(2);
  w.text_entry("op", op);
  w.text_entry("error", text);
  return out;
}

}  // namespace

std::string_view face_of_op(std::string_view op, std::string_view face) {
  for (const FaceOp& known : kFaceOps) {
    if (known.op == op && known.face != face) return known.face;
  }
  return {};
}

Error unknown_op(std::string_view op, std::string_view face, const std::vector<std::string>& ops) {
  std::string message = fmt::format("there is no op {} on the {} face", code(op), face);
  if (const std::string_view other = face_of_op(op, face); !other.empty())
    return {std::move(message), fmt::format("the {} face has it: is this the right endpoint?", other)};
  return {std::move(message), did_you_mean(nearest(op, ops))};
}

Result<Hello> read_hello(const Message& m, std::string_view role) {
  const bool publishers = role == "source";
  if (!m.has(role) && m.has(publishers ? "executor" : "source")) {
    return fail(publishers ? "this is the facts face: executors say hello on the actions face"
                           : "this is the actions face: publishers say hello on the facts face",
                "is this the right endpoint?");
  }
  const auto name = m.required_text(role);
  if (!name) return std::unexpected(name.error());
  if (auto ok = check_name(role, *name); !ok) return std::unexpected(ok.error());
  const auto version = m.uint("v");
  if (!version) return std::unexpected(version.error());
  if (version->value_or(kProtocolVersion) != kProtocolVersion)
    return fail(fmt::format("this service speaks version {} of the protocol", kProtocolVersion));
  const auto instance = m.text("instance");
  if (!instance) return std::unexpected(instance.error());
  if (instance->value_or("").size() > kMaxNameBytes) return fail("`instance` is too long");
  const auto takeover = m.boolean("takeover");
  if (!takeover) return std::unexpected(takeover.error());
  return Hello{*name, instance->value_or(""), takeover->value_or(false)};
}

bool claim_name(Socket& socket, std::string_view former, std::string_view peer, const Hello& hello, std::string_view known_instance,
                std::string_view who, ServerCounters& counters) {
  // A probe tells whether the former connection is gone.
  if (socket.send({former, bare_message("ping")}) == Sent::kGone) return true;
  if (!hello.instance.empty() && hello.instance == known_instance) return true;
  if (!hello.takeover) {
    reply(socket, peer, told("busy", fmt::format("another live {} has the name {}", who, code(hello.name))), counters);
    return false;
  }
  reply(socket, former, told("bye", fmt::format("another {} took {} over", who, code(hello.name))), counters);
  return true;
}

}  // namespace flyball::bus

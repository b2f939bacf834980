// Runs a classical program, in process and in a child.
#include "benchmarks/classical/run.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

namespace flyball::bench::classical {
namespace {

constexpr const char* kClips = "/usr/bin/clips";

Value value_of(const Scalar& scalar, Interner& interner) {
  if (const auto* number = std::get_if<std::int64_t>(&scalar)) return Value::integer(*number);
  if (const auto* truth = std::get_if<bool>(&scalar)) return Value::boolean(*truth);
  return interner.string(std::get<std::string>(scalar));
}

FactInput input_of(const Datum& datum, const World& world, Interner& interner) {
  FactInput input = world.fact(datum.type);
  const FactType& type = world.program->schema().types[input.type];
  for (const auto& [name, scalar] : datum.fields) {
    std::size_t at = 0;
    while (at < type.declared_fields && type.fields[at].name != name) ++at;
    if (at == type.declared_fields) World::die("no field " + name + " of " + datum.type);
    input.values[at] = value_of(scalar, interner);
  }
  if (datum.fields.size() != type.declared_fields) World::die("fields are missing of " + datum.type);
  return input;
}

// Removes what is in it when it goes.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flyball-clips-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) World::die("no temporary folder");
    path = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) World::die("cannot write " + path.string());
}

}  // namespace

std::filesystem::path folder() { return std::filesystem::path(FLYBALL_SOURCE_DIR) / "benchmarks" / "classical"; }

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) World::die("cannot read " + path.string());
  return std::move(out).str();
}

Match::Match(const std::string& rules, const std::vector<Datum>& data) {
  engine::Limits limits;
  limits.firings_per_instant = 100'000'000;  // a classical program is one cascade
  world_ = std::make_unique<World>(rules, limits);
  for (const Datum& datum : data) {
    FactInput input = input_of(datum, *world_, world_->interner);
    input.stamp = Timestamp{1};
    world_->put(input);
  }
}

Match::~Match() = default;

std::vector<engine::FactView> Match::facts(std::string_view type) const {
  return world_->session->facts(world_->program->schema().type_id(type));
}

Ran Match::run() {
  const auto begin = std::chrono::steady_clock::now();
  world_->session->tick(Timestamp{2});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {world_->sink.firings, took.count()};
}

bool have_clips() { return access(kClips, X_OK) == 0; }

std::optional<std::string> clips_says(const std::string& constructs, const std::string& before, const std::string& after) {
  const TemporaryFolder folder;
  const std::string program = (folder.path / "program.clp").string();
  const std::string script = (folder.path / "script").string();
  write_text(program, constructs);
  write_text(script, before + "\n(load* \"" + program + "\")\n" + after + "\n(exit)\n");
  const std::string command = std::string(kClips) + " -f2 '" + script + "' 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  if (pclose(pipe) != 0) return std::nullopt;
  return text;
}

std::optional<Ran> run_clips(const std::string& constructs, const std::string& strategy, std::string* said) {
  const std::optional<std::string> text =
      clips_says("(defglobal ?*began* = 0)\n" + constructs, "(set-strategy " + strategy + ")",
                 "(reset)\n(watch statistics)\n(bind ?*began* (time))\n(run)\n(printout t \"took \" (- (time) ?*began*) crlf)");
  if (!text) return std::nullopt;
  if (said != nullptr) *said = *text;
  const std::size_t fired = text->find(" rules fired");
  const std::size_t took = text->find("took ");
  if (fired == std::string::npos || took == std::string::npos) return std::nullopt;
  const std::size_t line = text->rfind('\n', fired);
  Ran out;
  out.firings = std::strtoull(text->c_str() + (line == std::string::npos ? 0 : line + 1), nullptr, 10);
  out.seconds = std::strtod(text->c_str() + took + 5, nullptr);
  return out;
}

}  // namespace flyball::bench::classical

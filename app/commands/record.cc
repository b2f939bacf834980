// `flyball record`: the inputs a running service applies, to a file that `replay` reads; a recording in the other form; what one holds.
#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/clients/watch.h"
#include "app/commands/commands.h"
#include "app/replay/recording_info.h"
#include "app/service/recording.h"
#include "bus/codec/recording_writer.h"

namespace flyball::app {
namespace {

// Lines into a file or a stream, in either form.
class Output {
 public:
  void open(std::FILE* to, RecordingForm form, std::string_view about) {
    to_ = to;
    if (form == RecordingForm::kJsonLines) return;
    writer_.emplace();
    writer_->begin(about);
  }
  bool line(std::string_view text) {
    if (writer_) {
      writer_->line(text);
      return writer_->out().empty() || write(writer_->take());
    }
    return write(text) && write("\n");
  }
  // What is known so far is there then, if this process dies.
  bool flush() {
    if (writer_) {
      writer_->end_block();
      if (!write(writer_->take())) return false;
    }
    return std::fflush(to_) == 0;
  }
  bool finish() {
    if (writer_) writer_->finish();
    return flush();
  }

 private:
  bool write(std::string_view bytes) { return std::fwrite(bytes.data(), 1, bytes.size(), to_) == bytes.size(); }

  std::FILE* to_ = nullptr;
  std::optional<bus::RecordingWriter> writer_;
};

class Record : public Command {
 public:
  Manual manual() const override {
    return {.name = "record",
            .summary = "record the inputs of a running service to a file that `replay` reads",
            .synopsis = {"record [FILE] [--connect ENDPOINT] [--count N] [--for DURATION] [--format FORM]",
                         "record [FILE] --from RECORDING [--format FORM]", "record --info RECORDING [--json]"},
            .description =
                "Writes every fact, acknowledgement and tick that the service applies, in order, from the moment it is connected; to FILE "
                "or standard output. A FILE that is there already is kept: then FILE.1 is written, FILE.2, and so on. "
                "What the service took before is not in it, and a recorder that is too slow loses lines and says so: for a recording that "
                "replays to the very same actions, from the first fact on, "
                "start the service with `flyball run --record FILE`.\n\n"
                "There are two forms: compact (blocks with checksums and an index, docs/reference/recordings.md) and JSON lines. "
                "`--format` says which; without it standard output and a FILE whose name ends in .jsonl get JSON lines, every other FILE "
                "the compact form. Whatever reads recorded facts takes both, and sees by the content which it is.\n\n"
                "`--from` writes another recording in the other form, or in the same one, with full blocks and a new index: record for "
                "record, what is no record included, so that a number names the same one in both. What is damaged is said and left out.\n\n"
                "`--info` says what a recording holds: how many records of which types and sources, their span, the longest gaps, numbers "
                "of sources that were passed over, the limits that its service ran with, and what is damaged. All of it is read.",
            .examples = {{"flyball record morning.rec --for 2h", "two hours of live facts"},
                         {"flyball record - | jq -c .data", "to look at them, until Ctrl-C"},
                         {"flyball record morning.jsonl --from morning.rec", "a recording as JSON lines"},
                         {"flyball record --info morning.rec", "what it holds"}},
            .exit_codes =
                "0   recorded until the count, the time or a signal; written anew; or told\n1   the endpoint is wrong, a file cannot be "
                "read or written, or the recording is damaged\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positional("FILE", file_, "where to; `-` (the default) is standard output", false).complete = Complete::kFile;
    options.value("--connect", "ENDPOINT", watch_.endpoint, "the service's out endpoint (default tcp://127.0.0.1:7703)");
    options.value("--count", "N", watch_.count, "stop after N lines");
    options.value("--for", "DURATION", watch_.for_ns, "stop after so long");
    Option& format = options.value("--format", "FORM", format_, "`compact` or `jsonl`; without it by the name of FILE");
    format.choices = {"compact", "jsonl"};
    format.complete = Complete::kChoice;
    options.value("--from", "RECORDING", from_, "write this recording anew; `-` is standard input").complete = Complete::kFile;
    options.value("--info", "RECORDING", info_, "say what this recording holds; `-` is standard input").complete = Complete::kFile;
    options.flag("--json", json_, "messages as JSON lines, too (the recording is as `--format` says); with `--info` one JSON object");
  }
  int run(Io& io) override {
    const bool live = watch_.endpoint || watch_.count || watch_.for_ns;
    if ((from_ && (info_ || live)) || (info_ && (live || format_ || !file_.empty()))) {
      io.error(
          fmt::format("record: `{}` stands alone", info_ ? "--info" : "--from"),
          info_ ? "`flyball record --info RECORDING` reads a recording" : "it reads a recording; without it a running service is recorded");
      return kExitUsage;
    }
    if (info_) return tell(io);
    const Result<RecordingForm> form = recording_form(file_, format_);
    if (!form) {
      io.error("record: " + form.error().message, form.error().help);
      return kExitUsage;
    }
    return from_ ? convert(*form, io) : live_recording(*form, io);
  }

 private:
  static int failed(const Error& error, Io& io) {
    io.error(error.message, error.help);
    return kExitFailed;
  }

  // FILE, or the next free number of it; standard output.
  Result<std::FILE*> begin(Io& io) {
    if (file_.empty() || file_ == "-") return io.out;
    const Result<NewFile> begun = begin_file(file_, next_number(file_));
    if (!begun) return std::unexpected(begun.error());
    if (begun->name != file_) io.note(fmt::format("recording to {}: what is there already is kept", begun->name));
    file_ = begun->name;
    return begun->file;
  }
  bool end(Output& output, std::FILE* to, Io& io) {
    const bool written = output.finish();
    if ((to == io.out || std::fclose(to) == 0) && written) return true;
    io.error(fmt::format("`{}` cannot be written: {}", to == io.out ? "standard output" : file_, std::strerror(errno)));
    return false;
  }

  int live_recording(RecordingForm form, Io& io) {
    const Result<std::FILE*> to = begin(io);
    if (!to) return failed(to.error(), io);
    Output output;
    output.open(*to, form, {});
    watch_.topics = {"fact.", "ack.", "tick."};
    watch_.line = [&](std::string_view line) { return output.line(line); };
    watch_.flush = [&] { return output.flush(); };
    watch_.at_once = *to == io.out && form == RecordingForm::kJsonLines;
    const int code = watch(watch_, io);
    return end(output, *to, io) ? code : kExitFailed;
  }

  int convert(RecordingForm form, Io& io) {
    std::error_code ignored;
    if (*from_ == "-" ? false : std::filesystem::is_regular_file(file_, ignored) && std::filesystem::equivalent(*from_, file_, ignored)) {
      io.error(fmt::format("record: `{}` would be written while it is read", file_), "name another file to write to");
      return kExitUsage;
    }
    Result<RecordedFile> from = RecordedFile::open(*from_, io.in);
    if (!from) return failed(from.error(), io);
    const Result<std::FILE*> to = begin(io);
    if (!to) return failed(to.error(), io);
    Output output;
    from->look_ahead();
    output.open(*to, form, from->about());
    std::uint64_t records = 0, lost = 0;
    bool damaged = false, written = true;
    std::string_view line;
    for (bool more = true; more && written;) {
      switch (from->next_line(line)) {
        case RecordedFile::Status::kRecord:
          ++records;
          written = output.line(line);
          break;
        case RecordedFile::Status::kOversize:
          // Its place is kept: what is behind it has the same numbers.
          damaged = true;
          io.refusal(from->name(), from->line_number(), fmt::format("the line is longer than {} bytes", LineReader::kMaxLineBytes));
          written = output.line("");
          break;
        case RecordedFile::Status::kSkipped: break;  // nobody asks for it
        case RecordedFile::Status::kDamaged:
          damaged = true;
          lost += from->damage().records;
          io.error(fmt::format("{}: {}", from->name(), from->damage().text));
          break;
        case RecordedFile::Status::kFailed:
          damaged = true;
          io.error(from->failure());
          more = false;
          break;
        case RecordedFile::Status::kEnd: more = false; break;
      }
    }
    if (!end(output, *to, io) || !written) return kExitFailed;
    io.note(fmt::format("{} record{}{}", records, records == 1 ? "" : "s", lost > 0 ? fmt::format(", {} lost", lost) : ""));
    return damaged ? kExitFailed : kExitFine;
  }

  int tell(Io& io) {
    Result<RecordedFile> file = RecordedFile::open(*info_, io.in);
    if (!file) return failed(file.error(), io);
    const Result<RecordingInfo> info = recording_info(*file);
    if (!info) return failed(info.error(), io);
    io.data(json_ ? info_json(*info, file->name()) : info_text(*info, file->name()));
    return info->damage.empty() ? kExitFine : kExitFailed;
  }

  std::string file_;
  std::optional<std::string> format_, from_, info_;
  WatchOptions watch_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_record() { return std::make_unique<Record>(); }

}  // namespace flyball::app

// See report.h.
#include "app/testing/report.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/text.h"
#include "parser/diagnostics/utf8.h"

namespace flyball::app::testing {
namespace {

void indented(std::string_view text, std::string_view margin, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += std::string(margin) + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Text of an element or an attribute; what XML 1.0 cannot hold becomes U+FFFD.
std::string xml(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = utf8_length(text.data() + i, text.data() + text.size());
    const char c = text[i];
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n':
      case '\t': out += fmt::format("&#{};", static_cast<int>(c)); break;
      default:
        if (n == 0 || (static_cast<unsigned char>(c) < 0x20) || c == 0x7F || text.substr(i, n) == "\uFFFE" ||
            text.substr(i, n) == "\uFFFF") {
          out += "\uFFFD";
        } else {
          out += text.substr(i, n);
        }
    }
    i += n == 0 ? 1 : n;
  }
  return out;
}

constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

}  // namespace

std::string failures_text(const TestReport& test) {
  std::string out;
  for (const FailureReport& f : test.failures) {
    out += fmt::format("  {}:{}: {}\n", f.file, f.line, f.message);
    for (const std::string& line : f.happened) out += fmt::format("      {}\n", line);
    if (f.why_not.empty()) continue;
    out += "    why not:\n";
    indented(f.why_not, "      ", out);
  }
  return out;
}

std::string report_json(const TestReport& test) {
  const auto at = [&](const std::string& file, std::uint32_t line) { return fmt::format("\"file\":{},\"line\":{}", quote(file), line); };
  std::string out = fmt::format("{{\"test\":{},{},\"passed\":{},\"expectations\":{},\"failures\":[", quote(test.name),
                                at(test.file, test.line), test.passed(), test.expectations);
  for (std::size_t i = 0; i < test.failures.size(); ++i) {
    const FailureReport& f = test.failures[i];
    out += fmt::format("{}{{{},\"message\":{},\"happened\":[", i == 0 ? "" : ",", at(f.file, f.line), quote(f.message));
    for (std::size_t k = 0; k < f.happened.size(); ++k) out += (k == 0 ? "" : ",") + quote(f.happened[k]);
    out += fmt::format("],\"why_not\":{}}}", f.why_not.empty() ? "null" : quote(f.why_not));
  }
  return out + "]}\n";
}

std::string report_junit(const std::vector<TestReport>& tests) {
  std::vector<std::string> files;
  for (const TestReport& t : tests) {
    if (std::find(files.begin(), files.end(), t.file) == files.end()) files.push_back(t.file);
  }
  const auto failed = [](const TestReport& t) { return !t.passed(); };
  std::string out = fmt::format("{}<testsuites name=\"flyball\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n", kXmlHead, tests.size(),
                                std::count_if(tests.begin(), tests.end(), failed));
  for (const std::string& file : files) {
    const auto here = [&](const TestReport& t) { return t.file == file; };
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n", xml(file),
                       std::count_if(tests.begin(), tests.end(), here),
                       std::count_if(tests.begin(), tests.end(), [&](const TestReport& t) { return here(t) && failed(t); }));
    for (const TestReport& t : tests) {
      if (!here(t)) continue;
      const std::string open = fmt::format("    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" assertions=\"{}\"",
                                           xml(t.name), xml(file), xml(file), t.line, t.expectations);
      if (t.passed()) {
        out += open + "/>\n";
        continue;
      }
      // One element: more than one failure of a case is not read by all.
      const std::string text = failures_text(t);
      out += fmt::format("{}>\n      <failure message=\"{}\" type=\"expectation\">", open, xml(t.failures.front().message));
      std::string_view rest = text;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        out += xml(rest.substr(0, end)) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      out += "</failure>\n    </testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string report_junit_broken(std::string_view paths) {
  return fmt::format(
      "{}<testsuites name=\"flyball\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
      "  <testsuite name=\"{}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
      "    <testcase name=\"the rules check\" classname=\"{}\">\n"
      "      <error message=\"the rules do not check, so that no test ran: see flyball check\" type=\"check\"/>\n"
      "    </testcase>\n  </testsuite>\n</testsuites>\n",
      kXmlHead, xml(paths), xml(paths));
}

bool name_matches(std::string_view name, std::string_view pattern) {
  // Between stars, pieces in their order; each where it is found first.
  while (true) {
    const std::size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const std::size_t at = name.find(piece);
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    name.remove_prefix(at + piece.size());
    pattern.remove_prefix(star + 1);
  }
}

}  // namespace flyball::app::testing

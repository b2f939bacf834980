// Coverage of a decision table. See coverage.h.
#include "parser/check/coverage.h"

#include <algorithm>
#include <unordered_map>

#include "parser/check/columns.h"
#include "parser/check/expressions.h"

namespace flyball::check {

using ast::HitPolicy;

namespace {

constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

// Looks for a combination of atoms, of the allowed ones, that none of the rows surely takes.
class GapSearch {
 public:
  // `like`: a row whose cells, where they read as that row's, take all it takes; kNoRow: none.
  GapSearch(const std::vector<Column>& columns, std::vector<Bits> allowed, std::size_t like, std::size_t& work)
      : columns_(columns), allowed_(std::move(allowed)), like_(like), work_(work), atoms_(columns.size(), 0) {}

  enum class Found { kGap, kNone, kUndecided };

  Found find(const std::vector<std::size_t>& rows) {
    std::vector<std::size_t> left(columns_.size());
    for (std::size_t c = 0; c < left.size(); ++c) left[c] = c;
    return search(rows, left);
  }
  // After kGap: by column an atom of the gap; kNoRow where every one is.
  const std::vector<std::size_t>& atoms() const { return atoms_; }

 private:
  const Bits& takes(std::size_t row, std::size_t c) const {
    return like_ != kNoRow && columns_[c].same_text(row, like_) ? allowed_[c] : columns_[c].at(row).surely;
  }
  bool full(std::size_t row, std::size_t c) const { return columns_[c].at(row).any || allowed_[c].within(takes(row, c)); }

  Found search(const std::vector<std::size_t>& rows, const std::vector<std::size_t>& left) {
    if (rows.empty()) {
      for (const std::size_t c : left) atoms_[c] = kNoRow;
      return Found::kGap;
    }
    // Which columns each row cares about.
    std::size_t best = kNoRow, cared = 0;
    std::vector<std::size_t> cares(columns_.size(), 0);
    for (const std::size_t row : rows) {
      bool all = true;
      for (const std::size_t c : left) {
        work_ += allowed_[c].words().size();
        if (full(row, c)) continue;
        all = false;
        ++cares[c];
      }
      if (all) return Found::kNone;
    }
    if (work_ > kMaxCoverageWork) return Found::kUndecided;
    for (const std::size_t c : left) {
      if (cares[c] > cared) best = c, cared = cares[c];
    }
    std::vector<std::size_t> rest;
    for (const std::size_t c : left) {
      if (c != best) rest.push_back(c);
    }
    // Atoms that leave the same rows are one; of those that leave fewer rows than another, the fewer suffice.
    struct Part {
      std::size_t atom = 0;
      std::vector<std::size_t> rows;
      double share = 0;  // of what is left here, taken by its rows; below 1 something surely is open
    };
    std::vector<Part> parts;
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> known;
    std::vector<double> shares;
    for (const std::size_t row : rows) shares.push_back(share(row, rest));
    for (std::size_t atom = columns_[best].atoms(); atom-- > 0;) {
      if (!allowed_[best].test(atom)) continue;
      Part part{atom, {}, 0};
      std::uint64_t hash = 0;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!takes(rows[i], best).test(atom)) continue;
        part.rows.push_back(rows[i]);
        part.share += shares[i];
        hash = (hash ^ rows[i]) * 0x9E3779B97F4A7C15ULL;
      }
      work_ += rows.size();
      std::vector<std::size_t>& same = known[hash];
      if (std::any_of(same.begin(), same.end(), [&](std::size_t i) { return parts[i].rows == part.rows; })) continue;
      same.push_back(parts.size());
      parts.push_back(std::move(part));
    }
    if (work_ > kMaxCoverageWork) return Found::kUndecided;
    std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.share < b.share; });
    for (const Part& part : parts) {
      atoms_[best] = part.atom;
      const Found found = search(part.rows, rest);
      if (found != Found::kNone) return found;
    }
    return Found::kNone;
  }

  double share(std::size_t row, const std::vector<std::size_t>& columns) const {
    double s = 1;
    for (const std::size_t c : columns) {
      if (columns_[c].at(row).any) continue;
      Bits taken = takes(row, c);
      taken &= allowed_[c];
      work_ += taken.words().size();
      s *= static_cast<double>(taken.count()) / static_cast<double>(allowed_[c].count());
    }
    return s;
  }

  const std::vector<Column>& columns_;
  std::vector<Bits> allowed_;
  std::size_t like_;
  std::size_t& work_;
  std::vector<std::size_t> atoms_;
};

class Coverer {
 public:
  Coverer(const ast::Table& table, const std::vector<std::uint32_t>& inputs, const DecisionType& type, const Package& p)
      : table_(table), type_(type), p_(p) {
    columns_.reserve(inputs.size());
    for (std::size_t c = 0; c < inputs.size(); ++c) columns_.emplace_back(table, c, type.input[inputs[c]].type, p);
  }

  void shadows(Coverage& out) {
    for (std::size_t row = 0; row < table_.rows.size(); ++row) {
      if (gave_up(out)) return;
      std::vector<std::size_t> rivals;
      std::size_t by = kNoRow;
      for (std::size_t other = 0; other < table_.rows.size() && by == kNoRow; ++other) {
        if (!goes_before(other, row)) continue;
        bool meets = true, covers = true;
        for (const Column& c : columns_) {
          work_ += c.inhabited().words().size();
          const bool same = c.same_text(row, other);
          meets = same || c.at(other).surely.meets(c.at(row).possibly);
          covers = covers && (same || c.at(other).any || c.at(row).possibly.within(c.at(other).surely));
          if (!meets) break;
        }
        if (!meets) continue;
        if (covers) by = other;
        rivals.push_back(other);
      }
      if (by != kNoRow) {
        out.shadowed.push_back({row, by, false});
        continue;
      }
      if (rivals.size() < 2) continue;
      if (gave_up(out)) return;
      std::vector<Bits> allowed;
      for (const Column& c : columns_) {
        allowed.push_back(c.at(row).possibly);
        allowed.back() &= c.inhabited();
      }
      GapSearch search(columns_, std::move(allowed), row, work_);
      const GapSearch::Found found = search.find(rivals);
      if (found == GapSearch::Found::kNone) out.shadowed.push_back({row, rivals.back(), true});
      if (found == GapSearch::Found::kUndecided) out.undecided = true;
    }
  }

  // Rows that hold together although one must (`unique`), or all must say the same (`any`).
  void overlaps(Coverage& out) {
    for (std::size_t second = 1; second < table_.rows.size(); ++second) {
      if (gave_up(out)) return;
      for (std::size_t first = 0; first < second; ++first) {
        if (table_.policy == HitPolicy::kAny && !differ(first, second)) continue;
        Overlap overlap{first, second, {}};
        work_ += table_.outputs.size();
        for (const Column& c : columns_) {
          work_ += c.inhabited().words().size();
          if (c.same_text(first, second)) {
            overlap.where.emplace_back(p_.report.text(table_.rows[first].inputs[overlap.where.size()].span));
            continue;
          }
          Bits both = c.at(first).surely;
          both &= c.at(second).surely;
          both &= c.inhabited();
          if (both.none()) break;
          std::size_t seed = 0;
          while (!both.test(seed)) ++seed;
          overlap.where.push_back(c.text(both, seed));
        }
        if (overlap.where.size() != columns_.size()) continue;
        out.overlaps.push_back(std::move(overlap));
        break;
      }
    }
  }

  void equals(Coverage& out) {
    for (std::size_t row = 1; row < table_.rows.size(); ++row) {
      if (gave_up(out)) return;
      for (std::size_t before = 0; before < row; ++before) {
        work_ += table_.outputs.size();
        if (!same_outputs(before, row)) continue;
        const bool same = std::all_of(columns_.begin(), columns_.end(), [&](const Column& c) {
          const CellSet &a = c.at(before), &b = c.at(row);
          work_ += 2 * a.surely.words().size();
          return c.same_text(before, row) || (a.surely == b.surely && a.possibly == a.surely && b.possibly == b.surely);
        });
        if (!same) continue;
        out.equal.emplace_back(row, before);
        break;
      }
    }
  }

  void gap(Coverage& out) {
    std::vector<std::size_t> rows(table_.rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
    std::vector<Bits> allowed;
    for (const Column& c : columns_) allowed.push_back(c.inhabited());
    GapSearch search(columns_, allowed, kNoRow, work_);
    const GapSearch::Found found = search.find(rows);
    out.open = found != GapSearch::Found::kNone;
    out.undecided = out.undecided || found == GapSearch::Found::kUndecided;
    if (found != GapSearch::Found::kGap) return;
    // The one combination grows, a column at a time, as far as no row surely takes any of it.
    std::vector<Bits> box;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::size_t atom = search.atoms()[c];
      box.emplace_back(columns_[c].atoms(), atom == kNoRow);
      if (atom != kNoRow) box.back().set(atom);
      box.back() &= columns_[c].inhabited();
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      std::size_t seed = 0;
      while (!box[c].test(seed)) ++seed;
      Bits grown = columns_[c].inhabited();
      for (std::size_t row = 0; row < table_.rows.size(); ++row) {
        bool meets = true;
        for (std::size_t o = 0; o < columns_.size() && meets; ++o) meets = o == c || columns_[o].at(row).surely.meets(box[o]);
        if (!meets) continue;
        Bits others = columns_[c].at(row).surely;
        others.flip();
        grown &= others;
      }
      // What the cell's text says, read as atoms again: a run, or a list.
      const std::string text = columns_[c].text(grown, seed);
      out.gap.push_back(text);
      box[c] = columns_[c].taken(grown, seed);
    }
  }

 private:
  bool gave_up(Coverage& out) const {
    out.undecided = out.undecided || work_ > kMaxCoverageWork;
    return work_ > kMaxCoverageWork;
  }
  // Whether `other` answers where both hold.
  bool goes_before(std::size_t other, std::size_t row) const {
    if (other == row) return false;
    if (table_.policy == HitPolicy::kFirst) return other < row;
    // `priority`: by the closed sets among the outputs, from left to right, where they are constants.
    for (const ast::Name& head : table_.outputs) {
      for (std::size_t o = 0; o < type_.output.size(); ++o) {
        if (type_.output[o].name != head.text || !type_.output[o].type.without_null().is(TypeTag::kEnum)) continue;
        const std::optional<Value> a = fold(table_.rows[other].outputs[o], p_.interner), b = fold(table_.rows[row].outputs[o], p_.interner);
        if (!a || !b) return false;
        const auto place = [&](const Value& v) {
          const auto& members = type_.output[o].type.members;
          return v.is_null() ? members.size()
                             : static_cast<std::size_t>(std::find(members.begin(), members.end(), p_.interner.text(v)) - members.begin());
        };
        if (place(*a) != place(*b)) return place(*a) < place(*b);
      }
    }
    return other < row;
  }

  bool same_outputs(std::size_t a, std::size_t b) const {
    for (std::size_t o = 0; o < type_.output.size(); ++o) {
      const ast::Expr &x = table_.rows[a].outputs[o], &y = table_.rows[b].outputs[o];
      const std::optional<Value> v = fold(x, p_.interner), w = fold(y, p_.interner);
      if (v && w ? *v != *w : v.has_value() != w.has_value() || p_.report.text(x.span) != p_.report.text(y.span)) return false;
    }
    return true;
  }
  // Surely: both constant.
  bool differ(std::size_t a, std::size_t b) const {
    for (std::size_t o = 0; o < type_.output.size(); ++o) {
      const std::optional<Value> v = fold(table_.rows[a].outputs[o], p_.interner), w = fold(table_.rows[b].outputs[o], p_.interner);
      if (v && w && *v != *w) return true;
    }
    return false;
  }

  const ast::Table& table_;
  const DecisionType& type_;
  const Package& p_;
  std::vector<Column> columns_;
  std::size_t work_ = 0;
};

}  // namespace

Coverage cover(const ast::Table& table, const std::vector<std::uint32_t>& inputs, const DecisionType& type, bool gaps, const Package& p) {
  Coverage result;
  for (const ast::TableRow& row : table.rows) {
    if (std::all_of(row.inputs.begin(), row.inputs.end(), [](const ast::Cell& c) { return !c.test; })) result.open = false;
  }
  if (table.rows.size() > kMaxRowsCompared) {
    result.undecided = true;
    return result;
  }
  Coverer coverer(table, inputs, type, p);
  switch (table.policy) {
    case HitPolicy::kFirst:
    case HitPolicy::kPriority: coverer.shadows(result); break;
    case HitPolicy::kUnique:
    case HitPolicy::kAny: coverer.overlaps(result); break;
    default: break;
  }
  if (table.policy != HitPolicy::kFirst && table.policy != HitPolicy::kUnique && table.policy != HitPolicy::kPriority)
    coverer.equals(result);
  if (gaps && result.open) coverer.gap(result);
  return result;
}

namespace {

// A cell of a file: a text that is nothing but letters, digits and the like needs no quotes of the language there.
std::string plain(const std::string& cell) {
  if (cell.size() < 3 || cell.front() != '"' || cell.back() != '"') return cell;
  const std::string inner = cell.substr(1, cell.size() - 2);
  const bool simple = std::all_of(inner.begin(), inner.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/';
  });
  return simple ? inner : cell;
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\n") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string row_text(const ast::Table& table, const std::vector<std::string>& cells, const std::vector<std::string>& outputs) {
  std::string out;
  if (table.format == ast::TableFormat::kCsv) {
    for (const std::string& cell : cells) out += csv_cell(plain(cell)) + ",";
    // As they stand in the file, between quotes or not.
    for (const std::string& cell : outputs) out += (cell.find_first_of(",\"\n") == cell.npos ? cell : '"' + cell + '"') + ",";
    if (!out.empty()) out.pop_back();
    return out;
  }
  out = "|";
  const bool file = table.format == ast::TableFormat::kMarkdown;
  for (const std::string& cell : cells) out += " " + (file ? plain(cell) : cell) + " |";
  if (!file) out += "|";
  for (const std::string& cell : outputs) out += " " + cell + " |";
  return out;
}

}  // namespace flyball::check

// What two runs did otherwise: pairs within an instant, pairs over time, what is left.
#include "app/replay/difference.h"

#include <catch2/catch.hpp>

namespace flyball::app {
namespace {

constexpr DurationNs kSecond = kNsPerSecond;

ActionLine line(int second, const std::string& rule, const std::string& data, const std::string& id = "") {
  ActionLine out;
  out.time = Timestamp{second * kSecond};
  out.rule = rule;
  out.action = "m.Do";
  out.data = data;
  out.text = "Do " + data;
  out.id = id.empty() ? rule + data + std::to_string(second) : id;
  return out;
}

// "moved a 10->12", in the order in which they were decided.
class Notes : public Difference::Listener {
 public:
  void found(ActionChange& change) override { change.reason = {std::string(to_string(change.kind))}; }
  void decided(const ActionChange& change) override {
    const ActionLine& l = change.before ? *change.before : *change.after;
    std::string text = std::string(to_string(change.kind)) + " " + l.rule + l.data + " ";
    if (change.before) text += std::to_string(change.before->time.ns / kSecond);
    text += "->";
    if (change.after) text += std::to_string(change.after->time.ns / kSecond);
    all.push_back(text);
    reasons.push_back(change.reason.front());
  }
  std::vector<std::string> all, reasons;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the same lines in another order are one change of their instant") {
  Notes notes;
  Difference difference(60 * kSecond, notes);
  difference.instant({line(1, "a", "1"), line(1, "b", "1"), line(1, "c", "1"), line(1, "d", "1")},
                     {line(1, "a", "1"), line(1, "c", "1"), line(1, "d", "1"), line(1, "b", "1")});
  // What only one of them has is no matter of order.
  difference.instant({line(2, "a", "1"), line(2, "b", "1")}, {line(2, "c", "1"), line(2, "a", "1"), line(2, "b", "1")});
  difference.finish();
  CHECK(notes.all == Lines{"reordered b1 1->1", "added c1 ->2"});
  CHECK(difference.changes() == 2);
  CHECK(difference.total().reordered == 1);
}

TEST_CASE("the same lines are no difference") {
  Notes notes;
  Difference difference(60 * kSecond, notes);
  difference.instant({line(1, "a", "1"), line(1, "b", "1")}, {line(1, "a", "1"), line(1, "b", "1")});
  difference.instant({line(2, "a", "1"), line(2, "a", "1")}, {line(2, "a", "1"), line(2, "a", "1")});
  difference.finish();
  CHECK(notes.all.empty());
  CHECK(difference.changes() == 0);
  CHECK(difference.total().before == 4);
  CHECK(difference.rules().at("a").after == 3);
}

TEST_CASE("what is left of an instant: one id changed, one deed by another rule, the rest added or removed") {
  Notes notes;
  Difference difference(60 * kSecond, notes);
  difference.instant({line(1, "a", "1", "x"), line(1, "b", "7"), line(1, "c", "3")},
                     {line(1, "a", "2", "x"), line(1, "z", "7"), line(1, "d", "4")});
  difference.finish();
  CHECK(notes.all == Lines{"changed a1 1->1", "changed b7 1->1", "removed c3 1->", "added d4 ->1"});
  CHECK(difference.total().changed == 2);
  CHECK(difference.rules().at("z").changed == 1);
}

TEST_CASE("one that is found at another time has moved, if that is near; its reason is the first one") {
  Notes notes;
  Difference difference(10 * kSecond, notes);
  difference.instant({line(1, "a", "1")}, {});
  difference.instant({}, {line(5, "a", "1")});
  difference.instant({}, {line(20, "b", "1")});
  difference.instant({line(31, "b", "1")}, {});
  difference.instant({}, {line(40, "c", "1")});
  difference.instant({line(50, "c", "1")}, {});
  difference.finish();
  CHECK(notes.all == Lines{"moved a1 1->5", "added b1 ->20", "removed b1 31->", "moved c1 50->40"});
  CHECK(notes.reasons == Lines{"removed", "added", "removed", "added"});
}

TEST_CASE("of several that wait the first near one is the partner") {
  Notes notes;
  Difference difference(10 * kSecond, notes);
  difference.instant({line(1, "a", "1")}, {});
  difference.instant({line(8, "a", "1")}, {});
  difference.instant({line(9, "a", "1")}, {});
  difference.instant({}, {line(15, "a", "1")});
  difference.finish();
  CHECK(notes.all == Lines{"removed a1 1->", "moved a1 8->15", "removed a1 9->"});
}

TEST_CASE("changes are decided when nothing can pair with them any more, in the order in which they were found") {
  Notes notes;
  Difference difference(10 * kSecond, notes);
  difference.instant({line(1, "a", "1")}, {});
  difference.instant({}, {line(2, "b", "1")});
  difference.pass(Timestamp{11 * kSecond});
  CHECK(notes.all.empty());
  difference.instant({line(11, "b", "1")}, {});
  difference.pass(Timestamp{11 * kSecond + 1});
  CHECK(notes.all == Lines{"removed a1 1->", "moved b1 11->2"});
  difference.finish();
  CHECK(notes.all.size() == 2);
}

TEST_CASE("what waits for a partner is limited: the oldest is decided") {
  Notes notes;
  Difference difference(1'000'000 * kSecond, notes);
  std::vector<ActionLine> many;
  for (std::size_t i = 0; i < Difference::kMaxOpen + 2; ++i) many.push_back(line(1, "a", std::to_string(i)));
  difference.instant(std::move(many), {});
  CHECK(notes.all == Lines{"removed a0 1->", "removed a1 1->"});
  difference.instant({}, {line(2, "a", "0"), line(2, "a", "2")});
  difference.finish();
  CHECK(notes.all[2] == "moved a2 1->2");
  CHECK(notes.all.back() == "added a0 ->2");
}

TEST_CASE("lines that come to be compared apart, of one time, are no change") {
  Notes notes;
  Difference difference(10 * kSecond, notes);
  difference.instant({line(1, "a", "1")}, {});
  difference.instant({}, {line(1, "a", "1")});
  difference.finish();
  CHECK(notes.all.empty());
  CHECK(difference.changes() == 0);
}

TEST_CASE("the busiest minute is the first of those with the most lines") {
  BusiestMinute minute;
  CHECK(minute.count() == 0);
  for (const int second : {-30, 59, 60, 119, 180, 200}) minute.note(Timestamp{second * kSecond});
  CHECK(minute.count() == 2);
  CHECK(minute.minute() == Timestamp{60 * kSecond});
}

}  // namespace flyball::app

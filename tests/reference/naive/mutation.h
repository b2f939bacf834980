// Deliberate mistakes that the naive matcher can be told to make, to prove that the comparison notices each of them.
#pragma once

#include <cstdint>

namespace flyball::reference {

enum class Mutation : std::uint8_t {
  kNone,
  kHoldOneLate,         // `for D` needs more than D
  kHoldSurvivesGap,     // a hold goes on counting through false
  kUnknownIsFalse,      // in every condition
  kUnknownEndsEpisode,  // staleness clears
  kTtlOneLate,          // stale only after stamp + ttl
  kUnchangedKeepsTtl,   // a put of the same content renews nothing
  kWindowClosedLeft,    // [T-D, T] instead of (T-D, T]
  kRetractKeepsSamples,
  kCooldownOneLate,
  kCooldownIgnoresPer,
  kPriorityAscending,
  kIdentityDescending,
  kNullJoinsNull,
  kLateOverwrites,  // a late fact replaces newer news
  kAbsenceOneLate,
  kSuspendedIsFalse,  // a derived fact without known reasons is gone
  kNoOnClear,
  kCountIsNeverInterval,    // a count over a stale fact is unknown whatever it is compared with
  kInputsByArrival,         // step 2 ignores source and sequence
  kEventsStay,              // until the next instant
  kDerivedFirstReasonLast,  // the last reason gives the fields
  kTableSkipsUnknownSilently,
  kAbsenceSurvivesChange,    // silence counts on although what the line reads of its facts changed
  kRunawayStays,             // a cascade that runs away is not undone
  kEveryNeedsOne,            // `every` is false where there is none
  kEitherIsAll,              // a branch that is false spoils one that is true
  kHoldsRunOutside,          // a calendar that opens begins no hold anew
  kEpisodesBeginOutside,     // `during` keeps nothing from beginning
  kEachOneLate,              // the value of an event is there at its stamp + D, too
  kWithinOneLate,            // an event is remembered at its stamp + D, too
  kSilenceAtOnce,            // `no … within D after m` is true before D is over
  kAfterIsAnyTime,           // what came before counts as after
  kRankRoundedDown,          // of a percentile
  kSpreadOfSample,           // stddev divides by n - 1
  kChangesAcrossKeys,        // all keys are one series
  kRateWithoutResets,        // a counter that fell has grown by less than nothing
  kSmoothedByStamp,          // ewma goes by stamp, not by arrival
  kEndsByArrival,            // first and last, too
  kMissedInstantsArePlayed,  // a recovery goes through what the engine was away for, instant by instant
  kMissedTriesFirst,         // and through time-outs before acknowledgements that waited
  kNothingIsLate,
  kLateSkipIsForEver,  // what `late skip` dropped stays dropped when its match was false
  kLateSkipTooEarly,   // it drops what was due D ago, too
  kUnknownNeedsNoApproval,
  kProposalsOutliveEpisodes,
  kApprovedIgnoresRate,
  kClearNeedsApproval,
  kDepthIsBreadth,  // what became true first goes first
  kNoRefraction,    // a production fires again after every change
  kGapsAreSilent,   // no `Lost`
  kNullFitsAll,     // a null is written to fields that may not be null
  kCount
};

}  // namespace flyball::reference

// The concrete syntax tree: what stands where, before any meaning. One shape of node for everything, so that a
// grammar rule needs no attribute and a tree of one declaration is two flat arrays that are reused for the next.
// It is not the AST (parser/ast): it holds no values and no names, only kinds and places; parser/lower reads it.
//
// Nodes carry 32-bit byte offsets. Children stand side by side in `arena`; leaves have none.
// INVARIANT: begin..end of a node is without the blanks and comments around it and covers its children.
// INVARIANT: a `broken` node had a mistake inside, already reported; any of its children may be missing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace flyball::cst {

enum class Kind : std::uint8_t {
  // Leaves.
  kName,
  kTypePath,
  kPath,
  kWord,
  kOp,
  kQuotedName,
  kInt,
  kUint,
  kHexInt,
  kHexUint,
  kDouble,
  kString,
  kBytes,
  kPercent,
  kDuration,
  kQuantity,
  kIp,
  kCidr,
  kTimeOfDay,
  kDate,
  kFText,
  kNothing,  // an optional part left out where its place counts
  // Expressions.
  kTernary,
  kOr,
  kAnd,
  kNot,
  kCompare,
  kRange,
  kCoalesce,
  kAdd,
  kMultiply,
  kUnary,
  kPostfix,
  kMember,
  kOptionalMember,
  kIndex,
  kOptionalIndex,
  kArguments,
  kParen,
  kList,
  kMap,
  kMapEntry,
  kOptionalPart,
  kRecord,
  kRecordField,
  kFString,
  kCall,
  kAggregate,
  kAggregateK,
  kAggregateField,
  kAggregateBy,
  kAggregateOver,
  kAggregateOverLast,
  kAggregateAtLeast,
  // Types.
  kType,
  kTypeArguments,
  kTypeSet,
  kNullable,
  // Declarations and their parts.
  kModule,
  kStrategy,
  kImport,
  kFact,
  kMutableFact,
  kEvent,
  kAction,
  kParam,
  kLet,
  kCalendar,
  kRule,
  kDecision,
  kTest,
  kFields,
  kField,
  kDefault,
  kKey,
  kOption,
  kResultFields,
  kParameters,
  kSpan,
  kExcept,
  kWhere,
  kValue,
  kPriority,
  kCooldown,
  kMode,
  kKeep,
  kDuring,
  kRepeat,
  kLateSkip,
  kApprove,
  kTags,
  kOwner,
  kRunbook,
  kWhen,
  kThen,
  kUntil,
  kOnClear,
  kPattern,
  kCross,
  kSome,
  kNo,
  kEveryLine,
  kEither,
  kBranch,
  kSatisfies,
  kSame,
  kSameAs,
  kWithin,
  kEach,
  kAfter,
  kFor,
  kLetLine,
  kCheck,
  kDo,
  kDerive,
  kAssert,
  kSet,
  kRetract,
  kLog,
  kInput,
  kOutput,
  kCase,
  kReturn,
  kDefaultCase,
  kOnUnknown,
  kTable,
  kPolicy,
  kHeads,
  kRow,
  kCell,
  kWildcard,
  kCellTest,
  kOutputCell,
  kStep,
  kAt,
  kBy,
  kEvery,
  kFrom,
  kTo,
  kStart,
  kSetStep,
  kSend,
  kSendFrom,
  kStamped,
  kNumbered,
  kRetractStep,
  kAcknowledge,
  kResult,
  kExpect,
  kExpectNothing,
  kFirings,
  kNone,
  kCount,
  kFromRule,
  kAsk,
  kExpected,
  kExpectedList,
  kRestart,
  kDown,
  kExpressionInput,  // a whole text that is one expression
};

struct Node {
  Kind kind = Kind::kNothing;
  bool broken = false;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t first = 0;  // children: arena[first .. first + count)
  std::uint32_t count = 0;
};

struct Tree {
  Node root;
  std::vector<Node> arena;

  std::span<const Node> children(const Node& n) const { return {arena.data() + n.first, n.count}; }
  const Node* child(const Node& n, Kind kind) const {
    for (const Node& c : children(n)) {
      if (c.kind == kind) return &c;
    }
    return nullptr;
  }
};

}  // namespace flyball::cst

// The codes of the parser's diagnostics (E01xx); the checker's are E02xx and up, beside the checker.
// A code is stable for ever and stands for one kind of mistake; docs/reference/diagnostics.md lists them.
#pragma once

namespace flyball::codes {

inline constexpr const char* kUnexpected = "E0100";          // something else stands where the grammar wants X
inline constexpr const char* kNotClosed = "E0101";           // a bracket, block or string without its end
inline constexpr const char* kForeignOperator = "E0102";     // `=` for `==`, `<>` for `!=`, `&` for `&&`
inline constexpr const char* kLetterCase = "E0103";          // a type in lower case, anything else with a capital
inline constexpr const char* kReservedWord = "E0104";        // a reserved word as a name
inline constexpr const char* kSuffixOrder = "E0105";         // `for` before `where` and the like
inline constexpr const char* kBadUnit = "E0106";             // a number with letters that are no unit
inline constexpr const char* kBadAddress = "E0107";          // digits and dots or colons that are no address
inline constexpr const char* kTooDeep = "E0108";             // nested beyond kMaxNesting
inline constexpr const char* kBadEscape = "E0109";           // an escape in a string that means nothing
inline constexpr const char* kBadEncoding = "E0110";         // bytes that are not UTF-8, NUL, control characters
inline constexpr const char* kBadNumber = "E0111";           // a number out of range or malformed
inline constexpr const char* kUnknownDeclaration = "E0112";  // a word that begins no declaration
inline constexpr const char* kUnknownPart = "E0113";         // a word that begins no part of a rule, decision, test …
inline constexpr const char* kTwice = "E0114";               // a part that may stand once stands twice
inline constexpr const char* kMissingPart = "E0115";         // a rule without `then` and the like
inline constexpr const char* kNotAnOption = "E0116";         // an option of another kind of declaration
inline constexpr const char* kBadTime = "E0117";             // 25:00
inline constexpr const char* kUnmatched = "E0118";           // a closing bracket that nothing opened
inline constexpr const char* kBadMacro = "E0119";            // has(x), xs.all(1, p)
inline constexpr const char* kTooLong = "E0120";             // an expression with too many operators in a row
inline constexpr const char* kMisplaced = "E0121";           // module or import after a declaration
inline constexpr const char* kBadDate = "E0122";             // 2026-02-30, day 32
inline constexpr const char* kNotInThisVersion = "E0190";    // of the language, not yet of this version

}  // namespace flyball::codes

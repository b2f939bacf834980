// Gives the parts of a program that are the same in the program that runs now the numbers that they have there: alphas, aggregates, and
// what belongs to rules: chains with their stages, tables, gates. Then a session under the new program can go on with the tokens and tables
// of one under the old (session/adoption.h), which know those numbers. Rules and types keep the places that the text gives them.
//
// A number that nothing has any more is given to what is new, or stays vacant: a part with that mark is in no list and does nothing. When
// more than half of the stages would be vacant nothing is aligned. Not thread-safe. Complexity: O(both programs).
#pragma once

#include "engine/compile/program_data.h"

namespace flyball::engine {

void align(ProgramData& data, const ProgramData& running);

}  // namespace flyball::engine

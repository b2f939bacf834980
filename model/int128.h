// 128-bit integers under names that a pedantic compiler accepts. For intermediate results only: nothing stores them.
#pragma once

namespace flyball {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

}  // namespace flyball

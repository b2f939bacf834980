// Random cases of many rules that say where one field must lie: prefixes of addresses, ends of texts, intervals, sets. The
// constants are few and lie on each other's borders, and so do the values.
#pragma once

#include <cstdint>

#include "tests/reference/case.h"

namespace flyball::reference {

inline const char* const kReachingTypes =
    "param nets: list<cidr> = [10.1.0.0/16, 2001:db8::/32]\n"
    "let near = [10.0.0.0/9, ::1/128]\n"
    "let few = [1, 3]\n"
    "fact Host key (id) ttl 3s { id: int  a: ip  b: ip?  c: cidr?  n: string  m: string?  v: int  w: double  p: percent?  t: timestamp  "
    "on: bool }\n"
    "fact Zone key (id) { id: int  hot: bool }\n"
    "event Trade { n: string  a: ip  v: int }\n"
    "fact Above key (rule, id) { rule: int  id: int }\n"
    "fact Copy key (id) { id: int  n: string  v: int }\n"
    "action Say key (rule, id) { rule: int  id: int }\n";

CaseText reaching_case(std::uint64_t seed);

}  // namespace flyball::reference

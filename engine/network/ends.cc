// The ends of chains: those of tables are the network's own business, those of rules the session's.
#include "engine/network/network.h"

namespace flyball::engine {

void Network::end_made(TokenId t) {
  const ChainPlan& chain = chain_of(t);
  switch (chain.end) {
    case ChainEnd::kHold: hold_count(t, 1); break;
    case ChainEnd::kAbsence: {
      FactId facts[kMaxTuple];
      for (std::size_t i = 0; i < chain.tuple.size(); ++i) facts[i] = fact_of(t, chain.tuple[i]);
      absence_bound(chain.owner, facts, 1);
      break;
    }
    case ChainEnd::kSeen: absence_seen(t, true); break;
    case ChainEnd::kShared:
      for (const StageId stage : chain.consumers) make_token(stage, t, kNone, kNone, tokens_[t].truth, false);
      break;
    case ChainEnd::kRule:
    case ChainEnd::kGate:
    case ChainEnd::kUntil:
    case ChainEnd::kWatch: ends_.token_made(chain, t); break;
  }
}

void Network::end_gone(TokenId t) {
  const ChainPlan& chain = chain_of(t);
  switch (chain.end) {
    case ChainEnd::kHold: hold_count(t, -1); break;
    case ChainEnd::kAbsence: {
      FactId facts[kMaxTuple];
      for (std::size_t i = 0; i < chain.tuple.size(); ++i) facts[i] = fact_of(t, chain.tuple[i]);
      absence_bound(chain.owner, facts, -1);
      break;
    }
    case ChainEnd::kSeen: absence_seen(t, false); break;
    case ChainEnd::kShared: break;  // what went on from it has fallen with it
    case ChainEnd::kRule:
    case ChainEnd::kGate:
    case ChainEnd::kUntil:
    case ChainEnd::kWatch: ends_.token_gone(chain, t); break;
  }
}

void Network::end_touched(TokenId t) {
  const ChainPlan& chain = chain_of(t);
  if (chain.end == ChainEnd::kRule || chain.end == ChainEnd::kUntil || chain.end == ChainEnd::kWatch) ends_.token_touched(chain, t);
}

}  // namespace flyball::engine

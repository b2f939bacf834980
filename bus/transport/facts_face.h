// FactsFace: the ROUTER of assured publishers. Internal to bus/transport.
//
// Per source it knows the last sequence taken and which connection speaks for it. Facts are taken in sequence only: earlier
// ones are duplicates (acknowledged again), later ones a gap (asked for again). Acknowledgements leave when acknowledge() is
// called, one per source and round, after the owner has committed. A refused fact has its sequence, too: it is answered
// for, and never comes again; its reason is kept until the publisher must have read it, and told again in a welcome.
// A welcome acknowledges, too: one that follows facts of the same round waits for acknowledge() with the others. A source is
// remembered until sources_max others came and it is the one that is away for the longest.
// INVARIANT: by_peer_ maps exactly the connections of connected sources.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "bus/codec/message.h"
#include "bus/transport/faces.h"

namespace flyball::bus {

class FactsFace {
 public:
  FactsFace(FaceContext& context, Socket socket) : c_(context), socket_(std::move(socket)) {}
  Socket& socket() { return socket_; }

  // Handles what is there, up to the limits of one poll. Returns the facts taken or refused; `more`: stopped at a limit.
  std::size_t drain(bool& more);
  // Sends what the publishers must know about this round.
  void acknowledge();
  // A publisher did not read fast enough to be told; try again soon.
  bool has_unsent() const { return !acks_due_.empty(); }
  void bye();
  std::vector<SourceStatus> status() const;

 private:
  struct Refusal {
    std::uint64_t first = 0;
    std::uint64_t through = 0;
    std::string error;
  };
  struct Source {
    std::string name;
    std::string instance;          // the process that spoke for it last
    std::string peer;              // its connection's routing id; empty: none
    std::uint64_t seq = 0;         // last one taken or refused
    std::uint64_t asked_from = 0;  // a resend was asked for from here; 0: none
    bool ack_due = false;
    bool welcome_due = false, resume = false;
    std::uint64_t left = 0;       // when its connection went, by count
    std::deque<Refusal> refused;  // until the publisher must have been told
    std::size_t listed = 0;       // that many from the front went out to this connection
  };

  void handle(std::string_view peer, std::string_view body);
  void handle_control(std::string_view peer, std::string_view body);
  void hello(std::string_view peer, const Message& message);
  bool take(Source& source, std::uint64_t first, MsgpackReader& reader);
  void refuse(Source& source, std::uint64_t first, std::uint64_t through, std::string error);
  void forget_refused(Source& source, std::uint64_t first);
  void write_refused(MsgpackWriter& writer, const Source& source, std::size_t from, std::size_t n) const;
  void mark_ack(Source& source);
  bool send_welcome(Source& source);
  // The place of the source that is away for the longest, free again; sources_.size() if all are connected.
  std::size_t evict();
  void forget_peer(Source& source);
  bool send_ack(Source& source);
  Source* of(std::string_view peer);

  FaceContext& c_;
  Socket socket_;
  std::vector<Source> sources_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> by_peer_;
  std::vector<std::size_t> acks_due_, welcomes_due_;
  std::uint64_t leavings_ = 0;
  std::string key_;  // reused for lookups
  std::string out_;
  FactInput fact_;
  AckInput ack_;
  std::size_t taken_ = 0;  // in this drain
};

}  // namespace flyball::bus

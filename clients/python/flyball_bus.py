"""A flyball client in Python: publisher, executor, questions, subscriber. Needs pyzmq and msgpack.

One file on purpose: copy it. The protocol is docs/reference/wire.md's; nothing here knows more than that page says.
"""
import collections
import time
import uuid

import msgpack
import zmq

FACTS, PLAIN, OUT, ACTIONS, QUERIES = ("tcp://127.0.0.1:%d" % port for port in (7701, 7702, 7703, 7704, 7705))


class _Link:
    """A DEALER that says hello until it is welcome, every second that it lives, and hello again when it is not known."""

    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 200)
        self.socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing is queued for a service that is not there
        self.socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
        self.socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
        self.socket.connect(endpoint)
        self.instance = uuid.uuid4().hex
        self.welcome = None
        self.heard = 0.0
        self.spoke = 0.0
        self.complaint = None

    def say(self, **message):
        try:
            self.socket.send(msgpack.packb(message), zmq.DONTWAIT)
        except zmq.Again:
            return False
        self.spoke = time.monotonic()
        return True

    def pump(self, seconds):
        """Keeps the connection's place, handles what comes, and waits at most so long for it."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            if self.welcome and now - self.heard > 3.5:
                self.welcome = None
            if now - self.spoke > (1.0 if self.welcome else 0.5):
                self.say(**({"op": "ping"} if self.welcome else self.hello()))
            if not self.socket.poll(max(0, min(until - now, 0.25)) * 1000):
                if time.monotonic() >= until:
                    return
                continue
            message = msgpack.unpackb(self.socket.recv())
            self.heard = time.monotonic()
            op = message["op"]
            if op == "welcome":
                self.welcome = message
                self.welcomed(message)
            elif op == "who":
                self.say(**self.hello())
            elif op == "ping":
                self.say(op="pong")
            elif op in ("busy", "bye", "error"):
                self.complaint = message.get("error", op)
                if op != "error":
                    self.welcome = None
            elif op != "pong":
                self.handle(message)


class Publisher(_Link):
    """Publishes facts; each is kept until the service has acknowledged it."""

    def __init__(self, source, endpoint=FACTS, limit=100_000):
        super().__init__(endpoint)
        self.source, self.limit = source, limit
        self.held = collections.deque()  # unacknowledged facts, oldest first
        self.first = 1                   # the sequence of held[0]
        self.sent = 0                    # how many of them are on their way
        self.numbered = False
        self.refused = []                # (sequence, reason)

    def hello(self):
        return {"op": "hello", "source": self.source, "v": 1, "instance": self.instance, **({"first": self.first} if self.numbered else {})}

    def welcomed(self, message):
        if self.numbered and message["resume"]:
            self._note_refused(message)  # what was refused before the connection broke
            self._drop_through(message["seq"])
        else:
            self.first = message["seq"] + 1
        self.numbered, self.sent, self.credit = True, 0, message["credit"]

    def handle(self, message):
        if message["op"] == "ack":
            self.credit = message["credit"]
            self._note_refused(message)
            self._drop_through(message["seq"])
        elif message["op"] == "resend":
            self.sent = max(0, min(self.sent, message["seq"] - self.first))

    def _note_refused(self, message):
        for r in message.get("refused", []):
            if r["seq"] >= self.first:  # else it was told before
                self.refused.append((r["seq"], r["error"]))

    def _drop_through(self, seq):
        while self.held and self.first <= seq:
            self.held.popleft()
            self.first += 1
            self.sent = max(0, self.sent - 1)

    def put(self, type, data, at=None, op="put"):
        if len(self.held) >= self.limit:
            raise BufferError("the service takes nothing: %s" % self.complaint)
        fact = {"type": type, "data": data}
        if at is not None:
            fact["time"] = at
        if op != "put":
            fact["op"] = op
        self.held.append(fact)

    def pump(self, seconds=0.0):
        self._send()
        super().pump(seconds)
        self._send()

    def _send(self):
        while self.welcome and self.sent < min(len(self.held), self.credit):
            batch = [self.held[i] for i in range(self.sent, min(len(self.held), self.credit, self.sent + 500))]
            if not self.say(op="facts", seq=self.first + self.sent, facts=batch):
                return
            self.sent += len(batch)

    def flush(self, seconds=5.0):
        until = time.monotonic() + seconds
        while self.held and time.monotonic() < until:
            self.pump(0.05)
        return not self.held


class Executor(_Link):
    """Carries out actions: `carry_out(action)` returns a result (a dict, or None) or raises; each try runs once."""

    def __init__(self, executor, actions, carry_out, endpoint=ACTIONS, remember=10_000):
        super().__init__(endpoint)
        self.executor, self.actions, self.carry_out, self.remember = executor, actions, carry_out, remember
        self.answers = collections.OrderedDict()  # (id, try) → what was said
        self.open = set()                         # said, not yet confirmed

    def hello(self):
        return {"op": "hello", "executor": self.executor, "v": 1, "instance": self.instance, "actions": self.actions}

    def welcomed(self, _):
        for key in self.open:
            self.say(**self.answers[key])

    def handle(self, message):
        if message["op"] == "ok":
            self.open.discard((message["id"], message.get("try", 1)))
        if message["op"] != "action":
            return
        key = (message["id"], message["try"])
        if key not in self.answers:
            answer = {"op": "done", "id": message["id"], "try": message["try"], "action": message["action"]}
            try:
                result = self.carry_out(message)
                answer.update(state="acked", **({"result": result} if result else {}))
            except Exception as e:  # whatever went wrong is the action's failure, not this loop's
                answer.update(state="failed", error=str(e) or type(e).__name__)
            self.answers[key] = answer
            while len(self.answers) > self.remember:
                self.answers.popitem(last=False)
        self.open.add(key)
        self.say(**self.answers[key])


class Questions:
    """Asks a running service; raises ValueError with its reason when it refuses, TimeoutError when nobody answers."""

    def __init__(self, endpoint=QUERIES, seconds=5.0):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        self.seconds, self.number = seconds, 0

    def query(self, op, **arguments):
        self.number += 1
        self.socket.send(msgpack.packb({"op": op, "req": self.number, **arguments}))
        until = time.monotonic() + self.seconds
        while self.socket.poll(max(0, until - time.monotonic()) * 1000):
            answer = msgpack.unpackb(self.socket.recv())
            if answer.get("req") != self.number:
                continue  # of a question that was given up
            if answer["op"] == "error":
                raise ValueError(answer["error"])
            return answer
        raise TimeoutError("no answer within %s s" % self.seconds)

    def ask(self, decision, **fields):
        return self.query("ask", decision=decision, input=fields)

    def ask_all(self, decision, inputs):
        return self.query("ask", decision=decision, batch=inputs)["batch"]


def subscribe(*topics, endpoint=OUT):
    """Yields (topic, message) for ever: "action.", "derived.", "decision.", "log.", "fact." and what follows them."""
    socket = zmq.Context.instance().socket(zmq.SUB)
    for topic in topics or ("",):
        socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
    socket.connect(endpoint)
    while True:
        topic, body = socket.recv_multipart()
        yield topic.decode(), msgpack.unpackb(body)

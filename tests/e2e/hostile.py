#!/usr/bin/python3
"""Sends what no client should to every face of a service, as ZeroMQ messages and as raw bytes.

usage: hostile.py FACTS PLAIN OUT ACTIONS QUERIES [TCP-PORT...]

Prints `sent N` at the end; whether the service bears it is the caller's to judge. Deterministic: the bytes come from a fixed seed.
"""
import random
import socket
import sys
import time

import msgpack
import zmq

random.seed(7)
facts, plain, out, actions, queries = sys.argv[1:6]
context = zmq.Context()
sent = 0


def peer(kind, endpoint):
    s = context.socket(kind)
    s.setsockopt(zmq.LINGER, 500)
    s.setsockopt(zmq.SNDTIMEO, 2000)
    s.connect(endpoint)
    return s


def messages():
    yield b""
    yield b"\x00"
    yield b"\xc1"
    yield b"\x91" * 100_000
    yield b"\xdf\xff\xff\xff\xff"
    yield b"\xdd\xff\xff\xff\xff"
    yield b"\xdb\xff\xff\xff\xffabc"
    yield b"\x81\xa2op\xc4\x01x"
    yield msgpack.packb([1, 2, 3])
    yield msgpack.packb({"op": "hello"})
    yield msgpack.packb({"op": "hello", "source": "", "executor": "", "v": 1})
    yield msgpack.packb({"op": "hello", "source": "x" * 10_000, "executor": "x" * 10_000, "v": 1, "actions": ["*"]})
    yield msgpack.packb({"op": "hello", "source": "hostile", "executor": "hostile", "v": 99, "actions": ["*"]})
    yield msgpack.packb({"op": "hello", "source": "hostile", "executor": "hostile", "v": 1, "actions": ["Nothing"]})
    yield msgpack.packb({"op": "facts", "seq": 2**63, "facts": [{}] * 3})
    yield msgpack.packb({"op": "facts", "seq": -1, "facts": "none"})
    yield msgpack.packb({"op": "facts", "seq": 1, "facts": [{"type": "LinkStats", "data": {"device": {"a": {"b": {}}}}}]})
    yield msgpack.packb({"op": "done", "id": "00", "try": 2**64 - 1, "state": "finished"})
    yield msgpack.packb({"op": "ask", "decision": "pick_pool", "input": {"service": 1}})
    yield msgpack.packb({"op": "ask", "decision": "\x00", "input": None})
    yield msgpack.packb({"op": "why-not", "rule": "nothing", "with": {"a": "b"}})
    yield msgpack.packb({"op": "why", "action": "x" * 1000})
    yield msgpack.packb({"op": "facts", "type": "Nothing"})
    for _ in range(200):
        yield bytes(random.randrange(256) for _ in range(random.randrange(1, 200)))


for endpoint, kind in ((facts, zmq.DEALER), (actions, zmq.DEALER), (queries, zmq.DEALER), (plain, zmq.PUB), (out, zmq.SUB)):
    s = peer(kind, endpoint)
    if kind == zmq.SUB:
        for prefix in (b"", b"\xff" * 1000, b"action."):
            s.setsockopt(zmq.SUBSCRIBE, prefix)
        time.sleep(0.1)
        s.close()
        continue
    if kind == zmq.PUB:
        time.sleep(0.3)
    for m in messages():
        try:
            s.send(m)
            s.send_multipart([b"LinkStats", m])
            s.send_multipart([m] * 5)
            sent += 3
        except zmq.Again:
            pass
    # Too large: the connection ends, the next one is a new peer.
    try:
        s.send(b"x" * (3 << 20))
        sent += 1
    except zmq.Again:
        pass
    s.close()

for port in sys.argv[6:]:
    for blob in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 10, b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL", random.randbytes(4096)):
        with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as raw:
            raw.sendall(blob)
            sent += 1

context.term()
print("sent", sent)

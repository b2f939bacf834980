#!/usr/bin/python3
"""A steady HTTP load: part of `make demo`.

    load.py PORT RATE SECONDS

Sends RATE requests per second to 127.0.0.1:PORT, evenly spaced, over at most 64 connections, for at most SECONDS and at
most 60,000 requests. A line "rate N" on stdin changes the rate (at most 400). Each second a line of JSON on stdout:
{"sent":…, "ok":…, "failed":…, "skipped":…, "p50_ms":…, "p99_ms":…} of that second; skipped: all connections were busy.
"""
import asyncio
import collections
import ctypes
import json
import signal
import sys
import time

CONNECTIONS_MAX = 64
REQUESTS_MAX = 60_000
RATE_MAX = 400
TIMEOUT_S = 5.0


class Load:
    def __init__(self, port, rate):
        self.port = port
        self.rate = rate
        self.idle = collections.deque()
        self.busy = 0
        self.total = 0
        self.begin_second()

    def begin_second(self):
        self.sent = self.ok = self.failed = self.skipped = 0
        self.times = []

    async def exchange(self, reader, writer):
        writer.write(b"GET /work HTTP/1.1\r\nHost: demo\r\n\r\n")
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(None, 2)[1])
        length, closes = 0, False
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"connection":
                closes = value.strip().lower() == b"close"
        await reader.readexactly(length)
        return status, closes

    async def request(self):
        began = time.monotonic()
        connection = None
        try:
            connection = self.idle.popleft() if self.idle else await asyncio.open_connection("127.0.0.1", self.port, limit=16384)
            status, closes = await asyncio.wait_for(self.exchange(*connection), TIMEOUT_S)
            if status < 500:
                self.ok += 1
            else:
                self.failed += 1
            self.times.append(time.monotonic() - began)
            if not closes:
                self.idle.append(connection)
                connection = None
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, asyncio.LimitOverrunError, ValueError, IndexError):
            self.failed += 1
        finally:
            if connection:
                connection[1].close()
            self.busy -= 1

    async def run(self, seconds):
        end = time.monotonic() + seconds
        next_at = time.monotonic()
        tasks = set()
        while time.monotonic() < end and self.total < REQUESTS_MAX:
            now = time.monotonic()
            while next_at <= now:
                next_at += 1 / self.rate
                if self.busy >= CONNECTIONS_MAX:
                    self.skipped += 1
                    continue
                self.busy += 1
                self.sent += 1
                self.total += 1
                task = asyncio.create_task(self.request())
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))

    async def report(self):
        while True:
            await asyncio.sleep(1)
            times = sorted(self.times)
            at = lambda q: round(1000 * times[min(len(times) - 1, int(q * len(times)))], 1) if times else None
            print(json.dumps({"sent": self.sent, "ok": self.ok, "failed": self.failed, "skipped": self.skipped, "p50_ms": at(0.5), "p99_ms": at(0.99)}), flush=True)
            self.begin_second()


async def listen(load):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        words = line.split()
        if len(words) == 2 and words[0] == b"rate":
            load.rate = max(1, min(RATE_MAX, int(words[1])))


async def main():
    port, rate, seconds = int(sys.argv[1]), min(RATE_MAX, int(sys.argv[2])), float(sys.argv[3])
    load = Load(port, rate)
    others = [asyncio.create_task(load.report()), asyncio.create_task(listen(load))]
    await load.run(seconds)
    for task in others:
        task.cancel()


if __name__ == "__main__":
    # PR_SET_PDEATHSIG: if the demo is killed, nothing stays behind.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    try:
        asyncio.run(main())
    except (KeyboardInterrupt, BrokenPipeError):
        pass

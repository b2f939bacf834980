#!/usr/bin/python3
"""A real HTTP backend that can be told to misbehave: part of `make demo`.

    backend.py PORT NAME

    GET /health            200, or 500 for every second one while failing
    GET /_mode?fail=50&delay_ms=200
                           from now on fail that percent of requests (spread evenly, no chance), answer that late
    GET anything else      200 with the name, or 500, after the delay

It listens on 127.0.0.1 only and ends with its parent.
"""
import asyncio
import ctypes
import signal
import sys
import urllib.parse


class Backend:
    def __init__(self, name):
        self.name = name
        self.fail_percent = 0
        self.delay_ms = 0
        self.owed = 0  # percents of a failure not yet served
        self.checks = 0

    def must_fail(self):
        self.owed += self.fail_percent
        if self.owed < 100:
            return False
        self.owed -= 100
        return True

    async def answer(self, path):
        url = urllib.parse.urlsplit(path)
        if url.path == "/_mode":
            wanted = urllib.parse.parse_qs(url.query)
            self.fail_percent = min(100, int(wanted.get("fail", ["0"])[0]))
            self.delay_ms = min(5000, int(wanted.get("delay_ms", ["0"])[0]))
            return 200
        if url.path == "/health":
            self.checks += 1
            return 500 if self.fail_percent and self.checks % 2 else 200
        fails = self.must_fail()
        if self.delay_ms:
            await asyncio.sleep(self.delay_ms / 1000)
        return 500 if fails else 200

    async def serve(self, reader, writer):
        try:
            while True:
                request = await reader.readline()
                words = request.split()
                if len(words) < 3:
                    break
                while (await reader.readline()).strip():
                    pass
                status = await self.answer(words[1].decode("latin-1"))
                body = (self.name + "\n").encode()
                reason = "OK" if status == 200 else "Internal Server Error"
                writer.write(f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()


async def main():
    port, name = int(sys.argv[1]), sys.argv[2]
    server = await asyncio.start_server(Backend(name).serve, "127.0.0.1", port, limit=16384)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    # PR_SET_PDEATHSIG: if the demo is killed, nothing stays behind.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass

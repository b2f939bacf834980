"""Inputs for fuzz_recording to begin with: python3 tests/fuzz/recording_seeds.py FOLDER

Ordinary records and lines, and small ones that say much: a record may name a word of the block again and again, and is as long as all of
it in full. They are made here, and not kept, because they are long.
"""
import pathlib
import sys


def array(n):
    return bytes([0x90 | n]) if n < 16 else b"\xdd" + n.to_bytes(4, "big")


def string(text):
    return b"\xdb" + len(text).to_bytes(4, "big") + text


def whole(n):
    return bytes([n]) if n < 128 else b"\xce" + n.to_bytes(4, "big")


def record(shape, values):
    body = whole(shape) + whole(0) + values
    return whole(len(body)) + body


def payload(words, shapes, records):
    out = array(len(words)) + b"".join(string(word) for word in words) + array(len(shapes))
    return out + b"".join(array(len(shape)) + b"".join(b"\xc0" if n is None else whole(n) for n in shape) for shape in shapes) + b"".join(records)


WORD = b"\xd4\x01\x00"  # the block's first word
ACK, TICK = [3, 0], [4, 0]

SEEDS = {
    "fact": payload([b"e1", b"net.types.LinkStats", b"device", b"port", b"util"], [[0, 0, 1, None, 2, 3, 4]], [record(0, WORD + WORD + b"\xd5\x02\x02\x5c")]),
    "ack": payload([b"e1"], [ACK, TICK], [record(0, b"\x81" + WORD + WORD), record(1, b"")]),
    "many-references": payload([b"\x01" * 256], [ACK, TICK], [record(0, array(60_000) + WORD * 60_000), record(1, b"")]),
    "many-references-in-a-fact": payload(
        [b"\x01" * 256, b"net.types.LinkStats", b"device"], [[0, 0, 1, None, 2]], [record(0, array(60_000) + WORD * 60_000)]
    ),
    "long-word": payload([b"x" * 200_000], [ACK], [record(0, array(20_000) + WORD * 20_000)]),
    "long-names": payload([b"\x01" * 256], [[0, 0, 0, 0] + [0] * 60], [record(0, WORD * 60)] * 60),
}

LINES = {
    "line": b'{"time":1,"type":"net.types.LinkStats","data":{"device":"e1","port":"p","util":0.92},"source":"s","seq":1}',
    "no-line": b"no line",
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in SEEDS.items():
        (folder / name).write_bytes(b"\x00" + seed)
    for name, line in LINES.items():
        (folder / name).write_bytes(b"\x01" + line)


if __name__ == "__main__":
    main()

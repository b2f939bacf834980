#!/usr/bin/python3
"""Draws a capture of the demo as a terminal picture (SVG): docs/images/demo.svg is made by

    CLICOLOR_FORCE=1 make demo > capture.txt && demo/picture.py capture.txt > docs/images/demo.svg

It draws what the demo printed and nothing else; of the stages only those named with --stage (a part of the title, several
allowed; default: a selection that fits a page), and of the comparison at the end only its last line.
"""
import argparse
import html
import re
import sys

COLUMNS, CHAR_W, LINE_H, PAD = 124, 7.85, 17, 16
BACKGROUND, FOREGROUND = "#11151c", "#d5dbe5"
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea"}
DEFAULT_STAGES = ["One server fails", "Planned work", "HAProxy is killed"]
SGR = re.compile(r"\x1b\[([0-9;]*)m")
STAGE = re.compile(r"^\s*\d+\.\ds  \S")


def plain(line):
    return SGR.sub("", line)


def is_title(line):
    # Titles follow an empty line and have no actor column.
    return STAGE.match(plain(line)) and not re.match(r"^\s*\d+\.\ds  (world|flyball|haproxy|ask|check|demo)\s", plain(line))


def select(lines, stages):
    out, keeping, dropped = [], True, False
    for line in lines:
        if is_title(line):
            keeping = any(s in plain(line) for s in stages)
            dropped = dropped or not keeping
        elif plain(line).startswith("What had to happen"):
            keeping = False
            dropped = True
        if not keeping:
            continue
        if dropped and is_title(line):
            out.append("\x1b[2m         ⋮\x1b[0m")
            dropped = False
        out.append(line)
    while out and not plain(out[-1]).strip():
        out.pop()
    last = [line for line in lines if re.match(r"^\d+ passed, \d+ failed", plain(line))]
    return out + ["\x1b[2m         ⋮\x1b[0m"] + last[-1:]


def runs(line):
    """(text, colour, bold, dim) pieces."""
    colour, bold, dim, at = None, False, False, 0
    for m in list(SGR.finditer(line)) + [None]:
        text = line[at:m.start() if m else len(line)]
        if text:
            yield text, colour, bold, dim
        if not m:
            return
        at = m.end()
        for code in (m.group(1) or "0").split(";"):
            if code == "0":
                colour, bold, dim = None, False, False
            elif code == "1":
                bold = True
            elif code == "2":
                dim = True
            elif code in COLOURS:
                colour = COLOURS[code]


def wrapped(line):
    """Rows of (column, text, style), continued with an indent where the line is too long."""
    rows, row, column = [], [], 0
    for text, *style in runs(line):
        while text:
            if column >= COLUMNS:
                rows.append(row)
                row, column = [], 19
            piece = text[:COLUMNS - column]
            if len(piece) < len(text) and " " in piece[-20:]:
                piece = piece[:piece.rfind(" ") + 1]
            row.append((column, piece, style))
            column += len(piece)
            text = text[len(piece):]
            if text:
                rows.append(row)
                row, column = [], 19
    rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture")
    parser.add_argument("--stage", action="append")
    args = parser.parse_args()
    with open(args.capture, encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f]
    rows = [row for line in select(lines, args.stage or DEFAULT_STAGES) for row in wrapped(line)]
    width, height = round(COLUMNS * CHAR_W + 2 * PAD), len(rows) * LINE_H + 2 * PAD + 22
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="the demo at work in a terminal">',
           f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>']
    for i, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        out.append(f'<circle cx="{PAD + 6 + 18 * i}" cy="18" r="5" fill="{colour}"/>')
    out.append('<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="13" xml:space="preserve">')
    for number, row in enumerate(rows):
        y = PAD + 22 + LINE_H * number + 12
        for column, text, (colour, bold, dim) in row:
            if not text.strip():
                continue
            extra = (' font-weight="bold"' if bold else "") + (' opacity="0.6"' if dim else "")
            lead = len(text) - len(text.lstrip())
            body = text.strip()
            out.append(f'<text x="{PAD + (column + lead) * CHAR_W:.1f}" y="{y}" fill="{colour or FOREGROUND}"{extra} textLength="{len(body) * CHAR_W:.1f}">{html.escape(body)}</text>')
    out.append("</g></svg>")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()

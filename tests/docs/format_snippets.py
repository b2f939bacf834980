#!/usr/bin/python3
"""Writes the ```fly snippets of pages in the form of `flyball fmt`; those with a mistake of grammar stay as they are.

usage: format_snippets.py FLYBALL PAGE...

A test of the parser says when a page needs it.
"""
import pathlib
import subprocess
import sys


def main():
    flyball, pages = sys.argv[1], sys.argv[2:]
    for page in map(pathlib.Path, pages):
        lines = page.read_text().split("\n")
        out, snippet = [], None
        for line in lines:
            if snippet is None:
                out.append(line)
                snippet = [] if line.startswith("```fly") else None
            elif line.startswith("```"):
                text = "".join(part + "\n" for part in snippet)
                done = subprocess.run([flyball, "fmt", "-"], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                out += (done.stdout if done.returncode == 0 else text).split("\n")[:-1] + [line]
                snippet = None
            else:
                snippet.append(line)
        if out != lines:
            page.write_text("\n".join(out))
            print(page)


if __name__ == "__main__":
    main()

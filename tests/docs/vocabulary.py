#!/usr/bin/python3
"""Writes docs/reference/vocabulary.md from rules/std, so that the page says what the program carries.

usage: vocabulary.py ROOT [--check]

Reads rule files in the form of `flyball fmt`, which is one. With --check writes nothing, and fails if the page would change.
A field without a comment means what the first of its name in the module means; one that nobody explains is an error.
"""
import pathlib
import re
import sys

MODULES = ["network", "application", "environment", "virtual", "source"]  # in this order; others behind them
HEAD = """# The standard vocabulary

Names for what networks, applications, their surroundings and virtual machines tell and can be told to do. `import std.network` is enough: the program carries
these modules, and no file is needed. A package whose files declare such a module itself uses its own. The page is written from `rules/std` by
`tests/docs/vocabulary.py`, and a test compares the two.

```fly file=down.fly
module down

import std.network

rule port_down {
  cooldown 5m
  when { l: Link where admin == "up" and oper == "down" for 30s }
  then { do DrainLink { device: l.device, port: l.port, reason: "down for 30 s" } }
}

test "half a minute" {
  every 10s from 0s to 1m send Link { device: "e1", port: "et1", oper: "down" }
  at 30s expect DrainLink { device: "e1", port: "et1" } from port_down
  at 31s ack DrainLink { device: "e1", port: "et1" }
  by 1m  expect nothing else
}
```

On the wire and in recordings a type is called by its name alone where only one module of the package has it, else in full: `std.network.Link`.
"""


def words(lines):
    """Comment lines as one text; a line that begins a list stays one."""
    out = []
    for line in lines:
        if out and not line.startswith("- ") and out[-1]:
            out[-1] += " " + line.strip()
        else:
            out.append(line)
    return out


def cell(text):
    return text.replace("|", "\\|")


def fields(lines):
    """(name, type, default, doc) of each field of a body."""
    found, doc = [], []
    for line in lines:
        line = line.strip()
        if line.startswith("##"):
            doc.append(line[2:].strip())
            continue
        for part in re.split(r"  (?=\w+: )", line):
            name, kind = part.split(":", 1)
            kind, _, default = kind.strip().partition(" = ")
            found.append((name, kind, default, " ".join(doc)))
        doc = []
    return found


def table(lines, known):
    """`known`: what fields of this name mean in the module, for those that say nothing themselves."""
    out = ["| field | type | without it | |", "|---|---|---|---|"]
    for name, kind, default, doc in fields(lines):
        doc = doc or known.get(name, "")
        if not doc:
            raise SystemExit(f"the field `{name}` has no `##` comment, here or in a type before")
        known.setdefault(name, doc)
        out.append(f"| `{name}` | `{cell(kind)}` | {f'`{cell(default)}`' if default else ''} | {cell(doc)} |")
    return out


def types(text):
    """(kind, name, options, doc, body, result) of each declaration; bodies as lines."""
    pattern = r"((?:^##.*\n)*)^(mutable fact|fact|event|action) (\w+)\s*([^{\n]*?)\s*\{([^}]*)\}(?: result \{([^}]*)\})?"
    for found in re.finditer(pattern, text, re.M):
        comment, kind, name, options, body, result = found.groups()
        doc = [line[2:].strip() for line in comment.splitlines()]
        lines = [[line for line in part.splitlines() if line.strip()] for part in (body, result or "")]
        yield kind, name, options, doc, *lines


def page(root):
    out = [HEAD]
    paths = pathlib.Path(root, "rules/std").glob("*.fly")
    for path in sorted(paths, key=lambda path: (MODULES.index(path.stem) if path.stem in MODULES else len(MODULES), path.stem)):
        text = path.read_text()
        module = re.search(r"^module (\S+)", text, re.M).group(1)
        comment = [line[1:].removeprefix(" ") for line in text.split("\nmodule ")[0].splitlines()]
        out += [f"## {module}", "\n".join(words(comment)), ""]
        known = {}
        for kind, name, options, doc, body, result in types(text):
            if not doc:
                raise SystemExit(f"{path}: `{name}` has no `##` comment")
            out += [f"### {module.removeprefix('std.')}: {name}", " ".join(doc), ""]
            out += [f"`{kind} {name} {options}`".replace(" `", "`"), "", *table(body, known), ""]
            if result:
                out += ["What its executor answers:", "", *table(result, known), ""]
    return "\n".join(out).rstrip("\n") + "\n"


def main():
    root = pathlib.Path(sys.argv[1])
    target = root / "docs/reference/vocabulary.md"
    text = page(root)
    if "--check" not in sys.argv[2:]:
        target.write_text(text)
        return 0
    if target.exists() and target.read_text() == text:
        return 0
    print(f"{target} is not what rules/std says: run tests/docs/vocabulary.py {root}")
    return 1


if __name__ == "__main__":
    sys.exit(main())

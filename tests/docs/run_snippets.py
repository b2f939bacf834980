#!/usr/bin/python3
"""Runs every snippet of the documentation: what a page claims, it shows.

usage: run_snippets.py FLYBALL PAGE...

In each page, in order, in one empty folder per page:
  ```fly [file=NAME]       must check without a warning, and its tests must pass (kept as NAME if given)
  ```fly error=E0203       must be refused with that code
  ```fly lint=L0101        must check without a warning, and `flyball lint` must say that code
  ```fly with=A,B …        checked together with the kept files A and B
  ```fly untested          must check, but its tests may fail: what follows says how
  ```fly part              a fragment that stands for itself; not run
  ```FORMAT file=NAME      is kept as NAME (json, toml, jsonl, text …)
  ```console               every `$ command` is run by bash, its output (stdout and stderr) compared with what follows;
                           a line `…` stands for any lines, `…` within a line for any text; `[exit N]` as the last
                           line of an output says its status (0 otherwise)
  ```console norun         is not run (long-running or machine-dependent); keep these few
  ```console needs=nab     is run beside the links `rules`, `tools` and `nab` (real series: what FLYBALL_NAB names, or
                           ../shared/data/nab beside the source); where there are none it is skipped, which the summary says
Anything else is prose. Links to files of the repository must lead somewhere, with their #heading, and the
options of commands that a page names, in prose or in blocks that are not run, must exist.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TIMEOUT_S = 120
SOURCE = pathlib.Path(__file__).resolve().parents[2]
NEEDS = {"nab": pathlib.Path(os.environ.get("FLYBALL_NAB", SOURCE.parent / "shared/data/nab"))}


def blocks(page):
    """Yields (line number, info words, text) of each fenced block."""
    info, start, lines = None, 0, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if info is None:
            fence = re.match(r"^\s*```(\S.*)?$", line)
            if fence:
                info, start, lines = (fence.group(1) or "").split(), number, []
        elif re.match(r"^\s*```\s*$", line):
            yield start, info, "\n".join(lines) + "\n"
            info = None
        else:
            lines.append(line)
    if info is not None:
        raise SystemExit(f"{page}:{start}: block is not closed")


def matches(expected, actual):
    """True if actual lines fit the expected ones, in which `…` stands for anything."""
    pattern = ""
    for line in expected:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def run(command, folder, flyball):
    env = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8", PATH=f"{pathlib.Path(flyball).resolve().parent}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S)
    return done.returncode, done.stdout


def console(text, folder, flyball):
    """Returns complaints about one console block."""
    complaints, commands = [], []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append([line[2:], []])
        elif line.startswith("> ") and commands and not commands[-1][1]:
            commands[-1][0] += "\n" + line[2:]
        elif commands:
            commands[-1][1].append(line)
    for command, expected in commands:
        wanted_status = 0
        while expected and not expected[-1].strip():
            expected.pop()
        if expected and (status := re.fullmatch(r"\[exit (\d+)\]", expected[-1])):
            wanted_status = int(status.group(1))
            expected.pop()
        status, output = run(command, folder, flyball)
        actual = output.rstrip("\n").splitlines() if output.strip() else []
        if status != wanted_status or not matches(expected, actual):
            complaints.append(f"$ {command}\n--- the page says (exit {wanted_status})\n" + "\n".join(expected)
                              + f"\n--- it gives (exit {status})\n" + "\n".join(actual))
    return complaints


def provided(info, folder):
    """True if what a block needs is there; then it stands in the folder, beside what comes with the source."""
    for need in (word[6:] for word in info if word.startswith("needs=")):
        if not NEEDS[need].exists():
            return False
        for name, target in ((need, NEEDS[need]), ("rules", SOURCE / "rules"), ("tools", SOURCE / "tools")):
            if not (link := pathlib.Path(folder, name)).exists():
                link.symlink_to(target.resolve())
    return True


def fly(info, text, folder, flyball, number):
    options = dict(word.split("=", 1) for word in info[1:] if "=" in word)
    if "part" in info:
        return []
    name = options.get("file", f"snippet_{number}.fly")
    path = pathlib.Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    package = " ".join([name, *filter(None, options.get("with", "").split(","))])
    status, output = run(f"flyball check {package}", folder, flyball)
    if "error" in options:
        path.unlink()
        if status != 1 or f"[{options['error']}]" not in output:
            return [f"should be refused with {options['error']}, exit 1; got exit {status}:\n{output}"]
        return []
    if "lint" in options and status == 0 and "warning[" not in output:
        status, output = run(f"flyball lint {package}", folder, flyball)
        return [] if status == 1 and f"[{options['lint']}]" in output else [f"lint should say {options['lint']}; got exit {status}:\n{output}"]
    complaints = []
    if status != 0 or "warning[" in output or "error[" in output:
        complaints.append(f"should check cleanly; got exit {status}:\n{output}")
    elif "untested" not in info and re.search(r"^\s*test\s", text, re.M):
        status, output = run(f"flyball test {package}", folder, flyball)
        if status != 0:
            complaints.append(f"its tests should pass; got exit {status}:\n{output}")
    if "file" not in options:
        path.unlink()
    return complaints


def anchors(page):
    """The names by which headings of a page are linked to."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken_links(page):
    """Returns complaints about links that lead nowhere."""
    complaints = []
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", prose):
        if re.match(r"\w+:", target):
            continue
        path = page.parent / target if target else page
        if not path.exists():
            complaints.append(f"the link to {target} leads nowhere")
        elif heading and path.suffix == ".md" and heading not in anchors(path):
            complaints.append(f"{target} has no heading #{heading}")
    return complaints


def options_of_commands(flyball):
    """What each command takes, as the program says of itself."""
    said = subprocess.run([flyball, "help", "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    manuals = map(json.loads, said.splitlines())
    return {m["name"]: {o["name"] for o in m["options"]} | {"--help"} for m in manuals}


def unknown_options(page, known):
    """Returns complaints about calls with options that their command does not have; connectors have their own."""
    complaints = []
    for command, rest in re.findall(r"\bflyball ([a-z-]+)([^`\n|]*)", page.read_text()):
        for option in re.findall(r"(?<![\w-])--[a-z-]+", rest):
            if command != "connect" and option not in known.get(command, set()):
                complaints.append(f"`flyball {command}` has no {option}")
    return complaints


def main():
    flyball, pages = sys.argv[1], sys.argv[2:]
    passed = failed = skipped = 0
    known = options_of_commands(flyball)
    for page in map(pathlib.Path, pages):
        for complaint in broken_links(page) + unknown_options(page, known):
            failed += 1
            print(f"{page}: {complaint}\n")
        with tempfile.TemporaryDirectory(prefix="flyball-docs-") as folder:
            for number, info, text in blocks(page):
                kind = info[0] if info else ""
                if kind == "fly":
                    if "part" in info:
                        continue
                    complaints = fly(info, text, folder, flyball, number)
                elif kind == "console":
                    if "norun" in info:
                        continue
                    if not provided(info, folder):
                        skipped += 1
                        continue
                    complaints = console(text, folder, flyball)
                else:
                    for word in info[1:]:
                        if word.startswith("file="):
                            path = pathlib.Path(folder, word[5:])
                            path.parent.mkdir(parents=True, exist_ok=True)
                            path.write_text(text)
                    continue
                if complaints:
                    failed += 1
                    for complaint in complaints:
                        print(f"{page}:{number}: {complaint}\n")
                else:
                    passed += 1
    print(f"{passed} snippets passed, {failed} failed" + (f", {skipped} skipped: their data are not here" if skipped else ""))
    sys.exit(1 if failed or not (passed or skipped) else 0)


if __name__ == "__main__":
    main()

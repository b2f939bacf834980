"""What the demo prints: one line per event, and on a terminal a line of state below them that changes in place."""
import os
import shutil
import sys
import time

COLOURS = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}
# Who speaks, and in which colour.
ACTORS = {"world": "yellow", "flyball": "cyan", "haproxy": "magenta", "ask": "blue", "check": "green", "demo": "dim"}


class Timeline:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.began = time.monotonic()
        self.live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        forced = os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0")
        self.coloured = (self.live or forced) and not os.environ.get("NO_COLOR")
        self.state = ""

    def seconds(self):
        return time.monotonic() - self.began

    def paint(self, text, *names):
        if not self.coloured or not names:
            return text
        return "\x1b[" + ";".join(COLOURS[n] for n in names) + "m" + text + "\x1b[0m"

    def clear_state(self):
        if self.live and self.state:
            self.out.write("\r\x1b[K")

    def line(self, text=""):
        self.clear_state()
        self.out.write(text + "\n")
        if self.live and self.state:
            self.out.write(self.state)
        self.out.flush()

    def title(self, text):
        self.line()
        self.line(self.paint(f"{self.seconds():6.1f}s  {text}", "bold"))

    def event(self, actor, text, *extra):
        self.line(f"{self.seconds():6.1f}s  {self.paint(f'{actor:<8}', ACTORS[actor])}  {self.paint(text, *extra)}")

    def show_state(self, text, plain_length):
        """The line below; only on a terminal."""
        if not self.live:
            return
        width = shutil.get_terminal_size((120, 24)).columns
        self.clear_state()
        self.state = text if plain_length < width else ""
        self.out.write(self.state)
        self.out.flush()

    def end_state(self):
        self.clear_state()
        self.state = ""
        self.out.flush()


def bar(share, width=10):
    full = max(0, min(width, round(share * width)))
    return "█" * full + "░" * (width - full)

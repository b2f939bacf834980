"""The parts of the demo put together: ports, HAProxy, backends, load, flyball and its connectors, and what is seen of them.

One loop (`turn`) does everything: looks after children, reads what they say, looks at HAProxy twice a second. Only the
questioner has a thread of its own, because it measures time.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from . import haproxy
from .children import Children, die_with_parent
from .timeline import bar

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = sys.executable or "/usr/bin/python3"
RULES = [f"rules/{name}" for name in ("loop", "lb", "host", "connector")]
FACES = ("facts", "plain", "out", "actions", "queries")
LOOK_EVERY_S = 0.5
ASK_EVERY_S = 0.02


class Stopped(Exception):
    """The time that DEMO_SECONDS allows is over."""


def free_ports(count):
    """Ports of 127.0.0.1 that are free now; held together while choosing, so that no two are the same."""
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


class Questioner:
    """Asks pick_pool all the time, through one `flyball ask --batch`, and remembers what came and how fast."""

    def __init__(self, argv, log_path):
        self.argv, self.log_path = argv, log_path
        self.times, self.unanswered, self.errors = [], 0, 0
        self.cases = {}
        self.last = ""
        self.stop_flag = False
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True, preexec_fn=die_with_parent)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        clients = ["192.0.2.7", "10.1.2.3", "198.51.100.20", "203.0.113.9"]
        n = 0
        while not self.stop_flag:
            question = json.dumps({"service": "web", "client": clients[n % len(clients)]})
            n += 1
            began = time.perf_counter()
            try:
                self.process.stdin.write(question.encode() + b"\n")
                self.process.stdin.flush()
                line = self.process.stdout.readline()
            except (OSError, ValueError):
                line = b""
            if self.stop_flag:
                break
            if not line:
                self.unanswered += 1
                break
            self.note(line, time.perf_counter() - began)
            time.sleep(ASK_EVERY_S)

    def note(self, line, seconds):
        try:
            answer = json.loads(line)
        except ValueError:
            answer = {}
        case = answer.get("from")
        if case is None:
            self.errors += 1
            return
        self.times.append(seconds)
        self.cases[case] = self.cases.get(case, 0) + 1
        if case != "internal":
            self.last = case

    def quantile_ms(self, q):
        times = sorted(self.times)
        return 1000 * times[min(len(times) - 1, int(q * len(times)))] if times else float("nan")

    def stop(self):
        self.stop_flag = True
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.thread.join(1)


class World:
    def __init__(self, folder, flyball, timeline, seconds):
        self.folder, self.flyball, self.timeline = folder, str(flyball), timeline
        self.end = time.monotonic() + seconds
        self.seconds = seconds
        self.children = Children(folder, ROOT)
        self.socket = os.path.join(folder, "haproxy.sock")
        self.faces = {face: f"ipc://{folder}/{face}" for face in FACES}
        self.recording = os.path.join(folder, "recording.jsonl")
        self.look = haproxy.Look()
        self.next_look = 0.0
        self.actions = []          # (seconds, action, server, fields, rule, id/try)
        self.serving_least = None  # of all looks at which HAProxy answered and had been up for a while
        self.haproxy_up_since = None
        self.load_line = {}
        self.client_sent = self.client_failed = 0
        self.questioner = None

    # --- starting ---

    def start(self):
        front, *ports = free_ports(5)
        self.front = front
        self.ports = {f"web{i + 1}": port for i, port in enumerate(ports)}
        config = (HERE / "haproxy.cfg").read_text().replace("@SOCKET@", self.socket).replace("@FRONT@", str(front))
        for name, port in self.ports.items():
            config = config.replace(f"@{name.upper()}@", str(port))
        config_path = os.path.join(self.folder, "haproxy.cfg")
        pathlib.Path(config_path).write_text(config)

        for name, port in self.ports.items():
            self.children.start(name, [PYTHON, str(HERE / "backend.py"), str(port), name])
        self.engine = self.children.start("engine", [self.flyball, "run", *RULES, "--record", self.recording] + [f"--bind={face}={endpoint}" for face, endpoint in self.faces.items()])
        self.haproxy = self.children.start("haproxy", ["haproxy", "-db", "-f", config_path], restart_after_s=2.5)
        self.wait("the backends and HAProxy answer", 10, lambda: len(self.look.servers) == 3 and all(self.backend_answers(n) for n in self.ports))
        self.wait("flyball listens", 10, lambda: self.engine_answers())
        self.watcher = self.children.start("watcher", [self.flyball, "sub", "actions", "--connect", self.faces["out"]], pipe_out=True, restart_after_s=0.5)
        self.connector = self.children.start("connector", [self.flyball, "connect", "haproxy", "--socket", self.socket, "--facts", self.faces["facts"],
                                                           "--actions", self.faces["actions"]], restart_after_s=1.0)
        self.host = self.children.start("host", [self.flyball, "connect", "host", "--name", "demo-host", "--facts", self.faces["facts"]], restart_after_s=1.0)
        self.load = self.children.start("load", [PYTHON, str(HERE / "load.py"), str(front), "150", str(int(self.seconds) + 20)], pipe_out=True, pipe_in=True)
        self.publish("inventory", "loop.SpareServer", {"backend": "web", "server": "web4", "address": f"127.0.0.1:{self.ports['web4']}"})
        self.questioner = Questioner([self.flyball, "ask", "pick_pool", "--batch", "--connect", self.faces["queries"]], os.path.join(self.folder, "ask.log"))
        self.questioner.start()

    def backend_answers(self, name):
        try:
            with socket.create_connection(("127.0.0.1", self.ports[name]), 0.2):
                return True
        except OSError:
            return False

    def engine_answers(self):
        if not self.engine.alive():
            raise RuntimeError("flyball run ended: " + self.tail("engine"))
        return self.ask_flyball("status", timeout_s=2)[0] == 0

    def stop(self):
        if self.questioner:
            self.questioner.stop()
        return self.children.stop()

    # --- what the world does ---

    def behave(self, name, fail=0, delay_ms=0):
        urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/_mode?fail={fail}&delay_ms={delay_ms}", timeout=2).read()

    def set_rate(self, rate):
        self.load.write(f"rate {rate}\n")

    def publish(self, source, fact_type, data, op="put"):
        line = json.dumps({"type": fact_type, "op": op, "data": data})
        done = subprocess.run([self.flyball, "pub", "-", "--source", source, "--connect", self.faces["facts"], "--timeout", "5s"], input=line + "\n", text=True, capture_output=True, timeout=10)
        if done.returncode != 0:
            raise RuntimeError(f"flyball pub: {done.stderr.strip()}")

    def ask_flyball(self, command, *words, timeout_s=5):
        """A command of flyball against the running service: exit status, what it said."""
        try:
            done = subprocess.run([self.flyball, command, *words, "--connect", self.faces["queries"]], text=True, capture_output=True, timeout=timeout_s)
            return done.returncode, done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            return 124, "no answer"

    def replay(self):
        """Ends the service, and gives the actions that a replay of its recording has: id/try each."""
        self.turn()
        self.engine.process.terminate()
        self.engine.process.wait(5)
        self.turn()
        done = subprocess.run([self.flyball, "replay", *RULES, "--facts", self.recording, "--actions", "-"], cwd=ROOT, text=True, capture_output=True, timeout=20)
        actions = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return [f"{a['id']}/{a.get('try', 1)}" for a in actions if a.get("state", "sent") == "sent"]

    # --- what is seen of it ---

    def turn(self):
        """One round; about 30 ms."""
        for child in self.children.look_after():
            self.timeline.event("demo", f"{child.name} is started again")
        for line in self.watcher.lines() if hasattr(self, "watcher") else []:
            self.note_action(line)
        for line in self.load.lines() if hasattr(self, "load") else []:
            self.load_line = json.loads(line)
            self.client_sent += self.load_line["sent"]
            self.client_failed += self.load_line["failed"]
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + LOOK_EVERY_S
            before = self.look
            self.look = haproxy.look(self.socket)
            if not self.look.servers:
                self.haproxy_up_since = None
            else:
                self.haproxy_up_since = self.haproxy_up_since or now
                # After its start HAProxy needs a moment for the first health checks.
                if now - self.haproxy_up_since > 1.5:
                    serving = len(self.look.serving())
                    self.serving_least = serving if self.serving_least is None else min(self.serving_least, serving)
            self.show(before)
        time.sleep(0.03)

    def note_action(self, line):
        try:
            message = json.loads(line)
        except ValueError:
            return
        if message.get("state", "sent") != "sent" or "action" not in message:
            return
        data = message.get("data", {})
        action = message["action"].rsplit(".", 1)[-1]
        again = f" (try {message['try']})" if message.get("try", 1) > 1 else ""
        self.actions.append((self.timeline.seconds(), action, data.get("server", ""), data, message.get("rule", ""), f"{message.get('id')}/{message.get('try', 1)}"))
        weight = ""
        if "weight" in data and action == "SetWeight":
            w = data["weight"]
            weight = f" to {w * 100:.0f}%" if isinstance(w, (int, float)) else f" to {w}"
        self.timeline.event("flyball", f"{action} {data.get('server', '')}{weight}{again}: {data.get('reason', '')}", "bold")

    def show(self, before):
        if not self.timeline.live:
            return
        parts, plain = [], 0
        share, _ = haproxy.shares(before, self.look)
        for name, server in sorted(self.look.servers.items()):
            up = server.status.startswith("UP") and not server.drained
            word = self.status_of(name).split()[0].lower() if not up else ("" if server.weight == 100 else f" {server.weight}%")
            text = f"{name} {bar(share.get(name, 0.0), 8)} {round(100 * share.get(name, 0.0)):3d}%{' ' + word if word and not up else word}"
            parts.append(self.timeline.paint(text, "green" if up and server.weight == 100 else "yellow" if up else "red"))
            plain += len(text) + 2
        if not parts:
            parts, plain = [self.timeline.paint("HAProxy does not answer", "red")], 25
        tail = f"{self.load_line.get('sent', 0)} req/s  {100 * self.timeline.seconds() / max(1.0, self.seconds):3.0f}%"
        self.timeline.show_state("  " + "  ".join(parts) + "  " + tail, plain + len(tail) + 4)

    def wait(self, what, limit_s, condition):
        """Seconds until the condition held; None after the limit."""
        began = time.monotonic()
        while True:
            self.turn()
            if condition():
                return time.monotonic() - began
            if time.monotonic() - began > limit_s:
                return None
            if time.monotonic() > self.end:
                raise Stopped(what)

    def stay(self, seconds):
        self.wait("time passes", seconds, lambda: False)

    def measure_shares(self, seconds):
        """Shares of the requests of the next seconds, from HAProxy's own counters."""
        before = haproxy.look(self.socket)
        self.stay(seconds)
        return haproxy.shares(before, haproxy.look(self.socket))

    def status_of(self, name):
        server = self.look.servers.get(name)
        if not server:
            return "gone"
        return "DRAIN" if server.drained else server.status

    def acted(self, action, server, after=0.0, rule=""):
        return [a for a in self.actions if a[0] >= after and a[1] == action and a[2] == server and rule in a[4]]

    def tail(self, name, lines=5):
        try:
            return " | ".join(pathlib.Path(self.folder, name + ".log").read_text().strip().splitlines()[-lines:])
        except OSError:
            return ""

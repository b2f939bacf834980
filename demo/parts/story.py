"""What happens in the demo, and what must come of it. Each stage ends with checks: what had to be, what was."""
import json
import time
from dataclasses import dataclass

from .world import Stopped


# Of what a command of flyball says, that much is shown.
SAID_LINES_MAX, SAID_COLUMNS_MAX = 16, 100


@dataclass
class Check:
    ok: bool
    must: str
    seen: str


def percent(x):
    return f"{100 * x:.0f}%"


def shares_text(shares):
    return ", ".join(f"{n} {percent(s)}" for n, s in sorted(shares.items()))


class Story:
    def __init__(self, world):
        self.w = world
        self.t = world.timeline
        self.checks = []
        self.ran = set()  # names of the stages that ran
        self.skipped = []

    def check(self, ok, must, seen):
        self.checks.append(Check(bool(ok), must, seen))
        self.t.event("check", ("yes: " if ok else "NO: ") + must + f" ({seen})", *(() if ok else ("red", "bold")))

    def within(self, seconds, limit, must):
        self.check(seconds is not None, f"{must} within {limit:g} s", "not at all" if seconds is None else f"after {seconds:.1f} s")
        return seconds is not None

    # --- stages: (what it shows, seconds it needs, function, whether the stages before it left the world as it needs it) ---

    def stages(self):
        broken = lambda: "fail_and_slow" in self.ran and "recovery" not in self.ran
        always = lambda: True
        well = lambda: not broken()
        return [
            ("A steady load on three servers", 4, self.steady, always),
            ("One server fails, another one slows down", 14, self.fail_and_slow, always),
            ("A third one fails: the floor of two servers holds", 7, self.floor, broken),
            ("Everybody is well again", 14, self.recovery, broken),
            ("Load doubles, then falls", 22, self.load, well),
            ("Planned work: the calendar holds a drain back", 11, self.maintenance, well),
            ("HAProxy is killed (kill -9), and what it was told is gone", 12, self.kill_haproxy, well),
            ("The connector is killed (kill -9), and the server gets well meanwhile", 14, self.kill_connector, lambda: well() and self.ran & {"maintenance", "kill_haproxy"}),
        ]

    def run(self):
        for title, needs, stage, possible in self.stages():
            if self.ran and (time.monotonic() + needs > self.w.end or not possible()):
                self.skipped.append(title)
                continue
            self.t.title(title)
            try:
                stage()
                self.ran.add(stage.__name__)
            except Stopped as stopped:
                self.check(False, f"\"{title}\" ends in the time allowed", f"time was over while waiting until {stopped}")
                break
        self.t.title("Looking back")
        self.look_back()

    def steady(self):
        w = self.w
        shares, counts = {}, {}
        if self.within(w.wait("all serve", 5, lambda: len(w.look.serving()) == 3), 5, "three servers are up"):
            shares, counts = w.measure_shares(2)
        even = shares and all(0.25 <= s <= 0.42 for s in shares.values())
        self.check(even, "they share the traffic evenly", f"{shares_text(shares)} of {sum(counts.values())} requests, HAProxy's counters")

        status, text = w.ask_flyball("facts", "--type", "infra.host.HostCpu", "--json")
        try:
            facts = [json.loads(line) for line in text.splitlines()]
            fresh = [f["data"] for f in facts if not f.get("stale")]
            seen = f"{fresh[0]['cpus']} of them, {percent(fresh[0]['busy'])} busy" if fresh else "no fresh fact"
        except (ValueError, KeyError, TypeError):
            fresh, seen = [], text.strip()[:80]
        self.check(fresh, "flyball knows this host's processors, too", seen)

    def fail_and_slow(self):
        w, began = self.w, self.t.seconds()
        self.t.event("world", "web2 answers every second request with 500 (its health check still passes now and then); web3 takes 250 ms longer")
        w.behave("web2", fail=50)
        w.behave("web3", delay_ms=250)
        self.within(w.wait("web2 is drained", 9, lambda: w.status_of("web2") == "DRAIN"), 9, "HAProxy says that web2 is drained")
        self.within(w.wait("web3 is lightened", 9, lambda: w.look.servers.get("web3") and w.look.servers["web3"].weight == 25), 9, "HAProxy says that web3 has 25% of its weight")
        self.check(w.acted("DrainServer", "web2", began) and w.acted("SetWeight", "web3", began), "both were flyball's doing", "seen on its out face")
        drains = w.acted("DrainServer", "web2", began)
        if drains:
            action_id = drains[0][5].split("/")[0]
            status, text = w.ask_flyball("why", action_id)
            self.say(f"flyball why {action_id}", text)
            self.check(status == 0 and "Failing" in text, "`why` explains the drain by the failures", "it names `Failing`" if "Failing" in text else "it does not")
        w.stay(0.6)  # what was under way when it was drained
        shares, counts = w.measure_shares(2)
        self.check(counts.get("web2") == 0, "no request reaches the drained server", f"{counts.get('web2')} of {sum(counts.values())}, HAProxy's counters")
        self.check(0.05 <= shares.get("web3", 0) <= 0.3, "the slow one gets about a fifth of the traffic (25 of 125)", shares_text(shares))

    def floor(self):
        w, began = self.w, self.t.seconds()
        self.t.event("world", "web1 fails, too")
        w.behave("web1", fail=50)
        w.stay(4.5)
        status, text = w.ask_flyball("why-not", "drain_failing", "--with", "server=web1")
        self.say("flyball why-not drain_failing --with server=web1", text)
        self.check(not w.acted("DrainServer", "web1", began) and w.status_of("web1").startswith("UP"), "web1 is not drained: two must keep serving", f"HAProxy: {w.status_of('web1')}, {len(w.look.serving())} serve")
        self.check(status == 0 and "min_serving" in text, "why-not names the floor", "it names `min_serving`" if "min_serving" in text else "it does not")
        w.behave("web1")

    def recovery(self):
        w, began = self.w, self.t.seconds()
        self.t.event("world", "web1, web2 and web3 are well again")
        w.behave("web2")
        w.behave("web3")
        self.within(w.wait("web2 is back", 10, lambda: w.status_of("web2").startswith("UP")), 10, "web2 is ready again")
        self.within(w.wait("web3 has its weight", 10, lambda: w.look.servers.get("web3") and w.look.servers["web3"].weight == 100), 10, "web3 has all its weight again")
        shares, counts = w.measure_shares(2)
        self.check(all(0.25 <= shares.get(n, 0) <= 0.42 for n in ("web1", "web2", "web3")), "the three share the traffic evenly again", shares_text(shares))

    def load(self):
        w, began = self.w, self.t.seconds()
        self.t.event("world", "300 requests per second instead of 150")
        w.set_rate(300)
        up = w.wait("web4 serves", 9, lambda: w.status_of("web4").startswith("UP"))
        if self.within(up, 9, "HAProxy has a fourth server, and it is up"):
            shares, _ = w.measure_shares(2)
            self.check(shares.get("web4", 0) >= 0.15, "it carries its share", shares_text(shares))
        self.check(len(w.acted("AddServer", "web4", began)) == 1, "it was added once", f"{len(w.acted('AddServer', 'web4', began))} AddServer")
        self.t.event("world", "120 requests per second")
        fell = self.t.seconds()
        w.set_rate(120)
        gone = w.wait("web4 is gone", 11, lambda: w.look.servers and w.status_of("web4") == "gone")
        self.within(gone, 11, "the fourth server is removed")
        deleted = w.acted("DelServer", "web4", fell)
        self.check(deleted and deleted[0][0] - fell >= 3, "but not before load has been low for 3 s", f"after {deleted[0][0] - fell:.1f} s" if deleted else "never")

    def maintenance(self):
        w, began = self.w, self.t.seconds()
        self.t.event("world", "the calendar says: planned work on backend web; and web1 fails")
        w.publish("calendar", "loop.Maintenance", {"backend": "web", "reason": "switch upgrade"})
        w.behave("web1", fail=50)
        w.stay(5)
        status, text = w.ask_flyball("why-not", "drain_failing", "--with", "server=web1")
        self.say("flyball why-not drain_failing --with server=web1", text)
        self.check(not w.acted("DrainServer", "web1", began), "nobody is drained during planned work", f"HAProxy: web1 {w.status_of('web1')}")
        self.check(status == 0 and "Maintenance" in text, "why-not names the maintenance", "it names `Maintenance`" if "Maintenance" in text else "it does not")
        self.t.event("world", "the planned work is over")
        w.publish("calendar", "loop.Maintenance", {"backend": "web"}, op="retract")
        self.within(w.wait("web1 is drained", 4, lambda: w.status_of("web1") == "DRAIN"), 4, "web1 is drained then")

    def kill_haproxy(self):
        w, began = self.w, self.t.seconds()
        if w.status_of("web1") != "DRAIN":
            w.behave("web1", fail=50)
            w.wait("web1 is drained", 6, lambda: w.status_of("web1") == "DRAIN")
        self.t.event("world", f"kill -9 {w.haproxy.process.pid} (haproxy)", "bold")
        killed = time.monotonic()
        w.haproxy.kill_hard()
        blind = w.wait("pick_pool answers blind", 3, lambda: w.questioner.last == "blind")
        self.within(blind, 3, "flyball says that it is blind: pick_pool answers from its case `blind`")
        back = w.wait("HAProxy is back", 6, lambda: (w.haproxy_up_since or 0) > killed)
        forgot = w.status_of("web1")
        self.check(back is not None and forgot != "DRAIN", "the new HAProxy has forgotten the drain", f"web1 {forgot}")
        self.within(w.wait("web1 is drained again", 7, lambda: w.status_of("web1") == "DRAIN"), 7, "web1 is drained again without anybody's help")
        self.check(w.acted("DrainServer", "web1", began, "keep_out"), "by the rule keep_out", "seen on its out face")

    def kill_connector(self):
        w, began = self.w, self.t.seconds()
        self.t.event("world", f"kill -9 {w.connector.process.pid} (the haproxy connector: its eyes and hands); web1 is well again")
        w.connector.kill_hard()
        w.behave("web1")
        self.within(w.wait("the connector runs", 4, lambda: w.connector.alive() and w.connector.restarts > 0), 4, "a supervisor starts it again")
        self.within(w.wait("web1 is back", 12, lambda: w.status_of("web1").startswith("UP")), 12, "the new one sees web1 well and brings it back")
        shares, _ = w.measure_shares(2)
        self.check(all(0.25 <= shares.get(n, 0) <= 0.42 for n in ("web1", "web2", "web3")), "the three share the traffic evenly at the end", shares_text(shares))

    def look_back(self):
        w, q = self.w, self.w.questioner
        status, text = w.ask_flyball("why", "last")
        self.say("flyball why last", text)
        self.check(status == 0 and "Server" in text, "`why last` explains the last action", text.strip().splitlines()[0].split(" {")[0] + " …" if text.strip() else "nothing")
        self.check(w.serving_least is not None and w.serving_least >= 2, "at least two servers served at every look", f"{w.serving_least} at least")
        self.check(len(q.times) > 0 and q.unanswered == 0 and q.errors == 0, "pick_pool answered every question",
                   f"{len(q.times)} answered ({', '.join(f'{n} {c}' for c, n in sorted(q.cases.items()))}), {q.unanswered + q.errors} not")
        self.check(q.quantile_ms(0.5) < 50, "fast enough for a request path", f"p50 {q.quantile_ms(0.5):.2f} ms, p99 {q.quantile_ms(0.99):.2f} ms, through a pipe and a socket")
        live = [a[5] for a in w.actions]
        replayed = w.replay()
        self.check(replayed == live and live, "the recording of all this, replayed, gives the same actions", f"{len(replayed)} of {len(live)} actions, compared by id and try" if replayed == live else f"live {len(live)}, replayed {len(replayed)}")
        if w.client_sent:
            self.t.event("demo", f"the clients sent {w.client_sent} requests; {percent(w.client_failed / w.client_sent)} failed: before a drain, while the floor or the calendar forbade one, and while HAProxy was dead")

    def say(self, command, text):
        self.t.event("ask", "$ " + command, "bold")
        lines = text.strip().splitlines()
        for line in lines[:SAID_LINES_MAX]:
            self.t.line(" " * 19 + self.t.paint(line if len(line) <= SAID_COLUMNS_MAX else line[:SAID_COLUMNS_MAX] + " …", "dim"))
        if len(lines) > SAID_LINES_MAX:
            self.t.line(" " * 19 + self.t.paint("…", "dim"))

    def summary(self):
        t = self.t
        t.line()
        t.line(t.paint("What had to happen, and what did", "bold"))
        for c in self.checks:
            t.line(f"  {t.paint('PASS', 'green') if c.ok else t.paint('FAIL', 'red', 'bold')}  {c.must}: {c.seen}")
        for title in self.skipped:
            t.line(f"  {t.paint('skip', 'yellow')}  {title}: not in DEMO_SECONDS={self.w.seconds:g}")
        passed = sum(c.ok for c in self.checks)
        failed = len(self.checks) - passed
        t.line()
        t.line(t.paint(f"{passed} passed, {failed} failed" + (f", {len(self.skipped)} stages skipped" if self.skipped else "") + f" in {t.seconds():.0f} s", "green" if not failed else "red", "bold"))
        return failed == 0 and passed > 0

"""What HAProxy itself says, read by the demo on its own: the proof does not come from the connector."""
import csv
import socket
from dataclasses import dataclass, field


def ask(path, command, timeout_s=1.0):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout_s)
        s.connect(path)
        s.sendall(command.encode() + b"\n")
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
    return answer.decode()


@dataclass
class Server:
    status: str
    weight: int
    requests: int
    errors: int
    response_ms: int
    drained: bool  # whatever its checks say of it


@dataclass
class Look:
    """One look at all servers; empty when HAProxy does not answer."""
    servers: dict = field(default_factory=dict)

    def serving(self):
        return [n for n, s in self.servers.items() if s.status.startswith("UP") and not s.drained]


def look(path):
    try:
        text = ask(path, "show stat")
        states = ask(path, "show servers state web")
    except OSError:
        return Look()
    drained = set()
    for line in states.splitlines()[2:]:
        words = line.split()
        if len(words) > 6 and int(words[6]) & 0x18:  # srv_admin_state: forced or inherited drain
            drained.add(words[3])
    out = Look()
    for row in csv.DictReader(text.lstrip("# ").splitlines()):
        if row.get("pxname") == "web" and row.get("type") == "2":
            out.servers[row["svname"]] = Server(row["status"], int(row["uweight"] or 0), int(row["req_tot"] or 0), int(row["hrsp_5xx"] or 0), int(row["rtime"] or 0), row["svname"] in drained)
    return out


def shares(before, after):
    """Part of the requests between two looks that each server got, from HAProxy's own counters."""
    counts = {}
    for name, server in after.servers.items():
        old = before.servers.get(name)
        counts[name] = server.requests - (old.requests if old and old.requests <= server.requests else 0)
    total = sum(counts.values())
    return {n: (c / total if total else 0.0) for n, c in counts.items()}, counts

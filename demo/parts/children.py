"""Child processes of the demo: started, watched, restarted where wanted, and stopped by pid, whatever happens.

All from one thread: a child's death signal is tied to the thread that started it.
"""
import ctypes
import os
import signal
import subprocess
import time

LIBC = ctypes.CDLL(None)
STOP_PATIENCE_S = 2.0
RESTARTS_MAX = 20  # of one child; more is a fault of its own, not of the demo


def die_with_parent():
    LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: even kill -9 of the demo leaves nothing behind


class Child:
    def __init__(self, name, argv, log_path, cwd, restart_after_s=None, pipe_out=False, pipe_in=False):
        self.name = name
        self.argv = argv
        self.log_path = log_path
        self.cwd = cwd
        self.restart_after_s = restart_after_s
        self.pipe_out, self.pipe_in = pipe_out, pipe_in
        self.restarts = 0
        self.died_at = None
        self.buffer = b""
        self.begin()

    def begin(self):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE if self.pipe_in else subprocess.DEVNULL,
            stdout=subprocess.PIPE if self.pipe_out else log, stderr=log, cwd=self.cwd, start_new_session=True, preexec_fn=die_with_parent)
        log.close()
        if self.pipe_out:
            os.set_blocking(self.process.stdout.fileno(), False)

    def alive(self):
        return self.process.poll() is None

    def kill_hard(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def look_after(self):
        """Restarts the child when it is time; True when it just did."""
        if self.alive() or self.restart_after_s is None:
            return False
        if self.died_at is None:
            self.died_at = time.monotonic()
        if time.monotonic() - self.died_at < self.restart_after_s or self.restarts >= RESTARTS_MAX:
            return False
        self.died_at = None
        self.restarts += 1
        self.begin()
        return True

    def lines(self):
        """Complete lines that came since the last call."""
        try:
            while chunk := self.process.stdout.read(65536):
                self.buffer += chunk
        except (BlockingIOError, ValueError):
            pass
        *whole, self.buffer = self.buffer.split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole if line.strip()]

    def write(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass


class Children:
    def __init__(self, folder, cwd):
        self.folder = folder
        self.cwd = cwd
        self.all = []

    def start(self, name, argv, **how):
        child = Child(name, argv, os.path.join(self.folder, name + ".log"), self.cwd, **how)
        self.all.append(child)
        return child

    def look_after(self):
        return [child for child in self.all if child.look_after()]

    def stop(self):
        """Newest first, politely, then not; returns the names that had to be killed."""
        stubborn = []
        for child in reversed(self.all):
            child.restart_after_s = None
            if child.alive():
                child.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_PATIENCE_S
        for child in reversed(self.all):
            try:
                child.process.wait(max(0.05, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                stubborn.append(child.name)
                child.process.kill()
                child.process.wait()
            for pipe in (child.process.stdin, child.process.stdout):
                if pipe:
                    try:
                        pipe.close()
                    except OSError:
                        pass
        return stubborn

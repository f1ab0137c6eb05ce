"""Processes on a stage: what is started, what it shows, whether it lives, and that it is gone at the end.

A Process runs a program on a pseudo-terminal or on pipes, keeps everything that it shows, and lets a script wait for a
piece of it. Nothing here knows SIMP.
"""

import contextlib
import ctypes
import fcntl
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

# What a Python program prints when one of its threads dies, and what a Go program prints when it does. A daemon whose
# thread died goes on as a process, and serves nobody any more: only this shows it.
DEATH = re.compile(r"^(Traceback \(most recent call last\)|panic: |fatal error: |WARNING: DATA RACE)", re.M)

ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-Z]|[=>78])")
CURSOR_QUERY = b"\x1b[6n"


def lines(raw):
    """What a terminal was sent, as lines of text: something that is overwritten or erased ends where that happens."""
    text = ESCAPE.sub(lambda m: "\n" if m[0][-1] in "JK" else "", raw)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(" \b", "").replace("\0", "")  # terminals show no NUL


class Failure(Exception):
    """What a script expected did not come true."""


def die_with_parent():
    """Runs in the child: should this harness be killed, its children go with it. Linux only; elsewhere a no-op."""
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def take_terminal():
    """Runs in the child: the pseudo-terminal becomes its controlling terminal, as for a person's shell."""
    die_with_parent()
    with contextlib.suppress(OSError):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Process:
    """A program, what it has shown so far, and which pieces of that a script has seen already."""

    def __init__(self, name, argv, folder, env, cwd=None, terminal=False, nice=0):
        self.name, self.argv = name, argv
        self.log_path = os.path.join(folder, name + ".log")
        self._log = open(self.log_path, "w", encoding="utf-8")
        self._began = time.monotonic()
        self._changed = threading.Condition()
        self._raw = ""  # everything shown, as it came
        self._shown = ""  # the same as lines of text
        self._seen = []  # [(start, end)] of the pieces that a script has waited for
        self._note("$ " + " ".join(argv))
        if nice:
            argv = ["nice", "-n", str(nice), *argv]
        if terminal:
            self._open_terminal(argv, env, cwd)
        else:
            self._popen = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=env, cwd=cwd, start_new_session=True, preexec_fn=die_with_parent)
            self._keys, self._screen = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _open_terminal(self, argv, env, cwd):
        near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 240, 0, 0))
        settings = termios.tcgetattr(far)
        settings[3] &= ~termios.ECHO  # what is typed would stand between what is shown; the log has it anyway
        termios.tcsetattr(far, termios.TCSANOW, settings)
        self._popen = subprocess.Popen(argv, stdin=far, stdout=far, stderr=far, env=env, cwd=cwd,
                                       start_new_session=True, preexec_fn=take_terminal)
        os.close(far)
        self._keys = self._screen = near

    # ---- what it shows

    def _read(self):
        while True:
            try:
                chunk = os.read(self._screen, 65536)
            except OSError:  # a terminal whose program has ended
                chunk = b""
            if not chunk:
                break
            if CURSOR_QUERY in chunk:  # a line editor asks where the cursor is and waits for the answer
                with contextlib.suppress(OSError):
                    os.write(self._keys, b"\x1b[1;1R")
            with self._changed:
                self._raw += chunk.decode("utf-8", "replace")
                whole, held = self._raw, ""
                if (i := whole.rfind("\x1b")) >= 0 and not ESCAPE.match(whole, i) and len(whole) - i < 12:
                    whole, held = whole[:i], whole[i:]  # half an escape sequence
                if whole.endswith("\r"):
                    whole, held = whole[:-1], "\r" + held
                self._raw = held
                text = lines(whole)
                self._shown += text
                self._note(text.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _note(self, text):
        if not self._log.closed:
            for line in text.split("\n"):
                self._log.write(f"{time.monotonic() - self._began:7.3f} {line}\n")
            self._log.flush()

    @property
    def shown(self):
        with self._changed:
            return self._shown

    def wait_for(self, find, what, within):
        """Waits until find(shown, unseen) returns a value, and returns that. unseen tells whether a span is new."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                ended = self._popen.poll() is not None and not self._reader.is_alive()
                found = find(self._shown, self._unseen)
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    why = "has ended" if ended else f"did not within {within:.0f} s"
                    tail = " / ".join(line for line in self._shown.split("\n")[-4:] if line.strip())
                    raise Failure(f"{self.name} was to show {what} and {why}; last shown: {tail[-300:]!r}")
                self._changed.wait(min(left, 0.2))

    def see(self, pattern, within):
        """Waits for the first piece that matches and has not been seen before; marks it as seen, returns its start."""
        compiled = re.compile(pattern, re.M)

        def find(shown, unseen):
            for m in compiled.finditer(shown):
                if unseen(m.start(), m.end()):
                    self._seen.append((m.start(), m.end()))
                    return m.start()
            return None

        return self.wait_for(find, repr(pattern), within)

    def _unseen(self, start, end):
        return all(end <= s or start >= e for s, e in self._seen)

    def mark_seen(self, start, end):
        self._seen.append((start, end))

    # ---- what is done to it

    def type(self, line):
        self._note("> " + line)
        end = b"\r" if self._keys == self._screen else b"\n"  # Enter on a keyboard; a line feed in a pipe
        try:
            os.write(self._keys, line.encode() + end)
        except OSError as e:
            raise Failure(f"{self.name} takes no more input: {e}") from e

    def signal(self, number):
        self._note(f"! {signal.Signals(number).name}")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, number)

    def ended(self, within=0.0):
        """The exit status, or None while it lives."""
        try:
            return self._popen.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def death(self):
        """What shows that it, or a thread of it, has died; '' if nothing does."""
        shown = self.shown
        found = DEATH.search(shown)
        if not found:
            return ""
        # A Python traceback's last line is the one without indentation; it names the error.
        for line in shown[found.start():].split("\n")[1:]:
            if re.match(r"\w[\w.]*(Error|Exception|Interrupt)\b", line):
                return line.strip()
        return shown[found.start():].split("\n")[0]

    def close(self):
        """Ends it, whatever state it is in."""
        if self._popen.poll() is None:
            self.signal(signal.SIGKILL)
        self._popen.wait()
        self._reader.join(2)
        with contextlib.suppress(OSError):
            if self._keys == self._screen:
                os.close(self._keys)
            else:
                self._popen.stdin.close()
                self._popen.stdout.close()
        self._log.close()


def free(address, ports=(7777, 7778)):
    """Reports whether a daemon could take these ports there, over UDP and TCP."""
    for port in ports:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as s:
                if kind == socket.SOCK_STREAM:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind((address, port))
                except OSError:
                    return False
    return True


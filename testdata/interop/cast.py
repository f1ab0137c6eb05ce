"""Who plays: the daemons and the clients, what their users type, and what their users see.

A phrasebook has, for each verb of the scenarios, what that client's user does: a list of

    see(PATTERN)            wait until the client shows this
    do(TEXT)                type a line
    either((PATTERN, ...), (PATTERN, ...))   wait for one of several; then go on with the steps behind it
    maybe(PATTERN, ...)     if the client shows this within 0.3 s, do the steps behind it; else go on
    ends()                  wait until the client's process is gone

In texts and patterns {me} is the user's name, {name} and {addr} are the other user's, {text} is a message, {what} a
word of the scenario's. A verb may have a form of its own for the side that invited or was invited: "opened:invited".
A client that needs no act for a verb has an empty list there; a verb that is missing cannot be said to that client.
"""

import json
import os
import re
import signal
import sys
import time

from stage import Failure, Process


def see(pattern):
    return "see", pattern


def do(text):
    return "do", text


def either(*ways):
    return "either", ways


def maybe(*way):
    return "maybe", way


def ends():
    return ("ends",)


MENU_B = see(r"Choose an option: ")
MENU_C = see(r"Your choice: ")
REFUSAL_UI = {"declined": "declines", "busy": "is in another chat", "error": "answers with an error", "left": "has left the chat"}

PHRASES = {
    # A's client: one prompt after the other; it ends with each chat.
    "a": {
        "login": [see(r"Please enter a username: "), do("{me}")],
        "wait": [see(r"\[wait/start\]: "), do("wait"), see(r"Waiting for connection\.\.\.")],
        "start": [see(r"\[wait/start\]: "), do("start"), see(r"IP address: "), do("{addr}")],
        "asked": [see(r"Request from user {name} address: {addr}:7777\. Do you want to accept\? \[y/n\]: ")],
        "pending": [see(r"Request from user {name} address: {addr}:7777\. Do you want to accept\? \[y/n\]: ")],
        "accept": [do("y")],
        "decline": [do("n")],
        "opened": [see(r"Connection established!")],
        "says": [do("{text}")],
        "hears": r"^Other: {text}$",
        "leaves": [do("q"), see(r"Closing connection")],
        "closed": [see(r"You or the other client terminated"), ends()],
        "left": [see(r"You or the other client terminated"), ends()],
        "refused": [see(r"Closing connection"), ends()],
        "turned-away": [either((r"Closing connection",), (r"You or the other client terminated",)), ends()],
        "rejected": [see(r"already connected to a client"), ends()],
    },
    # B's client: a menu, and strict turns. The side that was invited is shown nothing until the first message.
    "b": {
        "login": [see(r"Enter your username: "), do("{me}"), see(r"Welcome, {me}!"), MENU_B],
        "wait": [do("2"), see(r"Waiting for incoming chat requests")],
        "start": [do("1"), see(r"IP address: "), do("{addr}"), see(r"Chat request sent!")],
        "asked": [see(r"Do you want to accept the chat request from {name}\? \(y/n\)"), MENU_B],
        "pending": [do("2"), see(r"Do you want to accept the chat request from {name}\? \(y/n\)"), MENU_B],
        "accept": [do("y"), see(r"Chat request accepted from")],
        "decline": [do("n"), see(r"Chat request denied"), MENU_B],
        "opened": [see(r"Connected to user: {name}"), see(r"Start chatting! Type 'q'")],
        "opened:invited": [],
        "says": [do("{text}")],
        "hears": r"^(?!new message from)(.*: )?{text}$",  # it prints its first message twice
        "leaves": [do("q"), see(r"Chat ended")],
        "closed": [MENU_B],
        "left": [either((r"Chat partner has disconnected", see(r"Chat ended"), MENU_B),
                        (r"Chat partner disconnected", MENU_B))],
        "refused": [see(r"Error: "), MENU_B],
        # Its user accepts by silence, so it may have been told of a chat that ends at once; then it is her turn, and she
        # learns of the end when she has written.
        "turned-away": [either((r"Error: ", MENU_B),
                               (r"Start chatting! Type 'q'", do("anybody there?"),
                                see(r"Chat partner has disconnected"), MENU_B))],
        "rejected": [see(r"Error in connecting: "), ends()],
        "quits": [do("q"), see(r"Disconnected\. Exiting"), ends()],
    },
    # C's client: it looks at what has arrived only between two lines of input, hence the empty ones.
    "c": {
        "login": [see(r"Please enter your username: "), do("{me}"), see(r"Connected to daemon as '{me}'"), MENU_C],
        "wait": [do("2"), see(r"Waiting for incoming requests")],
        "start": [do("1"), see(r"IP address: "), do("{addr}"), see(r"Invitation sent"), MENU_C],
        "asked": [see(r"From: {name} \({addr}\)"), see(r"Accept invitation\? \(y/n\): ")],
        "pending": [see(r"From: {name} \({addr}\)"), do(""), see(r"Accept invitation\? \(y/n\): ")],
        "accept": [do("y"), see(r"Accepting invitation")],
        "decline": [do("n"), see(r"Invitation declined"), MENU_C],
        "opened": [see(r"Chat established with {name}"), do(""), see(r"^You: ")],
        # It may have asked a second time before it heard that the chat is open; a second y says nothing to anybody.
        "opened:invited": [see(r"Chat established with {name}"), maybe(r"Accept invitation\? \(y/n\): ", do("y"))],
        "says": [do("{text}")],
        "hears": r"^\[{name}\]: {text}(You: )*$",  # of its two threads the other one may print before the line ends
        "leaves": [do("q"), see(r"Chat ended")],
        "closed": [MENU_C],
        "left": [see(r"Chat ended"), do(""), MENU_C],
        "refused": [see(r"Chat ended|Error: ")],
        "turned-away": [see(r"Chat ended|Error: ")],
        "rejected": [see(r"Failed to connect")],
    },
    # simp on a terminal.
    "simp": {
        "login": [see(r"You are {me}\b")],
        "wait": [],
        "start": [do("{addr}"), see(r"Inviting {addr}\.")],
        "asked": [see(r"{name} at \S+ invites you: y accepts")],
        "pending": [see(r"{name} at \S+ invites you: y accepts")],
        "accept": [do("y")],
        "decline": [do("n"), see(r"You have declined the invitation")],
        "opened": [see(r"In a chat with ")],
        "says": [do("{text}")],
        "hears": r"^(?!you: )\S+: {text}$",
        "leaves": [do("q")],
        "closed": [see(r"You have left the chat")],
        "left": [see(r"has left the chat")],
        "refused": [see(r"{what:ui}")],
        "turned-away": [see(r"declines|has left the chat")],
        "rejected": [see(r"already has a client|already connected to a client"), ends()],
        "unanswered": [see(r"has not answered for 30 s")],
        "quits": [do("q"), ends()],
    },
    # simp --json: commands in, events out. A pattern is an object whose fields the event must have.
    "json": {
        "login": [do('{{"op":"connect","user":"{me}"}}'), see({"ev": "connected", "user": "{me}"})],
        "wait": [],
        "start": [do('{{"op":"invite","peer":"{addr}"}}'), see({"ev": "inviting", "peer": "{addr}:7777"})],
        "asked": [see({"ev": "invitation", "peer": "{addr}:7777", "user": "{name}"})],
        "pending": [do('{{"op":"status"}}'), see({"ev": "status", "pending": [{"peer": "{addr}:7777", "user": "{name}"}]})],
        "accept": [do('{{"op":"accept","peer":"{addr}"}}')],
        "decline": [do('{{"op":"decline","peer":"{addr}"}}'), see({"ev": "closed", "reason": "declined"})],
        "opened": [see({"ev": "established", "peer": "{addr}:7777"})],
        "says": [do('{{"op":"chat","text":"{text}","id":"{text}"}}'), see({"ev": "sent", "id": "{text}"})],
        "hears": {"ev": "message", "text": "{text}"},
        "delivered": [see({"ev": "delivered", "id": "{text}"})],
        "settled": [either(({"ev": "delivered", "id": "{text}"},), ({"ev": "unconfirmed", "id": "{text}"},))],
        "leaves": [do('{{"op":"leave"}}')],
        "leaves-now": [do('{{"op":"leave","now":true}}')],
        "closed": [see({"ev": "closed", "reason": "left"})],
        "left": [see({"ev": "closed", "reason": "left"})],
        "refused": [see({"ev": "closed", "reason": "{what}"})],
        "outcome": [either(({"ev": "closed", "peer": "{addr}:7777"},), ({"ev": "unanswered", "peer": "{addr}:7777"},))],
        "unanswered": [see({"ev": "unanswered", "seconds": 30})],
        "gives-up": [do('{{"op":"cancel","peer":"{addr}"}}'), see({"ev": "closed", "reason": "cancelled"})],
        "status": [do('{{"op":"status"}}'), see({"ev": "status"})],
        "rejected": [do('{{"op":"connect","user":"{me}"}}'), see({"ev": "error", "reason": "taken"})],
        "quits": [do('{{"op":"quit"}}'), ends()],
    },
}

# The clients that end with each chat: to go on, their users start them again.
ENDS_WITH_CHAT = {"a"}

PEER_NICE = 5  # A's and B's daemons spin; the rest of the machine goes first


class Bench:
    """What all casts share: the programs, and the environment in which they run."""

    def __init__(self, programs, checkouts, flags):
        self.programs, self.checkouts = programs, checkouts
        self.flags = flags  # of simpd, as its --help lists them

    def environment(self, folder):
        return {
            "PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": os.path.join(folder, "state"),
            "TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1",
        }

    def checkout(self, letter):
        if not self.checkouts.get(letter):
            raise Failure(f"no checkout of {letter.upper()} was given")
        return self.checkouts[letter]


class Host:
    """One address with a daemon and, at times, a client: what stands on one person's desk."""

    def __init__(self, bench, folder, name, address, daemon, client):
        self.bench, self.folder, self.name, self.address = bench, folder, name, address
        self.daemon_kind, _, self.daemon_flags = daemon.partition(" ")
        self.client_kind = client
        self.daemon, self.client = None, None
        self.daemons = []  # the one that runs is the last
        self.clients = []  # all that there were, for the checks at the end
        self.heard, self.deaf = [], []
        self.may_die = False

    # ---- the daemon

    def start_daemon(self):
        env, kind = self.bench.environment(self.folder), self.daemon_kind
        if kind == "S":
            argv = [self.bench.programs["simpd"], "--log-level", "trace", *self.daemon_flags.split(), self.address]
            if "--state-dir" in self.bench.flags:
                argv[1:1] = ["--state-dir", os.path.join(self.folder, self.name + ".state")]
            cwd, ready, nice = None, r"\blistening\b", 0
        elif kind == "C":
            # Its main program takes no address and binds all; its class takes one.
            start = "import sys, simp_daemon; simp_daemon.SimpDaemon(sys.argv[1]).start()"
            argv, cwd = [sys.executable, "-u", "-c", start, self.address], self.bench.checkout("c")
            ready, nice = r"Listening for clients", PEER_NICE
        else:
            argv, cwd = [sys.executable, "-u", "simp_daemon.py", self.address], self.bench.checkout(kind.lower())
            ready, nice = {"A": r"Waiting for handshake", "B": r"Listening for daemon communication"}[kind], PEER_NICE
        self.may_die = False
        again = f"-{len(self.daemons) + 1}" if self.daemons else ""
        self.daemon = Process(f"{self.name}.daemon-{kind}{again}", argv, self.folder, env, cwd=cwd, nice=nice)
        self.daemons.append(self.daemon)
        self.daemon.see(ready, 10)

    def restart_daemon(self):
        self.daemon.close()
        self.start_daemon()

    # ---- the client

    def start_client(self, kind=None, name=None):
        """A client of this host's kind, or another; returns it without making it the host's."""
        env = self.bench.environment(self.folder)
        spec = (kind or self.client_kind).split()
        number = len(self.clients) + 1
        label, me = f"{self.name}.client-{spec[0]}-{number}", name or self.name
        if spec[0] in "abc":
            argv = [sys.executable, "-u", "simp_client.py", self.address]
            process = Process(label, argv, self.folder, env, cwd=self.bench.checkout(spec[0]), terminal=True)
        elif spec[0] == "json":
            process = Process(label, [self.bench.programs["simp"], "--json", "--no-daemon", *spec[1:], self.address], self.folder, env)
        else:
            argv = [self.bench.programs["simp"], "--no-daemon", "--user", me, *spec[1:], self.address]
            process = Process(label, argv, self.folder, env, terminal=True)
        client = Client(process, spec[0], me)
        self.clients.append(client)
        return client

    def close(self):
        for p in [c.process for c in self.clients] + self.daemons:
            p.close()


class Client:
    """A running client and the phrasebook of its kind."""

    def __init__(self, process, kind, me):
        self.process, self.kind, self.me = process, kind, me
        self.phrases = PHRASES[kind]
        self.role = "none"  # inviter or invited, once it is one
        self.last_heard = -1  # where the last message stood: they must come in order

    def play(self, verb, within, other=None, text="", what=""):
        if verb in ("start", "accept"):
            self.role = {"start": "inviter", "accept": "invited"}[verb]
        steps = self.phrases.get(f"{verb}:{self.role}", self.phrases.get(verb))
        if steps is None:
            raise Failure(f"a client of kind {self.kind} cannot be told to: {verb}")
        words = {"me": self.me, "text": text, "what": what, "ui": REFUSAL_UI.get(what, what)}
        if other:
            words.update(name=other.name, addr=other.address)
        if verb == "hears":
            at = self._see(steps, words, within)
            if at < self.last_heard:
                raise Failure(f"{self.process.name} shows {text!r} before an earlier message")
            self.last_heard = at
            return
        self._play(steps, words, time.monotonic() + within)

    def _play(self, steps, words, deadline):
        for step in steps:
            left = max(deadline - time.monotonic(), 0.1)
            if step[0] == "see":
                self._see(step[1], words, left)
            elif step[0] == "do":
                self.process.type(step[1].format(**words))
            elif step[0] == "ends":
                if self.process.ended(left) is None:
                    raise Failure(f"{self.process.name} was to end")
            elif step[0] == "maybe":
                try:
                    self._play([see(step[1][0]), *step[1][1:]], words, time.monotonic() + 0.3)
                except Failure:
                    pass
            else:
                way = self._first_of(step[1], words, left)
                self._play(way[1:], words, deadline)

    def _see(self, pattern, words, within):
        return self._first_of([(pattern,)], words, within, at=True)

    def _first_of(self, ways, words, within, at=False):
        """Waits for the first way whose pattern shows up unseen; returns the way, or where it is."""
        finders = [(self._finder(way[0], words), way) for way in ways]

        def find(shown, unseen):
            for matches, way in finders:
                for start, end in matches(shown):
                    if unseen(start, end):
                        self.process.mark_seen(start, end)
                        return start if at else way
            return None

        what = " or ".join(self._worded(way[0], words) for way in ways)
        return self.process.wait_for(find, what, within)

    def _worded(self, pattern, words):
        return json.dumps(fill(pattern, words)) if isinstance(pattern, dict) else repr(literal(pattern, words))

    def _finder(self, pattern, words):
        if isinstance(pattern, dict):
            wanted = fill(pattern, words)
            return lambda shown: (span for span, event in events(shown) if has(event, wanted))
        compiled = re.compile(literal(pattern, words), re.M)
        return lambda shown: (m.span() for m in compiled.finditer(shown))

    def times_shown(self, text, other):
        """How often this client has shown a message."""
        words = {"text": text, "name": other.name if other else ".*"}
        return sum(1 for _ in self._finder(self.phrases["hears"], words)(self.process.shown))


def literal(pattern, words):
    """A pattern with the scenario's words in it, which stand for themselves."""
    def word(m):
        return re.escape(words["ui" if m[1] == "what:ui" else m[1]]).replace("\\ ", " ")
    return re.sub(r"\{([a-z][a-z:]*)\}", word, pattern)


def fill(pattern, words):
    if isinstance(pattern, dict):
        return {k: fill(v, words) for k, v in pattern.items()}
    if isinstance(pattern, list):
        return [fill(v, words) for v in pattern]
    return pattern.format(**words) if isinstance(pattern, str) else pattern


def events(shown):
    """The whole lines of a JSON client, each with its span."""
    start = 0
    while (end := shown.find("\n", start)) >= 0:
        try:
            yield (start, end), json.loads(shown[start:end])
        except ValueError:
            pass
        start = end + 1


def has(event, wanted):
    """Whether an event has all that is wanted; of a list, each wanted element must be there."""
    if isinstance(wanted, dict):
        return isinstance(event, dict) and all(k in event and has(event[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(event, list) and all(any(has(e, w) for e in event) for w in wanted)
    return event == wanted


def stop_gracefully(daemon, within=10):
    """Ends simpd as its user would; it says goodbye and ends with 0, or it is not well."""
    daemon.signal(signal.SIGTERM)
    status = daemon.ended(within)
    if status is None:
        raise Failure(f"{daemon.name} does not end on SIGTERM within {within} s")
    if status != 0:
        raise Failure(f"{daemon.name} ends with {status} on SIGTERM: {daemon.shown[-200:]!r}")

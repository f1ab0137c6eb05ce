"""The scenarios: who is there, who types what, who must see what.

A script has one step a line: WHO VERB [WHOM] [WORDS...] [within SECONDS]. The verbs are those of cast.PHRASES and

    WHO login              a client is started and its user gives a name
    WHO again              the same if the client has ended, as A's does with each chat; else nothing
    WHO becomes KIND       the next login is with another kind of client
    WHO hears TEXT...      the messages are shown, in this order, and by the end of the scenario each exactly once
    WHO deaf TEXT...       by the end of the scenario these have not been shown
    WHO killed             kill -9 for the client
    WHO intruder KIND      somebody else attaches a client of KIND here and is refused
    WHO dies               the daemon dies now, as it is known to; without this line every daemon must live to the end
    WHO restart            the daemon is ended and another one started, as its user would after its death
    - pause SECONDS

Every step must come true within PATIENCE seconds or its own, and a whole scenario within LIMIT.
"""

import dataclasses

PATIENCE = 10
LIMIT = 60
AFTERMATH = 5.6  # the daemons of A and B wait 5 s for an answer, and some die only then


@dataclasses.dataclass
class Scenario:
    part: str
    name: str
    what: str  # what it shows, for the table
    hosts: dict  # name: (daemon and its flags, client and its flags)
    script: str
    reason: str = ""  # for the table, if it comes true: why it is as it is
    limited: bool = False  # true: what comes true is a limit of the peer
    chance: str = ""  # a failure that matches this is one of the peer's that comes by chance: then it is played again
    luck: str = ""  # for the table, if it came true only then: what that chance is
    times: int = 1  # how often it must come true in a row, where what it shows is a matter of milliseconds


def numbered(x, y, first, count):
    return [f"{x} to {y} {n}" for n in range(first, first + count)]


def quoted(texts):
    return " ".join(f"'{t}'" for t in texts)


def one_way(x, y, first=1, count=3):
    """x writes count messages without waiting, y sees them."""
    texts = numbered(x, y, first, count)
    return f"{x} says {quoted(texts)}\n{y} hears {quoted(texts)} within 25\n"


def both_at_once(x, y, first=1, count=3):
    there, back = numbered(x, y, first, count), numbered(y, x, first, count)
    return (f"{x} says {quoted(there)}\n{y} says {quoted(back)}\n"
            f"{y} hears {quoted(there)} within 25\n{x} hears {quoted(back)} within 25\n")


def turns(x, y, first=1, count=3):
    """x and y write in turns, x first."""
    out = ""
    for n in range(first, first + count):
        out += f"{x} says '{x} to {y} {n}'\n{y} hears '{x} to {y} {n}'\n{y} says '{y} to {x} {n}'\n{x} hears '{y} to {x} {n}'\n"
    return out


def opened(x, y):
    """x invites y, who waits; both have logged in."""
    return f"{y} wait\n{x} start {y}\n{y} asked {x}\n{y} accept\n{x} opened {y}\n{y} opened {x}\n"


def leave(x, y):
    return f"{x} leaves\n{x} closed\n{y} left within 12\n"


# What a person needs anyway between reading or writing the last message and leaving, and before inviting again who has
# declined. Without it A's daemon may take one ACK for another, or for nothing, and declines a second invitation by itself:
# its threads share variables that each of them sets a moment after the datagram that they are about.
BREATH = "- pause 0.3\n"


def logins(*who):
    return "".join(f"{w} login\n" for w in who)


# ---- 1: daemon to daemon

def like_any(peer, name, client):
    """What must work with a daemon that can chat: A's and C's."""
    part = f"1 daemons, {peer}"
    pair = {"sam": ("S", "json"), name: (peer, client)}
    three = pair | {"tom": ("S", "json")}
    breath = BREATH if peer == "A" else ""

    def s(key, what, script, hosts=pair, **more):
        return Scenario(part, f"daemon-{peer.lower()}-{key}", what, hosts, script, **more)

    yield s("called", "S invites; three messages each way; S leaves",
            logins("sam", name) + opened("sam", name) + turns("sam", name) + leave("sam", name))
    yield s("calls", f"{peer} invites; three messages each way; {peer} leaves",
            logins("sam", name) + opened(name, "sam") + turns(name, "sam") + breath + leave(name, "sam"))
    yield s("quick", "S invites; both write three quickly, twice; S leaves",
            logins("sam", name) + opened("sam", name) + both_at_once("sam", name) + both_at_once("sam", name, 4)
            + leave("sam", name))
    yield s("quick-calls", f"{peer} invites; each writes three quickly; {peer} leaves",
            logins("sam", name) + opened(name, "sam") + one_way(name, "sam") + one_way("sam", name) + breath + leave(name, "sam"))
    yield s("delivered", "S is told that its messages were delivered",
            logins("sam", name) + opened("sam", name) + one_way("sam", name)
            + f"sam delivered {quoted(numbered('sam', name, 1, 3))}\n" + breath + leave(name, "sam"))
    yield s("leaves-soon", f"{peer} writes, and leaves " + ("0.3 s later" if breath else "in the same moment") + "; a second chat",
            logins("sam", name) + opened("sam", name) + f"{name} says '{name} to sam 1'\n" + breath + f"{name} leaves\nsam hears '{name} to sam 1'\n"
            + f"{name} closed\nsam left within 12\n{name} again\n" + opened("sam", name) + turns("sam", name, 2, 1) + leave("sam", name))
    yield s("declines", f"{peer} declines, then accepts a second invitation",
            logins("sam", name) + f"{name} wait\nsam start {name}\n{name} asked sam\n{name} decline\nsam refused declined\n" + breath
            + opened("sam", name) + turns("sam", name, count=1) + leave("sam", name))
    yield s("declined", f"S declines; {peer} invites again and S accepts",
            logins("sam", name) + f"{name} start sam\nsam asked {name}\nsam decline\n{name} refused\n{name} again\n"
            + opened(name, "sam") + turns(name, "sam", count=1) + breath + leave(name, "sam"))
    yield s("in-a-row", f"two chats in a row on the same daemons, {peer} leaves the first",
            logins("sam", name) + opened("sam", name) + turns("sam", name, count=1) + breath + leave(name, "sam") + f"{name} again\n"
            + opened("sam", name) + turns("sam", name, 2, 1) + breath + leave(name, "sam") + f"{name} again\n"
            + opened(name, "sam") + turns(name, "sam", 3, 1) + leave("sam", name))
    yield s("callee-busy", f"S invites a busy {peer}; the chat goes on",
            logins("sam", name, "tom") + opened("sam", name) + turns("sam", name, count=1)
            + f"tom start {name}\ntom refused busy\n" + turns("sam", name, 2, 1) + leave("sam", name), three)
    yield s("known-calls-busy", f"{peer}, known from a chat before, invites a busy S",
            logins("sam", name, "tom") + opened("sam", name) + turns("sam", name, count=1) + breath + leave(name, "sam")
            + opened("sam", "tom") + turns("sam", "tom", count=1)
            + f"{name} again\n{name} start sam\n{name} refused busy\n" + turns("sam", "tom", 2, 1)
            + f"{name} again\n" + leave("sam", "tom") + opened(name, "sam") + turns(name, "sam", 2, 1), three)
    yield s("calls-absent", f"{peer} invites S before S's client attaches",
            f"{name} login\n{name} start sam\n- pause 0.5\nsam login\nsam pending {name}\nsam accept\n{name} opened sam\n"
            f"sam opened {name}\n" + turns(name, "sam") + leave("sam", name))
    yield s("calls-auto", f"{peer} invites S, which accepts by itself; five times on fresh daemons",
            logins("sam", name) + f"{name} start sam\n{name} opened sam\nsam opened {name}\n" + turns(name, "sam", count=1)
            + leave("sam", name), pair | {"sam": ("S --accept auto", "json")}, times=5)
    yield s("unmoved", f"S takes its invitation to {peer} back before the answer",
            logins("sam", name) + f"{name} wait\nsam start {name}\n{name} asked sam\nsam gives-up {name}\n")


def with_a():
    yield from like_any("A", "amy", "a")
    pair = {"sam": ("S", "json"), "amy": ("A", "a")}
    three = pair | {"tom": ("S", "json")}
    yield Scenario("1 daemons, A", "daemon-a-stranger-calls-busy", "A, unknown, invites a busy S", three,
                   logins("sam", "amy", "tom") + opened("sam", "tom") + turns("sam", "tom", count=1)
                   + "amy start sam\namy refused busy\namy dies\n" + turns("sam", "tom", 2, 1) + leave("sam", "tom"),
                   "the specification's ERR + FIN kills A's daemon; S cannot know yet that it is A", limited=True)
    yield Scenario("1 daemons, A", "daemon-a-leaves-at-once", "A writes and leaves in the same moment; S leaves; a second chat with A's daemon started anew", pair,
                   logins("sam", "amy") + opened("sam", "amy") + "amy says 'amy to sam 1' q\nsam hears 'amy to sam 1'\n"
                   "amy closed\namy dies\nsam leaves\nsam closed within 20\namy restart\namy login\n"
                   + opened("sam", "amy") + turns("sam", "amy", 2, 1) + leave("sam", "amy"),
                   "A's daemon takes the ACK of the message for the ACK of its FIN, and dies 5 s later; "
                   "its FIN may never have been sent, so S may have to leave by itself", limited=True,
                   chance='was to show .*"text": "amy to sam 1"', luck="its two threads may send the FIN before the message")
    yield Scenario("1 daemons, A", "daemon-a-called-absent", "S invites A before A's client attaches", pair,
                   "sam login\nsam start amy\n- pause 0.5\namy login\namy pending sam\namy accept\nsam opened amy\namy opened sam\n"
                   + turns("sam", "amy") + BREATH + leave("amy", "sam"),
                   chance="Please enter a username", luck="A's daemon asks for the name and for the answer at once, in either order")
    yield Scenario("1 daemons, A", "daemon-a-in-a-row-s-leaves", "S leaves a first chat, and invites again", pair,
                   logins("sam", "amy") + opened("sam", "amy") + turns("sam", "amy", count=1) + leave("sam", "amy")
                   + "amy again\namy wait\nsam start amy\nsam outcome within 35\nsam status\n",
                   "A's daemon has two threads reading after it received a FIN; it answers that it is busy, or not at all",
                   limited=True)


def with_c():
    yield from like_any("C", "cat", "c")
    pair = {"sam": ("S", "json"), "cat": ("C", "c")}
    yield Scenario("1 daemons, C", "daemon-c-called-absent", "S invites C to which no client ever attached", pair,
                   "sam login\nsam start cat\nsam opened cat\nsam says 'anybody there?'\nsam delivered 'anybody there?'\n"
                   "sam leaves\nsam closed\n",
                   "C accepts by itself and acknowledges what nobody reads", limited=True)
    yield Scenario("1 daemons, C", "daemon-c-stranger-calls-busy", "C, unknown, invites a busy S", pair | {"tom": ("S", "json")},
                   logins("sam", "cat", "tom") + opened("sam", "tom") + turns("sam", "tom", count=1)
                   + "cat start sam\ncat refused busy\n" + turns("sam", "tom", 2, 1) + leave("sam", "tom"))


# B's daemon has stopped reading, so what is sent to it is given up only after minutes.
STUCK = 'was to show .*"ev": "(delivered|unconfirmed)"'


def with_b():
    part = "1 daemons, B"
    pair = {"sam": ("S", "json"), "ben": ("B", "b")}
    three = pair | {"tom": ("S", "json")}
    # What arrives it takes for its own user's, and sends back: hence "sam deaf", too.
    mute = "B's daemon sends what arrives to itself: its user never sees a message"
    silent = "B's daemon tells nobody that its user has left"
    stuck = "its two threads share one socket and its timeout, and sometimes both wait for ever"

    def s(key, what, script, reason="", hosts=pair, **more):
        return Scenario(part, f"daemon-b-{key}", what, hosts, script, reason, **more)

    # B's daemon may stop reading for ever when it has sent itself a message; each further one then takes two minutes to be given up.
    three_texts, two_texts = quoted(numbered("sam", "ben", 1, 3)), quoted(numbered("sam", "ben", 1, 2))
    # B's client cannot chat a second time: its daemon has sent it more goodbyes than it expects. A new one can, once
    # that daemon has given up waiting for their acknowledgement.
    fresh = "ben killed\n- pause 16\nben login\n"
    yield s("called", "S invites; three messages to B; S leaves",
            logins("sam", "ben") + opened("sam", "ben")
            + f"sam says {three_texts}\nsam settled {two_texts} within 40\nben deaf {three_texts}\nsam deaf {three_texts}\nsam leaves-now\nsam closed within 20\n",
            mute, limited=True, chance=STUCK, luck=stuck)
    yield s("calls", "B invites; one message to S, three back; S leaves",
            logins("sam", "ben") + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "ben says 'ben to sam 1'\nsam hears 'ben to sam 1'\n"
            + f"sam says {three_texts}\nsam settled {two_texts} within 40\nben deaf {three_texts}\nsam deaf {three_texts}\nsam leaves-now\nsam closed within 20\n",
            mute + ", and it waits for an answer after its first", limited=True, chance=STUCK, luck=stuck)
    yield s("leaves", "B invites and leaves; S leaves too",
            logins("sam", "ben") + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "ben leaves\nben closed\nsam status\nsam leaves\nsam closed within 20\n", silent, limited=True)
    yield s("declines", "S invites, B declines; S leaves",
            logins("sam", "ben") + "ben wait\nsam start ben\nben asked sam\nben decline\nsam opened ben\nsam leaves\nsam closed within 20\n",
            "B's daemon accepts before it asks; " + silent, limited=True)
    yield s("declined", "B invites, S declines",
            logins("sam", "ben") + "ben start sam\nsam asked ben\nsam decline\n- pause 8\nsam status\n",
            "B's daemon does not tell its user; it waits for ever", limited=True)
    yield s("in-a-row", "B invites and leaves, S leaves; B invites again",
            logins("sam", "ben") + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "ben leaves\nben closed\nsam leaves\nsam closed within 20\n" + fresh +
            "ben start sam\nsam asked ben within 20\nsam accept\nsam opened ben\nben opened sam\n"
            "ben says 'ben to sam 1'\nsam hears 'ben to sam 1'\nsam leaves\nsam closed within 20\n", silent, limited=True)
    yield s("comes-back", "B invites and leaves, which S cannot know; B invites again",
            logins("sam", "ben") + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "ben leaves\nben closed\n" + fresh + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "ben says 'ben to sam 1'\nsam hears 'ben to sam 1'\n", silent, limited=True)
    yield s("callee-busy", "S invites a busy B; the chat goes on",
            logins("sam", "ben", "tom") + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "tom start ben\n- pause 1\nben says 'ben to sam 1'\nsam hears 'ben to sam 1'\n"
            "tom unanswered within 35\ntom gives-up ben\nsam leaves\nsam closed within 20\n",
            "a busy B is silent", three, limited=True)
    yield s("calls-busy", "B invites a busy S; the chat goes on",
            logins("sam", "ben", "tom") + opened("sam", "tom") + turns("sam", "tom", count=1)
            + "ben start sam\n- pause 8\n" + turns("sam", "tom", 2, 1) + leave("sam", "tom"),
            "B's daemon does not tell its user; it waits for ever", three, limited=True)
    yield s("known-calls-busy", "B, known from a chat before, invites a busy S; the chat goes on",
            logins("sam", "ben", "tom") + "ben start sam\nsam asked ben\nsam accept\nsam opened ben\nben opened sam\n"
            "ben leaves\nben closed\nsam leaves\nsam closed within 20\n"
            + fresh + opened("sam", "tom") + turns("sam", "tom", count=1)
            + "ben start sam\n- pause 8\n" + turns("sam", "tom", 2, 1) + leave("sam", "tom"),
            "B's daemon tells its user that the chat is open, from the chat before", three, limited=True)
    yield s("calls-absent", "B invites S before S's client attaches",
            "ben login\nben start sam\n- pause 0.5\nsam login\nsam pending ben\nsam accept\nben opened sam\nsam opened ben\n"
            "ben says 'ben to sam 1'\nsam hears 'ben to sam 1'\nsam leaves\nsam closed within 20\n")
    yield s("calls-auto", "B invites S, which accepts by itself; five times on fresh daemons",
            logins("sam", "ben") + "ben start sam\nben opened sam\nsam opened ben\nben says 'ben to sam 1'\nsam hears 'ben to sam 1'\n"
            "sam leaves\nsam closed within 20\n", hosts=pair | {"sam": ("S --accept auto", "json")}, times=5)
    yield s("called-absent", "S invites B before B's client attaches",
            "sam login\nsam start ben\nben dies\nsam status\nsam gives-up ben\n",
            "any SYN before a login kills B's daemon", limited=True)


# ---- 2: the clients of A, B and C on our daemon

OURS = ("a", "b", "simp")
LONG = {"a": "A's client", "b": "B's client", "c": "C's client", "simp": "simp"}


def on_our_daemon():
    for x in OURS:
        for y in OURS:
            yield from client_pair(x, y)
    for y in OURS:
        yield from one_client(y)
    for x, y in (("c", "simp"), ("simp", "c"), ("c", "c"), ("c", "a"), ("b", "c")):
        yield from client_pair(x, y, only=("left-by-inviter", "declined"))


def client_pair(x, y, only=None):
    """ann invites bob, with clients of kind x and y, on two daemons of ours."""
    hosts = {"ann": ("S", x), "bob": ("S", y)}

    def s(key, what, script, **more):
        if only is None or key in only:
            yield Scenario("2 clients on simpd", f"client-{x}-{y}-{key}", what, hosts, script, **more)

    free = "b" not in (x, y)
    yield from s("left-by-inviter", "login, wait, start, accept; three messages each way in turns; the inviter leaves",
                 logins("ann", "bob") + opened("ann", "bob") + turns("ann", "bob") + leave("ann", "bob"))
    yield from s("left-by-invited", "the same; the invited leaves, and they chat again, the other way round",
                 logins("ann", "bob") + opened("ann", "bob") + "ann says 'ann to bob 1'\nbob hears 'ann to bob 1'\n"
                 + leave("bob", "ann") + "ann again\nbob again\n" + opened("bob", "ann")
                 + turns("bob", "ann", 2, 2) + leave("bob", "ann"))
    refused = "ann turned-away" if y == "b" else "ann refused declined"
    yield from s("declined", "decline; then the same two chat",
                 logins("ann", "bob") + f"bob wait\nann start bob\nbob asked ann\nbob decline\n{refused} within 15\n"
                 + "ann again\n" + opened("ann", "bob") + turns("ann", "bob", count=1) + leave("ann", "bob"),
                 reason="B's client accepts by silence: a late no is told as leaving" if y == "b" else "")
    yield from s("pending", "the invitation waits until the invited client attaches",
                 "ann login\nann start bob\n- pause 0.5\nbob login\nbob pending ann\nbob accept\nann opened bob\nbob opened ann\n"
                 + turns("ann", "bob", count=2) + leave("ann", "bob"))
    if free:
        yield from s("quick", "both write three quickly at the same time",
                     logins("ann", "bob") + opened("ann", "bob") + both_at_once("ann", "bob") + leave("ann", "bob"))
    elif x == "b":
        texts = numbered("bob", "ann", 1, 3 if y != "b" else 1)
        yield from s("held", "what arrives while B's user types is held, then shown whole",
                     logins("ann", "bob") + opened("ann", "bob") + "ann says 'ann to bob 1'\nbob hears 'ann to bob 1'\n"
                     + f"bob says {quoted(texts)}\nann hears '{texts[0]}'\n- pause 0.5\nann says 'ann to bob 2'\nbob hears 'ann to bob 2'\n"
                     + (f"ann hears {quoted(texts[1:])}\nbob leaves\nbob closed\nann says 'ann to bob 3'\nann left\n" if y != "b" else
                        "bob says 'bob to ann 2'\nann hears 'bob to ann 2'\n"))
    else:
        texts = numbered("ann", "bob", 1, 3)
        end = "ann leaves\nann closed\nbob says 'bob to ann 2'\nbob left\n" if x == "simp" else leave("bob", "ann")
        yield from s("held", "three quick messages to the invited B",
                     logins("ann", "bob") + opened("ann", "bob") + f"ann says {quoted(texts)}\nbob hears '{texts[0]}'\n- pause 0.5\n"
                     + f"bob says 'bob to ann 1'\nann hears 'bob to ann 1'\nbob hears {quoted(texts[1:])}\n" + end)


def one_client(y):
    """What happens on the daemon of one client of kind y; the other side is simp."""
    hosts = {"ann": ("S", "simp"), "bob": ("S", y)}

    def s(key, what, script, hosts=hosts, **more):
        return Scenario("2 clients on simpd", f"client-{y}-{key}", what, hosts, script, **more)

    yield s("second-client", f"{LONG[y]} holds the daemon: clients of A, B and simp are refused, and it chats on",
            logins("ann", "bob") + "bob intruder a\nbob intruder b\nbob intruder simp\n" + opened("ann", "bob")
            + "ann says 'ann to bob 1'\nbob hears 'ann to bob 1'\nbob intruder a\nbob intruder b\nbob intruder simp\n"
            "bob says 'bob to ann 1'\nann hears 'bob to ann 1'\n")
    for z in OURS:
        yield s(f"killed-then-{z}", f"{LONG[y]} is killed while it waits: {LONG[z]} attaches and chats",
                logins("ann", "bob") + f"bob wait\n- pause 0.5\nbob killed\nbob becomes {z}\nbob login within 20\n"
                + opened("ann", "bob") + turns("ann", "bob", count=1) + leave("ann", "bob"))
    yield s("killed-in-chat", f"{LONG[y]} is killed in a chat; its user comes back, and the other is told",
            logins("ann", "bob") + opened("ann", "bob") + turns("ann", "bob", count=1)
            + "bob killed\nbob login within 20\nann left within 20\n" + opened("ann", "bob") + turns("ann", "bob", 2, 1)
            + leave("ann", "bob"))
    yield s("busy", f"{LONG[y]} invites somebody who is in a chat",
            logins("ann", "tom", "bob") + opened("ann", "tom") + "bob start ann\nbob refused busy\n" + turns("ann", "tom", count=1)
            + "bob again\n" + leave("ann", "tom") + opened("bob", "ann") + turns("bob", "ann", count=1),
            hosts | {"tom": ("S", "simp")})


# ---- 3: simp on the daemons of A and B

def on_their_daemons():
    part = "3 simp on their daemons"
    for flag in ("a", "auto"):
        simp = f"simp --daemon-protocol {flag}"
        luck = {"chance": " 2 times", "luck": "an ACK that comes before A's daemon looks for it is lost; it sends the message again"}
        hosts = {"ann": ("A", simp), "bob": ("A", simp)}
        yield Scenario(part, f"simp-a-{flag}-simp-simp", "simp on two daemons of A; the inviter leaves", hosts,
                       logins("ann", "bob") + opened("ann", "bob") + turns("ann", "bob") + one_way("ann", "bob", 4) + BREATH + leave("ann", "bob"),
                       **luck)
        yield Scenario(part, f"simp-a-{flag}-simp-a", "simp invites A's client on daemons of A; A leaves",
                       {"ann": ("A", simp), "bob": ("A", "a")},
                       logins("ann", "bob") + opened("ann", "bob") + turns("ann", "bob") + BREATH + leave("bob", "ann"), **luck)
        yield Scenario(part, f"simp-a-{flag}-a-simp", "A's client invites simp on daemons of A; simp leaves",
                       {"ann": ("A", "a"), "bob": ("A", simp)},
                       logins("ann", "bob") + opened("ann", "bob") + turns("ann", "bob") + BREATH + leave("bob", "ann"), **luck)
        yield Scenario(part, f"simp-a-{flag}-declines", "simp declines A's client on daemons of A, then accepts",
                       {"ann": ("A", "a"), "bob": ("A", simp)},
                       logins("ann", "bob") + "bob wait\nann start bob\nbob asked ann\nbob decline\nann refused\nann again\n"
                       + opened("ann", "bob") + turns("ann", "bob", count=1) + BREATH + leave("ann", "bob"), **luck)
        yield Scenario(part, f"simp-a-{flag}-declined", "A's client declines simp on daemons of A",
                       {"ann": ("A", simp), "bob": ("A", "a")},
                       logins("ann", "bob") + "bob wait\nann start bob\nbob asked ann\nbob decline\nann turned-away\n")
        yield Scenario(part, f"simp-a-{flag}-pending", "simp on A's daemon finds an invitation when it attaches",
                       {"ann": ("A", "a"), "bob": ("A", simp)},
                       "ann login\nann start bob\n- pause 0.5\nbob login\nbob pending ann\nbob accept\nann opened bob\nbob opened ann\n"
                       + turns("ann", "bob", count=1) + BREATH + leave("bob", "ann"),
                       chance=f"{luck['chance']}|has stopped answering",
                       luck="A's daemon asks for the name and for the answer at once, or loses an ACK that comes before it looks for it")
        yield Scenario(part, f"simp-a-{flag}-simpd", "simp on A's daemon invites simp on ours",
                       {"ann": ("A", simp), "sam": ("S", "simp")},
                       logins("ann", "sam") + opened("ann", "sam") + turns("ann", "sam") + BREATH + leave("ann", "sam"))
    for flag in ("b", "auto"):
        simp = f"simp --daemon-protocol {flag}"
        yield Scenario(part, f"simp-b-{flag}-invites", "simp on B's daemon invites simp on ours; writes, and leaves",
                       {"ann": ("B", simp), "sam": ("S", "json")},
                       logins("ann", "sam") + "ann start sam\nsam asked ann\nsam accept\nann opened sam\nsam opened ann\n"
                       "ann says 'ann to sam 1'\nsam hears 'ann to sam 1'\n"
                       "sam says 'sam to ann 1'\nsam settled 'sam to ann 1' within 30\nann deaf 'sam to ann 1'\nsam deaf 'sam to ann 1'\n- pause 6\nann leaves\nann closed within 20\n",
                       "B's daemon shows a message to its client by accident only", limited=True,
                       chance="ann.client-simp-1 has shown", luck="once it did")
        yield Scenario(part, f"simp-b-{flag}-invited", "simp on B's daemon is invited by simp on ours; writes, and leaves",
                       {"ann": ("S", "json"), "bob": ("B", simp)},
                       logins("ann", "bob") + "bob wait\nann start bob\nann opened bob\nbob asked ann within 30\nbob accept\nbob opened ann\n"
                       "bob says 'bob to ann 1'\nann hears 'bob to ann 1'\nbob leaves\nbob closed within 20\n",
                       "B's daemon never shows a message to its client", limited=True)
        yield Scenario(part, f"simp-b-{flag}-b-simp", "B's client invites simp on two daemons of B; writes",
                       {"ann": ("B", "b"), "bob": ("B", simp)},
                       logins("ann", "bob") + "bob wait\n- pause 1\nann start bob\nbob asked ann within 30\nbob accept\nann opened bob\n"
                       "ann says 'ann to bob 1'\nbob deaf 'ann to bob 1'\nann dies\n",
                       "B's daemon sends every message back; between two of them that goes on until one dies", limited=True)


def all_scenarios():
    return [*with_a(), *with_b(), *with_c(), *on_our_daemon(), *on_their_daemons()]

package engine

import (
	"time"

	"simp/codec"
)

// All limits of the daemon, each with its reason. Times that users may change stand in Config.
const (
	// queueLen is how many chat datagrams may wait behind the one in flight. A person never gets there; a program that
	// pastes a book is told so (queue-full) while the daemon holds about a megabyte of it.
	queueLen = 1024

	// inboxLen is how many messages wait for a client while none is attached. Beyond it messages are not acknowledged,
	// so they stay with the sender.
	inboxLen = 256

	// boxEvents bounds everything that waits for a client, so that somebody who opens and closes chats with an
	// answering machine all night cannot fill the memory.
	boxEvents = 2 * inboxLen

	// maxBoxes bounds the peers for whom something waits for a client.
	maxBoxes = 256

	// clientQueue is how many events may wait for a client to read them before messages are no longer acknowledged and
	// its commands no longer read.
	clientQueue = 1024

	// clientStall is how many events may wait for a client before it is disconnected, so that it cannot fill the memory.
	// A client that reads slowly does not get there, since messages and its own commands wait long before; a connection
	// that is not read at all is noticed by clientWrite.
	clientStall = 128 * clientQueue

	// clientWrite is how long a write to a client may take.
	clientWrite = 10 * time.Second

	// clientLinger is how long a connection that we close is still read, so that the other side gets our last line.
	clientLinger = 200 * time.Millisecond

	// maxClientConns bounds connections to the client port, attached or not.
	maxClientConns = 16

	// maxWatchers bounds the connections that watch, so that they always leave room for a user's.
	maxWatchers = 8

	// watchQueue is how much may wait for a watcher to read it, and watchBytes how many bytes of datagrams may be in it,
	// before it misses something. It is the burst of a daemon that ends a thousand conversations at once.
	watchQueue = 4096
	watchBytes = 1 << 20

	// maxLegacyClients bounds the dialogues with clients that speak datagrams, attached or not.
	maxLegacyClients = 16

	// maxLegacyHeld is how many messages may wait in a dialogue for the client's turn. More stay in the queue of its
	// Client, and when that is full they are not acknowledged to their sender.
	maxLegacyHeld = 256

	// legacyLook is how often a client that says nothing is looked after: as long as it may hold the daemon, and its
	// partner the chat, after it has died without a word. A look costs a system call or three.
	legacyLook = 5 * time.Second

	// legacySilence is how long a client that cannot be seen may say nothing before it has to give way: to whoever asks
	// for the daemon if it holds it, at once if it does not. Its user may just be waiting; but it may as well be gone, or
	// have never been, since anybody can write an address into a greeting.
	legacySilence = 5 * time.Minute

	// legacyUndecided is how long a client that can be seen may say nothing before it has asked for the daemon, while others
	// find no place: long enough to type a name. A port that stays bound proves no client.
	legacyUndecided = time.Minute

	// mailboxDatagrams is how many datagrams may wait for a peer's actor. Stop-and-wait has one or two under way; the
	// rest is duplicates, and what is dropped here is repeated by its sender.
	mailboxDatagrams = 64

	// mailboxCommands is how many of the user's commands may wait for a peer's actor.
	mailboxCommands = queueLen

	// restAfter is how long an actor keeps its goroutine without anything to do: longer than a retransmission, so that a
	// chat in which somebody types does not start one for each line.
	restAfter = 10 * time.Second

	// maxHalfOpen and maxHalfOpenPerIP bound the invitations that wait for our user: more than a person can read, and
	// few enough from one address that a single host cannot lock others out.
	maxHalfOpen      = 64
	maxHalfOpenPerIP = 8

	// maxLingering bounds the actors that wait only to answer a repeated FIN, or until a stranger is ready for an answer.
	maxLingering = 1024

	// maxInvitations bounds the invitations that our user has out at once.
	maxInvitations = 64

	// maxRemembered bounds the addresses of which we remember as what they were recognised.
	maxRemembered = 4096

	// A SYN that comes again between copyAfter and copyUntil behind the last copy is a copy: the specification's 5 s, and
	// what a busy loop makes of them.
	copyAfter = 4500 * time.Millisecond
	copyUntil = 7 * time.Second

	// A message that comes again sooner than sameMessage is a copy also where numbers do not tell: no known implementation
	// of those kinds can send a second one so soon. Beyond doubledUntil nothing is on the way that the network has doubled.
	sameMessage  = 10 * time.Millisecond
	doubledUntil = time.Second

	// repeatsEnd is how long after a copy of a message no other one is to be expected, whoever sends it: ours send one a minute
	// in the end, of which some may be lost.
	repeatsEnd = 5 * time.Minute

	// firstRoundTrip is taken for the time that a datagram takes there and back before one was measured, and one that was
	// measured is not believed beyond longestRoundTrip, unless the others took nearly as long: the peer's program was slow
	// then, not the network.
	firstRoundTrip   = 5 * time.Millisecond
	longestRoundTrip = 50 * time.Millisecond

	// longestPause is how long an answer waits at most for a peer that is not ready for it at once. To a partner of unknown
	// kind none comes sooner: some note that they wait for an ACK only after they have sent what it answers.
	longestPause = 50 * time.Millisecond

	// A message of ours may come back echoCopies times, echoEvery apart, give or take echoGive; and each time from both threads
	// of the peer, echoTwin apart at most, which nobody can type.
	echoCopies = 3
	echoEvery  = 5 * time.Second
	echoGive   = 400 * time.Millisecond
	echoTwin   = 100 * time.Millisecond

	// unansweredEvery is how often the user hears that an invitation is still unanswered (3.12).
	unansweredEvery = 30 * time.Second

	// lingerRetransmits is how long a partner is remembered after the end, in retransmission times: three copies of its
	// FIN, and as long again (6.5).
	lingerRetransmits = 6

	// autoCopies is how often an acceptance that no user asked for is sent at most (9.3).
	autoCopies = 3

	// readFailures in a row, readPause apart, mean that the socket will not recover.
	readFailures = 20
	readPause    = 100 * time.Millisecond

	// amplification is how many bytes we may send on our own account for each byte that came from an address which has
	// completed no handshake (9.3).
	amplification = 3

	// legacyDatagram is the most that a peer of unknown kind was seen to read, in bytes.
	legacyDatagram = 1024
	legacyPayload  = legacyDatagram - codec.HeaderLen

	// warnBurst warnings may come at once, one more each warnEvery. The rest is counted, so that a flood of nonsense
	// does not become a flood of log lines.
	warnBurst = 10
	warnEvery = time.Second

	// pooledBuffer is the capacity in bytes of a new receive buffer: most datagrams are shorter, and a thousand of them
	// under way should fit the processor's cache. A longer datagram makes its buffer grow.
	pooledBuffer = 256
)

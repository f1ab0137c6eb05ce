package broken

import "strings"

// What happens in the stories, told once. Plain daemons do not announce themselves, so that their datagrams are as bare as
// those of others; and they take nobody for one of another make, or they would adapt to the fault. native tells of others.
const (
	two = `
node alice plain dialect=standard
node bob plain dialect=standard
`
	open = `
0s alice invites bob
1s bob accepts alice
`
	talk = `
2s alice says bob hello
3s bob says alice hi there
4s alice says bob how are you
5s bob says alice fine
6s alice says bob good
7s alice leaves bob
`
	chat = two + open + talk

	// Two messages at once, so that one has to wait.
	twoAtOnce = two + open + `
2s alice says bob one
2s alice says bob two
4s alice leaves bob
`
	// The first message is lost, or its ACK.
	lostMessage = chat + "fate alice bob 3 lost\n"
	lostACK     = chat + "fate bob alice 2 lost\n"

	// bob writes, and alice leaves when there has been time for everything.
	called = two + open + `
2s bob says alice hello
12s bob says alice how are you
22s bob says alice good
60s alice leaves bob
`
	// The first message is lost, and its writer does not wait.
	lostAndGone = two + open + `
2s alice says bob hello
40s alice leaves-now bob
fate alice bob 3 lost
`
	lostTwice = two + open + `
2s alice says bob hello
60s alice leaves-now bob
fate alice bob 3 lost
fate alice bob 4 lost
`
	lostFinalACK = chat + "fate alice bob 2 lost\n"
	lostSYNACK   = chat + "fate bob alice 1 lost\n"

	// The ACK of the FIN is lost: bob's fourth datagram, behind SYN+ACK, an ACK and a message.
	lostLastACK = two + open + `
2s alice says bob hello
3s bob says alice hi
4s alice leaves bob
until 60s
fate bob alice 4 lost
`
	// carol invites bob, who is in a chat with alice.
	busy = two + `node carol plain dialect=standard
0s alice invites bob
1s bob accepts alice
2s alice says bob hello
3s carol invites bob
5s bob says alice hi
7s alice leaves bob
`
	busyWithRoom = `
node alice plain dialect=standard
node bob plain dialect=standard max-chats=2
node carol plain dialect=standard
0s alice invites bob
1s bob accepts alice
2s alice says bob hello
3s carol invites bob
4s bob accepts carol
5s carol says bob hi
6s carol leaves bob
7s alice leaves bob
`
	// alice writes before bob has answered, bob before he has.
	earlyCaller = two + `
0s alice invites bob
1s alice says bob are you there
3s alice cancels bob
`
	earlyCalled = two + `
0s alice invites bob
1s bob says alice who is it
3s bob declines alice
`
	// alice goes on after she has left, bob after she has.
	afterLeaving = two + open + `
2s alice says bob hello
3s alice leaves bob
4s alice says bob one more thing
`
	afterLeft = two + open + `
2s alice says bob hello
3s alice leaves bob
4s bob says alice wait
`
)

// native has the daemons of a story announce themselves.
func native(story string) string { return strings.ReplaceAll(story, " plain dialect=standard", "") }

// timer gives a daemon of a story another retransmission time.
func timer(who, d, story string) string {
	return strings.Replace(story, "node "+who+" plain", "node "+who+" plain retransmit="+d, 1)
}

// nativeTimer is timer in a story of daemons that announce themselves.
func nativeTimer(who, d, story string) string {
	return strings.Replace(story, "node "+who, "node "+who+" retransmit="+d, 1)
}

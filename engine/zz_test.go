package engine
import ("testing";"math/rand/v2";"time")
func TestZZ(t *testing.T){
 r:=rand.New(rand.NewPCG(3,4))
 for i:=range 300 {
  b:=make([]byte, r.IntN(4000)+1)
  for j:=range b { b[j]=byte(r.Uint32()) }
  s:=time.Now()
  changes := []func(*Config){nil, auto, never, func(c *Config) { c.MaxChats = 2 }}
  randomRun(t, &byteChoices{b[1:]}, len(b), b[0]&1 == 0, changes[int(b[0]>>1)%len(changes)])
  if d:=time.Since(s); d>200*time.Millisecond { t.Log(i,len(b),d, b[0]) }
 }
}

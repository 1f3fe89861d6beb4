package memory

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestKeysCompareAsTuples: whatever the parts, comparing two keys byte by byte
// compares text, then number, then time.
func TestKeysCompareAsTuples(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type tuple struct {
			text   string
			number int64
			at     time.Time
			last   string
		}
		draw := rapid.Custom(func(t *rapid.T) tuple {
			return tuple{
				rapid.StringMatching("[\x00\x01\x02aé\U0010FFFF]{0,3}").Draw(t, "text"),
				rapid.SampledFrom([]int64{-1 << 63, -1, 0, 1, 255, 256, 1<<63 - 1}).Draw(t, "number"),
				rapid.SampledFrom([]time.Time{
					{}, time.Unix(0, 0), time.Unix(0, -1000), time.Unix(0, 1000), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
				}).Draw(t, "at"),
				rapid.StringMatching("[\x00\x01a]{0,2}").Draw(t, "last"),
			}
		})
		encode := func(v tuple) key { return key("x").text(v.text).number(v.number).time(v.at).text(v.last) }
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		want := cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.number, b.number), a.at.Compare(b.at), strings.Compare(a.last, b.last))
		assert.Equal(t, want, cmp.Compare(encode(a), encode(b)), "%q and %q", encode(a), encode(b))
		assert.Less(t, encode(a), key("x").text(a.text).last(), "last is above every number and time")
	})
}

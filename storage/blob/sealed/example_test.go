package sealed_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/sealed"
)

func Example() {
	ctx := context.Background()
	master := make([]byte, account.KeySize)
	_, _ = rand.Read(master) // in earnest, from the deployment's vault
	keys, err := account.NewKeys(master)
	if err != nil {
		fmt.Println(err)
		return
	}
	inner := blob.NewMemory()
	contents := sealed.New(inner, keys)
	if err := contents.Put(ctx, "x", strings.NewReader("a scanned page")); err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []blob.Store{contents, inner} {
		r, err := s.Open(ctx, "x")
		if err != nil {
			fmt.Println(err)
			return
		}
		all, err := io.ReadAll(r)
		fmt.Println(bytes.Contains(all, []byte("scanned")), err, r.Close())
	}
	// Output:
	// true <nil> <nil>
	// false <nil> <nil>
}

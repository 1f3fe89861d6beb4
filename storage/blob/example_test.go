package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/sqlite"
)

func Example() {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()

	var contents blob.Store = store.Blobs()
	if err := contents.Put(ctx, "attachments/0198f7a2", strings.NewReader("a scanned page")); err != nil {
		fmt.Println(err)
		return
	}
	r, err := contents.Open(ctx, "attachments/0198f7a2")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = r.Close() }()
	_, err = io.Copy(os.Stdout, r)
	fmt.Println("", err)
	// Output: a scanned page <nil>
}

// Contents that no row mentions any more are found by walking through the keys.
func ExampleStore_keys() {
	ctx, contents := context.Background(), blob.NewMemory()
	now := time.Now()
	contents.Now = func() time.Time { return now.Add(-48 * time.Hour) } // they were stored two days ago
	for _, key := range []string{"kept", "orphan"} {
		if err := contents.Put(ctx, key, strings.NewReader("...")); err != nil {
			fmt.Println(err)
			return
		}
	}
	mentioned := func(key string) bool { return key == "kept" } // asks the host's rows

	for key, err := range contents.Keys(ctx, now.Add(-24*time.Hour)) {
		if err == nil && !mentioned(key) {
			err = contents.Delete(ctx, key)
			fmt.Println("removed", key)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	_, err := contents.Open(ctx, "orphan")
	fmt.Println(errors.Is(err, blob.ErrNotFound))
	// Output:
	// removed orphan
	// true
}

// A Put that a crash interrupted leaves parts in a database; sweep now and then.
func ExampleSweeper() {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	fmt.Println(store.Blobs().Sweep(ctx, time.Hour))
	// Output: 0 <nil>
}

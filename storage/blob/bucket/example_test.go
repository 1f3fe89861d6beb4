package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	gcblob "gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/bucket"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "contents-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	opened, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		fmt.Println(err)
		return
	}
	contents := bucket.New(gcblob.PrefixedBucket(opened, "habilis/"))
	fmt.Println(contents.Put(ctx, "attachments/0198f7a2", strings.NewReader("a scanned page")))
	err = contents.Put(ctx, "attachments/0198f7a2", strings.NewReader("another one"))
	fmt.Println(errors.Is(err, blob.ErrExists))
	// Output:
	// <nil>
	// true
}

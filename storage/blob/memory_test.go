package blob_test

import (
	"testing"

	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/blobtest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, blobtest.Harness{
		New: func(*testing.T) blob.Store { return blob.NewMemory() },
	})
}

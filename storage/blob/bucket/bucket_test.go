package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
	gcblob "gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"

	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/blobtest"
	"github.com/habilis-go/habilis/storage/blob/bucket"
)

func folder(t *testing.T, dir string) *gcblob.Bucket {
	t.Helper()
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// files counts what lies in a folder, temporary files included.
func files(t *testing.T, dir string) (n int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}))
	return n
}

func TestFolder(t *testing.T) {
	t.Parallel()
	var dirs sync.Map // store -> folder
	blobtest.Run(t, blobtest.Harness{
		New: func(t *testing.T) blob.Store {
			dir := t.TempDir()
			s := bucket.New(folder(t, dir))
			dirs.Store(s, dir)
			return s
		},
		Left: func(t *testing.T, s blob.Store) int {
			dir, _ := dirs.Load(s)
			return files(t, dir.(string))
		},
	})
}

// server is an S3 server in this process, with one bucket.
type server struct {
	backend *s3mem.Backend
	client  *s3.Client
}

const name = "contents"

func serve(t *testing.T) server {
	t.Helper()
	s := server{backend: s3mem.New()}
	require.NoError(t, s.backend.CreateBucket(name))
	web := httptest.NewServer(gofakes3.New(s.backend).Server())
	t.Cleanup(web.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = s3.New(s3.Options{
		Region: "eu-west-3", BaseEndpoint: aws.String(web.URL), UsePathStyle: true,
		HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	return s
}

func (s server) bucket(t *testing.T) *gcblob.Bucket {
	t.Helper()
	b, err := s3blob.OpenBucket(t.Context(), s.client, name, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func TestS3(t *testing.T) {
	t.Parallel()
	var servers sync.Map // store -> server
	blobtest.Run(t, blobtest.Harness{
		New: func(t *testing.T) blob.Store {
			s := serve(t)
			store := bucket.New(s.bucket(t))
			servers.Store(store, s)
			return store
		},
		Left: func(t *testing.T, s blob.Store) int {
			found, _ := servers.Load(s)
			client := found.(server).client
			objects, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(name)})
			require.NoError(t, err)
			return len(objects.Contents) + unfinished(t, client)
		},
	})
}

// unfinished counts the uploads that were begun and neither completed nor given up.
func unfinished(t *testing.T, client *s3.Client) int {
	t.Helper()
	uploads, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(name)})
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) && coded.ErrorCode() == "NoSuchUpload" {
		return 0 // how this server says that there is none
	}
	require.NoError(t, err)
	return len(uploads.Uploads)
}

// Contents that S3 takes in several requests are given up as a whole, too.
func TestS3Multipart(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := bucket.New(server.bucket(t))
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	require.NoError(t, s.Put(t.Context(), "x", bytes.NewReader(content)))
	r, err := s.Open(t.Context(), "x")
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.True(t, bytes.Equal(content, got))

	broken := io.MultiReader(bytes.NewReader(content), iotest.ErrReader(io.ErrUnexpectedEOF))
	require.ErrorIs(t, s.Put(t.Context(), "y", broken), io.ErrUnexpectedEOF)
	_, err = s.Open(t.Context(), "y")
	require.ErrorIs(t, err, blob.ErrNotFound)
	require.Zero(t, unfinished(t, server.client))
}

// FI-10: the type of a content is never guessed from its bytes.
func TestTypeIsNotGuessed(t *testing.T) {
	t.Parallel()
	b := serve(t).bucket(t)
	require.NoError(t, bucket.New(b).Put(t.Context(), "x", strings.NewReader("<html><script>alert(1)</script>")))
	a, err := b.Attributes(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "application/octet-stream", a.ContentType)
}

// Objects of somebody else are not taken for contents.
func TestForeignObjectsAreNotListed(t *testing.T) {
	t.Parallel()
	b := folder(t, t.TempDir())
	require.NoError(t, b.WriteAll(t.Context(), "READ.me", nil, nil))
	s := bucket.New(b)
	require.NoError(t, s.Put(t.Context(), "x", strings.NewReader("x")))
	var keys []string
	for key, err := range s.Keys(t.Context(), time.Time{}) {
		require.NoError(t, err)
		keys = append(keys, key)
	}
	require.Equal(t, []string{"x"}, keys)
}

// No goroutine and no file outlives a reader that was given up, or a Put that failed.
func TestFolderLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := bucket.New(folder(t, dir))
		require.NoError(t, s.Put(t.Context(), "x", bytes.NewReader(make([]byte, 1<<20))))
		for range 20 {
			r, err := s.Open(t.Context(), "x")
			require.NoError(t, err)
			_, err = io.ReadFull(r, make([]byte, 300_000))
			require.NoError(t, err)
			require.NoError(t, r.Close())
			require.Error(t, s.Put(t.Context(), "y", io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(io.ErrUnexpectedEOF))))
		}
	})
	require.Equal(t, 1, files(t, dir))
}

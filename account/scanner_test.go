package account_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
)

// signature is the test file of EICAR in two parts, so that no scanner takes this file
// for one.
const signature = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// eicar is a scanner that knows one signature, the one that every scanner knows.
type eicar struct{}

// Scan implements account.Scanner.
func (eicar) Scan(_ context.Context, content io.Reader) (account.Verdict, error) {
	all, err := io.ReadAll(content)
	switch {
	case err != nil:
		return "", err
	case bytes.Contains(all, []byte(signature)):
		return account.VerdictFlagged, nil
	default:
		return account.VerdictClean, nil
	}
}

// scan is a scanner that a test writes down as a function.
type scan func(context.Context, io.Reader) (account.Verdict, error)

// Scan implements account.Scanner.
func (s scan) Scan(ctx context.Context, content io.Reader) (account.Verdict, error) {
	return s(ctx, content)
}

// FI-13, FI-14: what the scanner flags is refused, wherever the signature stands, and
// nothing of it is kept.
func TestFlaggedFileIsRefused(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	by := w.Join(t, julieBon)
	s := files(t, w, func(o *account.Options, p *account.AttachmentPolicy) {
		o.Scanner, p.ScanFailure = eicar{}, account.QuarantineUnscanned
	})
	w.Unchanged(t, func() {
		for _, content := range []string{signature, string(pdf(50_000)) + signature, string(png()) + signature} {
			_, err := s.AddAttachment(t.Context(), by, file("a"), strings.NewReader(content))
			require.ErrorIs(t, err, account.ErrFlagged)
			nothingLeft(t, w)
		}
		_, err := s.SetPhoto(t.Context(), by, strings.NewReader(string(png())+signature))
		require.ErrorIs(t, err, account.ErrFlagged)
		nothingLeft(t, w)
	})
	add(t, s, by, "clean", pdf(100))
	require.Zero(t, w.Contents.Opened())
	_, err := w.Accounts.AddAttachment(t.Context(), by, file("a"), strings.NewReader(signature))
	require.NoError(t, err, "without a scanner it is text like any other")
}

// FI-13: a scanner that fails, answers nonsense or takes too long lets nothing through.
func TestUnscannedFileIsRefused(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	for name, c := range map[string]struct {
		scan scan
		want error
	}{
		"down":     {func(context.Context, io.Reader) (account.Verdict, error) { return account.VerdictClean, down }, down},
		"nonsense": {func(context.Context, io.Reader) (account.Verdict, error) { return "", nil }, account.ErrNotScanned},
		"timeout": {func(ctx context.Context, _ io.Reader) (account.Verdict, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, context.DeadlineExceeded},
		"timeout while reading": {func(ctx context.Context, r io.Reader) (account.Verdict, error) {
			<-ctx.Done()
			_, err := io.Copy(io.Discard, r)
			return account.VerdictClean, err
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := memoryWorld(t)
			by := w.Join(t, julieBon)
			s := files(t, w, func(o *account.Options, p *account.AttachmentPolicy) {
				o.Scanner, p.ScanTimeout = c.scan, 10*time.Millisecond
			})
			w.Unchanged(t, func() {
				_, err := s.AddAttachment(t.Context(), by, file("a"), bytes.NewReader(pdf(100)))
				require.ErrorIs(t, err, account.ErrNotScanned)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, fault.Code("file_not_scanned"), fault.CodeOf(err))
				nothingLeft(t, w)
			})
			require.Zero(t, w.Contents.Opened())
		})
	}
}

// FI-13: by policy, what could not be judged waits in quarantine: its owner sees it and
// can delete it, nobody reads it, and it is let out or removed once the scanner is back.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by, up := t.Context(), w.Join(t, julieBon), false
		s := files(t, w, func(o *account.Options, p *account.AttachmentPolicy) {
			p.ScanFailure = account.QuarantineUnscanned
			o.Scanner = scan(func(ctx context.Context, r io.Reader) (account.Verdict, error) {
				if !up {
					return "", errors.New("connection refused")
				}
				return eicar{}.Scan(ctx, r)
			})
		})
		good := add(t, s, by, "good", pdf(100))
		w.Clock.Move(time.Second)
		bad := add(t, s, by, "bad", append(pdf(100), signature...))
		gone := add(t, s, by, "gone", pdf(100))
		_, err := s.SetPhoto(ctx, by, bytes.NewReader(png()))
		require.ErrorIs(t, err, account.ErrNotScanned, "a photo is never kept unseen")
		require.Equal(t, account.AttachmentQuarantined, good.Status)
		w.Proven(t)
		page, err := s.Attachments(ctx, by, account.AttachmentList{})
		require.NoError(t, err)
		require.Len(t, page.Attachments, 3)
		_, _, err = s.OpenAttachment(ctx, by, good.ID)
		require.ErrorIs(t, err, account.ErrNotScanned)
		var out bytes.Buffer
		require.ErrorIs(t, s.ZipAttachments(ctx, by, []account.AttachmentID{good.ID}, &out), account.ErrNotScanned)
		require.Zero(t, out.Len())
		require.NoError(t, s.DeleteAttachment(ctx, by, gone.ID))

		w.Unchanged(t, func() {
			n, err := s.SweepAttachments(ctx)
			require.ErrorIs(t, err, account.ErrNotScanned)
			require.Zero(t, n)
		})
		up = true
		n, err := s.SweepAttachments(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		_, r, err := s.OpenAttachment(ctx, by, good.ID)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		_, _, err = s.OpenAttachment(ctx, by, bad.ID)
		require.ErrorIs(t, err, fault.ErrNotFound)
		require.Len(t, w.Contents.Keys(), 1)
		require.Zero(t, w.Contents.Opened())
		kinds := w.Kinds(t)
		require.Equal(t, []notify.Kind{
			"attachment.quarantined", "attachment.quarantined", "attachment.quarantined", "attachment.removed",
			"attachment.cleared", "attachment.flagged",
		}, kinds[len(kinds)-6:])
		w.Proven(t)
	})
}

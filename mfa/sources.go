package mfa

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/habilis-go/habilis/account"
)

// Sources counts the tries of each source, whatever account they are for, so that one
// password cannot be tried on many accounts (BF-02). Hosts that run several processes
// may implement it over what these share; [MemorySources] is one for a single process.
//
// Take takes one try from the budget of a source, before anything is checked, or
// reports false. It is told how the try ended through settle, exactly once, and MUST
// return a function in either case. It MUST be safe for concurrent use, bounded in
// memory whatever sources there are (BF-20), and quick. It only ever delays; what
// protects one account is that account's own counter, which is in the store.
type Sources interface {
	Take(ctx context.Context, source string, now time.Time) (allowed bool, settle func(failed bool))
}

// SourceOf returns the source for the address of a connection: the address itself for
// IPv4, its /64 network for IPv6, since whoever has one address of it has all. It is ""
// for the zero Addr.
func SourceOf(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return ""
	case a.Is4():
		return a.String()
	default:
		return netip.PrefixFrom(a, 64).Masked().String()
	}
}

// spend takes one try from the budget of a source. No source is not counted.
func (s *Service) spend(ctx context.Context, source string, now time.Time) (bool, func(bool)) {
	if source == "" {
		return true, func(bool) {}
	}
	return s.sources.Take(ctx, source, now)
}

// FollowLink runs what inspects or follows the secret link of a mail, on a try of the
// source's budget, so that one source guesses few links, whatever they are for (BF-14). The
// try failed if follow returns [account.ErrLinkExpired]. Once the budget is used up, that is
// the answer to every link from there, and follow is not called. It returns what follow
// does.
//
// Links have a budget of their own, as large as that of sign-ins: whoever opens old links
// still signs in. See Credentials.Source; the source "" is not counted.
func (s *Service) FollowLink(ctx context.Context, source string, follow func() error) error {
	if source != "" {
		source = "link/" + source
	}
	allowed, settle := s.spend(ctx, source, s.clock())
	failed := true // if it panics, too
	defer func() { settle(failed) }()
	if !allowed {
		return account.ErrLinkExpired
	}
	err := follow()
	failed = errors.Is(err, account.ErrLinkExpired)
	return err
}

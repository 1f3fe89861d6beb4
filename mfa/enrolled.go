package mfa

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Enrolled is a factor as its owner sees it in a list.
type Enrolled struct {
	ID         FactorID // "" for the password and the mailbox, which every account has
	Kind       account.Factor
	Label      string    // what its owner calls it; for the mailbox, the address
	AddedAt    time.Time // for the password: when it was set
	LastUsedAt time.Time // zero for never; not kept for password and mailbox
	ExpiresAt  time.Time // dead from this instant on; zero for never
	CodesLeft  int       // recovery codes that were not used
}

func listed(f Factor) Enrolled {
	return Enrolled{
		ID: f.ID, Kind: f.Kind, Label: f.Label, AddedAt: f.ConfirmedAt, LastUsedAt: f.LastUsedAt, ExpiresAt: f.ExpiresAt,
		CodesLeft: len(recoveryCodes(f)),
	}
}

// ListFactors lists what the actor's account proves itself with: the password, the
// mailbox, then the factors that were added, in that order. Errors:
// account.ErrActor, account.ErrNotActive.
func (s *Service) ListFactors(ctx context.Context, by account.Actor) ([]Enrolled, error) {
	now := s.clock()
	var out []Enrolled
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		fs, err := tx.Factors(ctx, a.ID)
		out = []Enrolled{
			{Kind: account.FactorPassword, AddedAt: a.Credentials.ChangedAt},
			{Kind: account.FactorMailCode, Label: a.Login, AddedAt: a.ActivatedAt},
		}
		for _, f := range fs {
			if f.Alive(now) {
				out = append(out, listed(f))
			}
		}
		return err
	})
	return out, err
}

// RenameFactor gives a factor another label, of up to 64 characters on one line; without
// one it gets a general one. The label that it has changes nothing.
// Errors: [ErrNoSuchFactor]; ErrInvalid naming
// the label; account.ErrActor, account.ErrNotActive.
func (s *Service) RenameFactor(ctx context.Context, by account.Actor, id FactorID, label string) (Enrolled, error) {
	now := s.clock()
	var out Enrolled
	err := s.store.Update(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		f, err := s.own(ctx, tx, a, id, now)
		if err != nil {
			return err
		}
		former := f.Label
		if f.Label, err = labelled("mfa.RenameFactor", label, f.Kind, a.Language); err != nil {
			return err
		}
		if out = listed(f); f.Label == former {
			return nil
		}
		if err := tx.PutFactor(ctx, f); err != nil {
			return err
		}
		return account.Record(ctx, tx, s.journal, by, "account.factor_renamed", a, now)
	})
	return out, err
}

// RemoveFactor removes an application, a key, the recovery codes or a remembered device:
// from the next sign-in on it proves nothing, and the mailbox or what else there is takes
// its place. A sign-in under way that it proved goes on. The owner is told by
// mail. Errors: [ErrNoSuchFactor]; account.ErrActor, account.ErrNotActive,
// account.ErrProofRequired.
func (s *Service) RemoveFactor(ctx context.Context, by account.Actor, id FactorID) error {
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := s.changing(ctx, tx, by, now)
		if err != nil {
			return err
		}
		f, err := s.own(ctx, tx, a, id, now)
		if err != nil {
			return err
		}
		return s.removed(ctx, tx, by, a, f, now)
	})
}

// ResetFactors removes every factor of a person who lost them all, on the word of support,
// which has made sure who asks. Every session and every sign-in under way ends with them:
// they may be in the hands of whoever has the device. The mailbox is what is left; the owner
// is told by mail of each factor. It returns how many there were. Errors: account.ErrActor
// for anybody but support; [account.ErrNotActive].
func (s *Service) ResetFactors(ctx context.Context, by account.Actor, id account.ID) (int, error) {
	if by.Kind != notify.ActorSupport {
		return 0, account.ErrActor
	}
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return 0, err
	}
	now, n := s.clock(), 0
	err = s.store.Update(ctx, func(tx Tx) error {
		n = 0
		a, err := account.Acting(ctx, tx, account.Person(id))
		if err != nil {
			return err
		}
		a.Stamp = stamp
		if err := account.Put(ctx, tx, s.journal, by, "account.signed_out_everywhere", &a, now); err != nil {
			return err
		}
		fs, err := tx.Factors(ctx, a.ID)
		if err != nil {
			return err
		}
		for _, f := range fs {
			if f.Pending() {
				err = tx.DeleteFactor(ctx, f)
			} else {
				n++
				err = s.removed(ctx, tx, by, a, f, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// own returns a factor of an account that is alive; another's is not told from one that
// is not there.
func (s *Service) own(ctx context.Context, tx Tx, a account.Account, id FactorID, now time.Time) (Factor, error) {
	fs, err := tx.Factors(ctx, a.ID)
	if err != nil {
		return Factor{}, err
	}
	i := slices.IndexFunc(fs, func(f Factor) bool { return f.ID == id && f.Alive(now) })
	if i < 0 {
		return Factor{}, ErrNoSuchFactor
	}
	return fs[i], nil
}

// naming is what the owner of a factor may call it.
type naming struct {
	Label string `validate:"max=64,line"`
}

// labelled tidies the label of a factor; without one it is a general one in the owner's
// language.
func labelled(op, label string, kind account.Factor, lang string) (string, error) {
	in := naming{strings.Join(strings.Fields(label), " ")}
	if err := check.Struct(op, in); err != nil {
		return "", err
	}
	if in.Label == "" {
		in.Label = i18n.Text(language.Make(lang), "factor."+string(kind), nil)
	}
	return in.Label, nil
}

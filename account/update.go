package account

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// UpdateProfile changes the personal information of the person who acts, all of it or
// nothing. It returns the account as it is then and what changed; identical
// values change nothing, write nothing and send nothing. The login address is
// not among it and stays.
//
// A new contact address is told by mail to the old and the new one, and notices
// that wait in the outbox go to the new one.
//
// Errors: ErrInvalid naming every bad field; [ErrActor], [ErrNotActive].
func (s *Service) UpdateProfile(ctx context.Context, by Actor, p ProfileUpdate) (Account, Changed, error) {
	return s.update(ctx, by, "account.UpdateProfile", Patch{
		GivenName: &p.GivenName, FamilyName: &p.FamilyName, ContactEmail: &p.ContactEmail, Phone: &p.Phone, Address: &p.Address,
	}, together)
}

// UpdatePreferences changes the preferences of the person who acts, all of them or
// nothing; only the owner of an account can. Consent is stamped with the time
// and the version of the conditions; saying no again is one call of the same kind
// . See [Service.UpdateProfile] for what is returned.
//
// Errors: ErrInvalid naming every bad field, "survey" with code "conditions" if other
// conditions were shown than those in force; [ErrActor], [ErrNotActive].
func (s *Service) UpdatePreferences(ctx context.Context, by Actor, p Preferences) (Account, Changed, error) {
	return s.update(ctx, by, "account.UpdatePreferences", Patch{
		Language: &p.Language, Accessibility: &p.Accessibility, Survey: &p.Survey,
	}, together)
}

// UpdateNotices changes which news of structures the person who acts wants, and how
// often, all of it or nothing; only the owner of an account can. It holds
// for whatever is sent from then on, also for what waits already. Mails about the
// account itself are not touched by it. See [Service.UpdateProfile] for what is
// returned.
//
// Errors: ErrInvalid naming "notices" with code "oneof" for a category that there is not;
// [ErrActor], [ErrNotActive].
func (s *Service) UpdateNotices(ctx context.Context, by Actor, p notify.Preferences) (Account, Changed, error) {
	return s.update(ctx, by, "account.UpdateNotices", Patch{Notices: &p}, together)
}

// PatchProfile changes single fields of the person who acts, each for itself: a bad one
// never keeps another from being saved, nor does what was stored before. With
// an ErrInvalid that names the bad fields it still returns the account as it is then
// and what changed. See [Service.UpdateProfile] for the rest.
func (s *Service) PatchProfile(ctx context.Context, by Actor, p Patch) (Account, Changed, error) {
	return s.update(ctx, by, "account.PatchProfile", p, apart)
}

// mode tells whether the fields of an update stand or fall together.
type mode int

const (
	together mode = iota
	apart
)

func (s *Service) update(ctx context.Context, by Actor, op string, p Patch, m mode) (Account, Changed, error) {
	now := s.clock()
	unfit, err := s.unfitTown(ctx, p.Address)
	if err != nil {
		return Account{}, nil, err
	}
	var a Account
	var done Changed
	var invalid error // what to answer once the good fields are committed
	var gone Attachment
	err = s.store.Update(ctx, func(tx Tx) error {
		gone = Attachment{}
		before, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		after, bad := p.on(before, s.policy.Profile, s.policy.Notices, now)
		if after, bad, err = s.vetted(ctx, tx, before, after, append(bad, unfit...)); err != nil {
			return err
		}
		if a, done, invalid = before, nil, nil; len(bad) > 0 {
			if invalid = fault.Invalid(op, bad...); m == together {
				return invalid
			}
		}
		if done = changes(before, after); !done.Any() {
			return nil
		}
		a = after
		if err := s.save(ctx, tx, by, before, &a, done, now); err != nil || !done.Has(FieldPhoto) {
			return err
		}
		gone, err = s.dropPhoto(ctx, tx, by, a.ID, before.Profile.Photo, now)
		return err
	})
	if err != nil {
		return Account{}, nil, err
	}
	if gone.ID != "" && s.attachments.ready() == nil {
		s.attachments.dispose(ctx, gone)
	}
	return a, done, invalid
}

// vetted takes back from after what only the rest of the store or the host can refuse.
func (s *Service) vetted(ctx context.Context, tx Tx, before, after Account, bad []fault.Field) (Account, []fault.Field, error) {
	if slices.ContainsFunc(bad, func(f fault.Field) bool { return f.Code == "town" }) {
		after.Profile.Address = before.Profile.Address
	}
	if id := after.Profile.Photo; id != "" && id != before.Profile.Photo {
		fits, err := photo(ctx, tx, after.ID, id, s.policy.Attachments.Photo)
		if err != nil {
			return Account{}, nil, err
		}
		if !fits {
			after.Profile.Photo = before.Profile.Photo
			bad = append(bad, fault.Field{Path: string(FieldPhoto), Code: "photo"})
		}
	}
	return after, bad, nil
}

// unfitTown asks the host's reference table about an address that is acceptable in
// itself.
func (s *Service) unfitTown(ctx context.Context, typed *PostalAddress) ([]fault.Field, error) {
	if s.towns == nil || typed == nil {
		return nil, nil
	}
	a := typed.Tidied(s.policy.Profile.Country)
	if a.Postcode == "" || a.Town == "" || len(a.Check()) > 0 {
		return nil, nil
	}
	fits, err := s.towns(ctx, a)
	if err != nil || fits {
		return nil, err
	}
	return []fault.Field{{Path: string(FieldTown), Code: "town", Param: a.Postcode}}, nil
}

// save stores what changed, records it and tells whom it concerns.
func (s *Service) save(ctx context.Context, tx Tx, by Actor, before Account, a *Account, done Changed, now time.Time) error {
	for i, kind := range done.kinds(*a) {
		record := func() error { return Record(ctx, tx, s.journal, by, kind, *a, now) }
		if i == 0 {
			record = func() error { return s.put(ctx, tx, by, kind, a, now) }
		}
		if err := record(); err != nil {
			return err
		}
	}
	if !done.Has(FieldContactEmail) {
		return nil
	}
	return s.moveContact(ctx, tx, before, *a, now)
}

// moveContact lets waiting notices follow a new contact address and tells both
// addresses about it, each once in the policy's pause between mails.
func (s *Service) moveContact(ctx context.Context, tx Tx, before, a Account, now time.Time) error {
	if err := notify.Redirect(ctx, tx, a.ID, before.ContactEmail, a.ContactEmail, now); err != nil {
		return err
	}
	if !s.policy.Profile.TellContact {
		return nil
	}
	window := now.Truncate(max(s.policy.MailPause, time.Second)).Format(time.RFC3339)
	for _, m := range []struct {
		template notify.Template
		to       string
	}{{notify.MailContactFormer, before.ContactEmail}, {notify.MailContactNew, a.ContactEmail}} {
		if err := s.journal.Enqueue(ctx, tx, now, notify.Mail{
			Key:      string(m.template) + "/" + notify.Digest(a.Salt, m.to, window),
			Template: m.template, To: m.to, Account: a.ID, Language: a.Language,
			Values: notify.Values{"Name": a.DisplayName(), "At": now.Format(time.RFC3339)},
		}); err != nil {
			return err
		}
	}
	return nil
}

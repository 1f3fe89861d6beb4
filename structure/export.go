package structure

import (
	"context"
	"slices"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// PersonalData is everything that the library keeps about one person, to be handed to
// that person: it marshals to JSON that programs can read, with a summary for people.
// Other people are in it only as what they are, never by name (GDPR articles 15 and 20,
// Secrets are not in it: no password hash, no digest of a link.
type PersonalData struct {
	MadeAt        time.Time              `json:"made_at"`
	Summary       []string               `json:"summary"` // in the person's language
	Account       PersonalAccount        `json:"account"`
	Attachments   []PersonalAttachment   `json:"attachments"`
	Memberships   []PersonalMembership   `json:"memberships"`
	Subscriptions []PersonalSubscription `json:"subscriptions"`
	Mails         []PersonalMail         `json:"mails_waiting"`
	Links         []PersonalLink         `json:"links"`
	Factors       []PersonalFactor       `json:"factors"`
	History       []PersonalEvent        `json:"history"`
}

// PersonalAccount is the account's own row.
type PersonalAccount struct {
	ID                   account.ID         `json:"id"`
	Status               account.Status     `json:"status"`
	Login                string             `json:"login"`
	ContactEmail         string             `json:"contact_email"`
	GivenName            string             `json:"given_name"`
	FamilyName           string             `json:"family_name"`
	Language             string             `json:"language"`
	Profile              account.Profile    `json:"profile"`
	Notices              notify.Preferences `json:"notices"`
	SecretQuestion       string             `json:"secret_question,omitempty"`
	ConditionsAcceptedAt time.Time          `json:"conditions_accepted_at,omitzero"`
	CreatedAt            time.Time          `json:"created_at"`
	ActivatedAt          time.Time          `json:"activated_at,omitzero"`
	ReactivatedAt        time.Time          `json:"reactivated_at,omitzero"`
	LastSignInAt         time.Time          `json:"last_sign_in_at,omitzero"`
	PasswordChangedAt    time.Time          `json:"password_changed_at,omitzero"`
	UndeliverableSince   time.Time          `json:"undeliverable_since,omitzero"`
	StatusSince          time.Time          `json:"status_since,omitzero"`
	ReactivableUntil     time.Time          `json:"reactivable_until,omitzero"`
}

// PersonalAttachment is one of the account's files; its content is downloaded apart.
type PersonalAttachment struct {
	Type        string    `json:"type"`
	Designation string    `json:"designation"`
	FileName    string    `json:"file_name"`
	MediaType   string    `json:"media_type"`
	Size        int64     `json:"size_bytes"`
	SHA256      string    `json:"sha256"`
	CreatedAt   time.Time `json:"created_at"`
}

// PersonalMembership is one membership, whatever became of it.
type PersonalMembership struct {
	Structure   string           `json:"structure"`
	Identifier  string           `json:"identifier"`
	Status      MembershipStatus `json:"status"`
	Role        Role             `json:"role"`
	Whole       bool             `json:"whole_structure"`
	Services    []string         `json:"services,omitempty"`
	From        time.Time        `json:"from,omitzero"`
	Until       time.Time        `json:"until,omitzero"`
	Comment     string           `json:"comment,omitempty"` // the person's own
	Reason      string           `json:"reason,omitempty"`  // what the person was told
	RequestedAt time.Time        `json:"requested_at,omitzero"`
	DecidedAt   time.Time        `json:"decided_at,omitzero"`
}

// PersonalSubscription is one subscription, whatever became of it.
type PersonalSubscription struct {
	Structure   string             `json:"structure"`
	Service     string             `json:"service,omitempty"` // code; "" for all that the membership covers
	Space       authz.Space        `json:"space"`
	Level       authz.Level        `json:"level"`
	Status      SubscriptionStatus `json:"status"`
	From        time.Time          `json:"from,omitzero"`
	Until       time.Time          `json:"until,omitzero"`
	Comment     string             `json:"comment,omitempty"` // of whoever asked or granted
	Reason      string             `json:"reason,omitempty"`  // what the person was told
	RequestedAt time.Time          `json:"requested_at"`
	DecidedAt   time.Time          `json:"decided_at,omitzero"`
}

// PersonalMail is a mail that waits to be sent; what it says is not told.
type PersonalMail struct {
	Kind      notify.Template `json:"kind"`
	To        string          `json:"to"`
	CreatedAt time.Time       `json:"created_at"`
}

// PersonalLink is the newest link of a kind that was mailed, with the address that it
// proves: after a request to change the login address, the one that was asked for.
type PersonalLink struct {
	Purpose   account.Purpose `json:"purpose"`
	Address   string          `json:"address,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	UsedAt    time.Time       `json:"used_at,omitzero"`
}

// PersonalFactor is one of the factors that the person signs in with, and what the person
// calls it.
type PersonalFactor struct {
	Kind        account.Factor `json:"kind"`
	Label       string         `json:"label,omitempty"`
	CreatedAt   time.Time      `json:"created_at"`
	ConfirmedAt time.Time      `json:"confirmed_at,omitzero"`
	ExpiresAt   time.Time      `json:"expires_at,omitzero"`
	LastUsedAt  time.Time      `json:"last_used_at,omitzero"`
}

// PersonalEvent is one line of the history that concerns the person.
type PersonalEvent struct {
	At    time.Time   `json:"at"`
	Kind  notify.Kind `json:"kind"`
	What  string      `json:"what"` // in the person's language
	By    string      `json:"by"`   // "self", or what kind of actor it was
	Where string      `json:"structure,omitempty"`
}

// ExportPersonalData gathers what is kept about a person: for that person, or for
// support on that person's request. That it was done is recorded. Errors:
// account.ErrActor; account.ErrNotActive; [ErrNotFound] for anybody else's account.
func (s *Service) ExportPersonalData(ctx context.Context, by account.Actor, id account.ID) (PersonalData, error) {
	if by.Kind != notify.ActorPerson && by.Kind != notify.ActorSupport {
		return PersonalData{}, account.ErrActor
	}
	if !ids.Valid(id) || by.Kind == notify.ActorPerson && by.ID != id {
		return PersonalData{}, ErrNotFound
	}
	now := s.clock()
	var out PersonalData
	err := s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		if by.Kind == notify.ActorPerson && a.Status != account.StatusActive {
			return account.ErrNotActive
		}
		out = PersonalData{MadeAt: now, Account: personalAccount(a)}
		for _, gather := range []func(context.Context, Tx, account.Account, *PersonalData) error{
			gatherAttachments, gatherMemberships, gatherSubscriptions, gatherMails, gatherLinks, s.gatherFactors, gatherHistory,
		} {
			if err := gather(ctx, tx, a, &out); err != nil {
				return err
			}
		}
		out.Summary = out.summary(language.Make(a.Language), s.zone)
		return account.Record(ctx, tx, s.journal, by, "account.data_exported", a, now)
	})
	return out, err
}

func personalAccount(a account.Account) PersonalAccount {
	return PersonalAccount{
		ID: a.ID, Status: a.Status, Login: a.Login, ContactEmail: a.ContactEmail, GivenName: a.GivenName, FamilyName: a.FamilyName,
		Language: a.Language, Profile: a.Profile, SecretQuestion: a.Credentials.Question,
		ConditionsAcceptedAt: a.ConditionsAcceptedAt, CreatedAt: a.CreatedAt, ActivatedAt: a.ActivatedAt, ReactivatedAt: a.ReactivatedAt,
		LastSignInAt: a.LastSignInAt, PasswordChangedAt: a.Credentials.ChangedAt, UndeliverableSince: a.UndeliverableSince,
		Notices: a.Notices, StatusSince: a.StatusSince, ReactivableUntil: a.ReactivableUntil,
	}
}

func gatherAttachments(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	files, err := tx.Attachments(ctx, account.AttachmentQuery{
		Owner: account.Owner{Account: a.ID}, Statuses: []account.AttachmentStatus{account.AttachmentStored}, Limit: 1000,
	})
	out.Attachments = []PersonalAttachment{}
	for _, f := range files {
		out.Attachments = append(out.Attachments, PersonalAttachment{
			Type: f.Type, Designation: f.Designation, FileName: f.FileName, MediaType: f.MediaType, Size: f.Size, SHA256: f.SHA256, CreatedAt: f.CreatedAt,
		})
	}
	return err
}

func gatherMemberships(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	ms, err := allMemberships(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	out.Memberships = []PersonalMembership{}
	for _, m := range ms {
		st, err := tx.Structure(ctx, m.Structure)
		if err != nil {
			return err
		}
		units, err := tx.Units(ctx, m.Structure)
		if err != nil {
			return err
		}
		scope := m.Granted.Union(m.Asked)
		line := PersonalMembership{
			Structure: st.DisplayName(), Identifier: st.Identifier.Value, Status: m.Status, Role: m.Role, Whole: scope.Whole,
			From: m.Validity.From, Until: m.Validity.Until, Comment: m.Comment.Text, Reason: m.Reason.Text,
			RequestedAt: m.RequestedAt, DecidedAt: m.DecidedAt,
		}
		for _, u := range units {
			if slices.Contains(scope.Services, u.ID) {
				line.Services = append(line.Services, u.Code)
			}
		}
		out.Memberships = append(out.Memberships, line)
	}
	return nil
}

func gatherSubscriptions(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Account: a.ID})
	if err != nil {
		return err
	}
	out.Subscriptions = []PersonalSubscription{}
	places, codes := map[ID]Structure{}, map[ServiceID]string{}
	for _, l := range lines {
		st, seen := places[l.Structure]
		if !seen {
			if st, err = tx.Structure(ctx, l.Structure); err != nil {
				return err
			}
			units, err := tx.Units(ctx, l.Structure)
			if err != nil {
				return err
			}
			for _, u := range units {
				codes[u.ID] = u.Code
			}
			places[st.ID] = st
		}
		out.Subscriptions = append(out.Subscriptions, PersonalSubscription{
			Structure: st.DisplayName(), Service: codes[l.Service], Space: l.Space, Level: l.Level, Status: l.Status,
			From: l.Validity.From, Until: l.Validity.Until, Comment: l.Comment.Text, Reason: l.Reason.Text,
			RequestedAt: l.RequestedAt, DecidedAt: l.DecidedAt,
		})
	}
	return nil
}

func gatherMails(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	waiting, err := tx.Messages(ctx, notify.MessageQuery{Account: a.ID, Status: notify.MessageQueued, Limit: 1000})
	out.Mails = []PersonalMail{}
	for _, m := range waiting {
		out.Mails = append(out.Mails, PersonalMail{Kind: m.Template, To: m.To, CreatedAt: m.CreatedAt})
	}
	return err
}

func gatherLinks(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	out.Links = []PersonalLink{}
	for _, p := range account.Purposes() {
		l, there, err := known(tx.Link(ctx, a.ID, p))
		if err != nil {
			return err
		}
		if there {
			out.Links = append(out.Links, PersonalLink{
				Purpose: p, Address: l.Address, CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt, UsedAt: l.UsedAt,
			})
		}
	}
	return nil
}

func (s *Service) gatherFactors(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	out.Factors = []PersonalFactor{}
	if s.factors == nil {
		return nil
	}
	found, err := s.factors(ctx, tx, a.ID)
	out.Factors = append(out.Factors, found...)
	return err
}

func gatherHistory(ctx context.Context, tx Tx, a account.Account, out *PersonalData) error {
	lang, places := language.Make(a.Language), map[ID]string{"": ""}
	out.History = []PersonalEvent{}
	for q := (notify.EventQuery{Account: a.ID, Limit: 1000}); ; {
		events, err := tx.Events(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range events {
			q.AfterChain, q.AfterSequence = e.Chain, e.Sequence
			if _, seen := places[e.Structure]; !seen {
				st, err := tx.Structure(ctx, e.Structure)
				if err != nil {
					return err
				}
				places[e.Structure] = st.DisplayName()
			}
			out.History = append(out.History, PersonalEvent{
				At: e.At, Kind: e.Kind, What: i18n.Text(lang, "event."+string(e.Kind), nil), By: by(e.Actor, a.ID), Where: places[e.Structure],
			})
		}
		if len(events) < q.Limit {
			return nil
		}
	}
}

// by tells who did something without telling who.
func by(actor notify.Actor, self account.ID) string {
	if actor.ID == self {
		return "self"
	}
	return string(actor.Kind)
}

// summary is the readable part: what there is, and how much of it, with days as people
// in the zone mean them.
func (d PersonalData) summary(lang language.Tag, zone *time.Location) []string {
	count := func(id string, n int) string {
		return i18n.Text(lang, "export."+id, i18n.Data{"Count": strconv.Itoa(n)})
	}
	return []string{
		i18n.Text(lang, "export.account", i18n.Data{"Login": d.Account.Login, "Day": i18n.Day(lang, d.Account.CreatedAt.In(zone))}),
		count("memberships", len(d.Memberships)), count("subscriptions", len(d.Subscriptions)), count("attachments", len(d.Attachments)),
		count("mails", len(d.Mails)), count("history", len(d.History)), i18n.Text(lang, "export.rights", nil),
	}
}

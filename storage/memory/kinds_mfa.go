package memory

import (
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

func signIns() *kind[mfa.SignIn] {
	return &kind[mfa.SignIn]{
		key:     func(s mfa.SignIn) key { return byID(s.ID) },
		version: func(s *mfa.SignIn) *int64 { return &s.Version },
		own: func(s mfa.SignIn) mfa.SignIn {
			s.CodeExpiresAt, s.CodeSentAt = instant(s.CodeExpiresAt), instant(s.CodeSentAt)
			s.Ceremony, s.Proofs = slices.Clone(s.Ceremony), slices.Clone(s.Proofs)
			for i := range s.Proofs {
				s.Proofs[i].At = instant(s.Proofs[i].At)
			}
			s.StrongFrom, s.CreatedAt, s.ExpiresAt = instant(s.StrongFrom), instant(s.CreatedAt), instant(s.ExpiresAt)
			return s
		},
		order: func(s mfa.SignIn) []key { return []key{key("x").time(s.ExpiresAt).text(s.ID)} },
	}
}

func factors() *kind[mfa.Factor] {
	return &kind[mfa.Factor]{
		key:     func(f mfa.Factor) key { return byID(f.ID) },
		version: func(f *mfa.Factor) *int64 { return &f.Version },
		own: func(f mfa.Factor) mfa.Factor {
			f.CreatedAt, f.ConfirmedAt = instant(f.CreatedAt), instant(f.ConfirmedAt)
			f.ExpiresAt, f.LastUsedAt = instant(f.ExpiresAt), instant(f.LastUsedAt)
			f.Data = slices.Clone(f.Data)
			return f
		},
		unique: func(f mfa.Factor) []key {
			var entries []key
			if f.Credential != "" {
				entries = append(entries, credentialKey(f.Credential))
			}
			if !f.Pending() && (f.Kind == account.FactorAuthenticator || f.Kind == account.FactorRecoveryCode) {
				entries = append(entries, key("s").text(string(f.Account)).text(string(f.Kind)))
			}
			return entries
		},
		order: func(f mfa.Factor) []key {
			entries := []key{factorsOf(f.Account).text(string(f.ID))}
			if !f.ExpiresAt.IsZero() {
				entries = append(entries, key("x").time(f.ExpiresAt).text(string(f.ID)))
			}
			return entries
		},
	}
}

func credentialKey(credential string) key { return key("c").text(credential) }
func factorsOf(id account.ID) key         { return key("a").text(string(id)) }

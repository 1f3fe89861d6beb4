package ceremony

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Ceremonies begins and finishes ceremonies for one party. It is immutable and safe
// for concurrent use.
type Ceremonies struct {
	party *webauthn.WebAuthn
}

// New returns the ceremonies of a party. The error is that of [Party.Check], or says
// that the library refuses the domain.
func New(p Party) (*Ceremonies, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: p.ID, RPDisplayName: p.Name, RPOrigins: p.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		// Some browsers tell more than they were asked; nothing of it is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("the relying party: %w", err)
	}
	return &Ceremonies{party: party}, nil
}

// Register begins a registration. The records are those of the keys that the user has:
// a browser refuses to register one of them again. With discoverable, the key
// is asked to keep the account, so that it can sign in without an address.
func (c *Ceremonies) Register(u User, records [][]byte, v Verification, discoverable bool, challenge []byte) (Begun, error) {
	held, err := read(records)
	if err != nil {
		return Begun{}, err
	}
	resident := protocol.ResidentKeyRequirementDiscouraged
	if discoverable {
		resident = protocol.ResidentKeyRequirementPreferred
	}
	options, kept, err := c.party.BeginRegistration(
		user{of: u, held: held},
		func(o *protocol.PublicKeyCredentialCreationOptions) error { o.Challenge = challenge; return nil },
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(held).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.UserVerificationRequirement(v)}),
		webauthn.WithResidentKeyRequirement(resident),
	)
	if err != nil {
		return Begun{}, fmt.Errorf("beginning a registration: %w", err)
	}
	return begun(options.Response, kept)
}

// Registered finishes a registration with the browser's answer. The key was at hand and
// touched, for this challenge, domain and origin, and uses one of the
// algorithms that were asked for. The error is [ErrRefused], or says that what was
// kept is damaged.
func (c *Ceremonies) Registered(u User, kept, response []byte) (Key, error) {
	session, err := resume(kept)
	if err != nil {
		return Key{}, err
	}
	if len(response) > MaxResponse {
		return Key{}, fmt.Errorf("%w: it is too long", ErrRefused)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return Key{}, refused(err)
	}
	credential, err := c.party.CreateCredential(user{of: u}, session, parsed)
	if err != nil {
		return Key{}, refused(err)
	}
	if short(credential.PublicKey) {
		return Key{}, fmt.Errorf("%w: an RSA key has at least 2048 bits", ErrRefused)
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return Key{}, fmt.Errorf("writing a credential record: %w", err)
	}
	return Key{ID: credential.ID, Record: record}, nil
}

// Assert begins an assertion by one of the user's keys, which the records describe.
// Without a handle, any key that keeps an account of this party may answer.
func (c *Ceremonies) Assert(handle []byte, records [][]byte, v Verification, challenge []byte) (Begun, error) {
	held, err := read(records)
	if err != nil {
		return Begun{}, err
	}
	with := []webauthn.LoginOption{
		func(o *protocol.PublicKeyCredentialRequestOptions) error {
			o.Challenge, o.UserVerification = challenge, protocol.UserVerificationRequirement(v)
			return nil
		},
	}
	var options *protocol.CredentialAssertion
	var kept *webauthn.SessionData
	if len(handle) == 0 {
		options, kept, err = c.party.BeginDiscoverableLogin(with...)
	} else {
		options, kept, err = c.party.BeginLogin(user{of: User{Handle: handle}, held: held}, with...)
	}
	if err != nil {
		return Begun{}, fmt.Errorf("beginning an assertion: %w", err)
	}
	return begun(options.Response, kept)
}

// Answerer tells which key answered, and whose it says it is: nothing of it is proven
// yet. The error is [ErrRefused].
func Answerer(response []byte) (key, handle []byte, err error) {
	parsed, err := parseAssertion(response)
	if err != nil {
		return nil, nil, err
	}
	return parsed.RawID, parsed.Response.UserHandle, nil
}

// Asserted finishes an assertion with the browser's answer: one of the user's keys was
// at hand and touched, for this challenge, domain and origin. Whether a counter that
// did not rise is refused is for the caller. The error is [ErrRefused], or says that
// what was kept is damaged.
func (c *Ceremonies) Asserted(handle []byte, records [][]byte, kept, response []byte) (Assertion, error) {
	held, err := read(records)
	if err != nil {
		return Assertion{}, err
	}
	session, err := resume(kept)
	if err != nil {
		return Assertion{}, err
	}
	parsed, err := parseAssertion(response)
	if err != nil {
		return Assertion{}, err
	}
	credential, err := c.validate(user{of: User{Handle: handle}, held: held}, session, parsed)
	if err != nil {
		return Assertion{}, refused(err)
	}
	flags := parsed.Response.AuthenticatorData.Flags
	cloned := credential.Authenticator.CloneWarning
	if cloned { // whoever accepts it counts on from here
		credential.Authenticator.SignCount = parsed.Response.AuthenticatorData.Counter
		credential.Authenticator.CloneWarning = false
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return Assertion{}, fmt.Errorf("writing a credential record: %w", err)
	}
	return Assertion{ID: credential.ID, Record: record, Verified: flags.HasUserVerified(), Cloned: cloned}, nil
}

func (c *Ceremonies) validate(u user, session webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	if len(session.UserID) > 0 {
		return c.party.ValidateLogin(u, session, parsed)
	}
	_, credential, err := c.party.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return u, nil }, session, parsed)
	return credential, err
}

func parseAssertion(response []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(response) > MaxResponse {
		return nil, fmt.Errorf("%w: it is too long", ErrRefused)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, refused(err)
	}
	return parsed, nil
}

// algorithms lists what keys may sign with, most wanted first: EdDSA, ES256 and RS256
// (ASVS 11.6.1), which every authenticator on sale has one of.
func algorithms() []protocol.CredentialParameter {
	return webauthn.CredentialParametersRecommendedL3()
}

// short reports whether a public key is one of RSA with less than 2048 bits.
func short(public []byte) bool {
	parsed, err := webauthncose.ParsePublicKey(public)
	if err != nil {
		return true
	}
	k, ok := parsed.(webauthncose.RSAPublicKeyData)
	return ok && new(big.Int).SetBytes(k.Modulus).BitLen() < 2048
}

// refused keeps the library's reason and drops its debugging text, which quotes the
// challenge.
func refused(err error) error {
	var known *protocol.Error
	if errors.As(err, &known) {
		return fmt.Errorf("%w: %s", ErrRefused, known.Details)
	}
	return fmt.Errorf("%w: it cannot be read", ErrRefused)
}

func begun(options any, kept *webauthn.SessionData) (Begun, error) {
	var out Begun
	var err error
	if out.Options, err = json.Marshal(options); err != nil {
		return Begun{}, fmt.Errorf("writing the options: %w", err)
	}
	if out.Kept, err = json.Marshal(kept); err != nil {
		return Begun{}, fmt.Errorf("writing what is kept: %w", err)
	}
	return out, nil
}

func resume(kept []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(kept, &session); err != nil {
		return webauthn.SessionData{}, fmt.Errorf("reading a ceremony: %w", err)
	}
	return session, nil
}

func read(records [][]byte) ([]webauthn.Credential, error) {
	held := make([]webauthn.Credential, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r, &held[i]); err != nil {
			return nil, fmt.Errorf("reading a credential record: %w", err)
		}
		held[i].Authenticator.CloneWarning = false
	}
	return held, nil
}

// user is a [User] in the library's words.
type user struct {
	of   User
	held []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.of.Handle }
func (u user) WebAuthnName() string                       { return u.of.Name }
func (u user) WebAuthnDisplayName() string                { return u.of.DisplayName }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.held }

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

// Register returns the options that a page gives to the browser's
// parseCreationOptionsFromJSON, as JSON.
func (c *Ceremonies) Register(r Registration) ([]byte, error) {
	options, _, err := c.register(r)
	if err != nil {
		return nil, err
	}
	return write(options.Response)
}

func (c *Ceremonies) register(r Registration) (*protocol.CredentialCreation, *webauthn.SessionData, error) {
	held, err := read(r.Records)
	if err != nil {
		return nil, nil, err
	}
	resident := protocol.ResidentKeyRequirementDiscouraged
	if r.Discoverable {
		resident = protocol.ResidentKeyRequirementPreferred
	}
	options, session, err := c.party.BeginRegistration(
		user{of: r.User},
		func(o *protocol.PublicKeyCredentialCreationOptions) error { o.Challenge = r.Challenge; return nil },
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(held).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: protocol.UserVerificationRequirement(r.Verification)}),
		webauthn.WithResidentKeyRequirement(resident),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("beginning a registration: %w", err)
	}
	return options, session, nil
}

// Registered checks what the browser answered to the options of the same registration:
// the key was at hand and touched, for this challenge, domain and origin, and
// uses one of the algorithms that were asked for. The error is [ErrRefused], or says
// that the registration itself cannot be.
func (c *Ceremonies) Registered(r Registration, response []byte) (Key, error) {
	_, session, err := c.register(r)
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
	credential, err := c.party.CreateCredential(user{of: r.User}, *session, parsed)
	if err != nil {
		return Key{}, refused(err)
	}
	if short(credential.PublicKey) {
		return Key{}, fmt.Errorf("%w: an RSA key has at least 2048 bits", ErrRefused)
	}
	record, err := write(credential)
	if err != nil {
		return Key{}, err
	}
	return Key{ID: credential.ID, Record: record}, nil
}

// Assert returns the options that a page gives to the browser's
// parseRequestOptionsFromJSON, as JSON.
func (c *Ceremonies) Assert(a Ask) ([]byte, error) {
	options, _, _, err := c.assert(a)
	if err != nil {
		return nil, err
	}
	return write(options.Response)
}

func (c *Ceremonies) assert(a Ask) (*protocol.CredentialAssertion, *webauthn.SessionData, user, error) {
	u := user{of: User{Handle: a.Handle}}
	var err error
	if u.held, err = read(a.Records); err != nil {
		return nil, nil, user{}, err
	}
	with := func(o *protocol.PublicKeyCredentialRequestOptions) error {
		o.Challenge, o.UserVerification = a.Challenge, protocol.UserVerificationRequirement(a.Verification)
		return nil
	}
	var options *protocol.CredentialAssertion
	var session *webauthn.SessionData
	if a.Anybody {
		options, session, err = c.party.BeginDiscoverableLogin(with)
	} else {
		options, session, err = c.party.BeginLogin(u, with)
	}
	if err != nil {
		return nil, nil, user{}, fmt.Errorf("beginning an assertion: %w", err)
	}
	return options, session, u, nil
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

// Asserted checks what the browser answered to the options of the same question: one of
// the user's keys was at hand and touched, for this challenge, domain and origin. Whether
// a counter that did not rise is refused is for the caller. The error is [ErrRefused], or
// says that the question itself cannot be.
func (c *Ceremonies) Asserted(a Ask, response []byte) (Assertion, error) {
	_, session, u, err := c.assert(a)
	if err != nil {
		return Assertion{}, err
	}
	parsed, err := parseAssertion(response)
	if err != nil {
		return Assertion{}, err
	}
	var credential *webauthn.Credential
	if a.Anybody {
		whose := func(_, _ []byte) (webauthn.User, error) { return u, nil }
		_, credential, err = c.party.ValidatePasskeyLogin(whose, *session, parsed)
	} else {
		credential, err = c.party.ValidateLogin(u, *session, parsed)
	}
	if err != nil {
		return Assertion{}, refused(err)
	}
	data := parsed.Response.AuthenticatorData
	cloned := credential.Authenticator.CloneWarning
	if cloned { // whoever accepts it counts on from here
		credential.Authenticator.SignCount, credential.Authenticator.CloneWarning = data.Counter, false
	}
	record, err := write(credential)
	if err != nil {
		return Assertion{}, err
	}
	return Assertion{ID: credential.ID, Record: record, Verified: data.Flags.HasUserVerified(), Cloned: cloned}, nil
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

func write(v any) ([]byte, error) {
	out, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing for a ceremony: %w", err)
	}
	return out, nil
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

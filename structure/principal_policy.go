package structure

import "time"

// PrincipalPolicy holds what a deployment decides about principal managers. It is data.
type PrincipalPolicy struct {
	// Accept asks a successor to accept before the role changes hands; until then the
	// principal manager keeps it. Defaults to false: naming a successor is enough.
	Accept bool

	// NominationLifetime is how long a successor has to accept, at least an hour. Defaults
	// to 14 days.
	NominationLifetime time.Duration

	// Proof asks for a fresh proof of a factor of whoever hands over the role or accepts
	// it; see account.Policy.FreshProof. Defaults to false.
	Proof bool

	// InactiveAfter is how long a principal manager may stay away before the principal
	// manager and support are told, once in each such period, at least a day. It counts
	// from when the membership was last stored or decided under a policy that has it.
	// Defaults to 180 days in Guide2024, otherwise to 0: nobody is told.
	InactiveAfter time.Duration
}

// MaxTransfers is how many structures one transfer may be about.
const MaxTransfers = 100

func principals2024() PrincipalPolicy {
	return PrincipalPolicy{InactiveAfter: 180 * day}.withDefaults()
}

func (p PrincipalPolicy) withDefaults() PrincipalPolicy {
	if p.NominationLifetime == 0 {
		p.NominationLifetime = 14 * day
	}
	return p
}

func (p PrincipalPolicy) check() error {
	switch {
	case p.NominationLifetime != 0 && p.NominationLifetime < time.Hour:
		return ErrBadPolicy.With("a successor has an hour to accept at least")
	case p.InactiveAfter != 0 && p.InactiveAfter < day:
		return ErrBadPolicy.With("a principal manager is away for a day at least")
	default:
		return nil
	}
}

// due returns when to look whether the principal manager of m stays away, zero for never.
func (p PrincipalPolicy) due(m Membership) time.Time {
	if p.InactiveAfter == 0 || m.Status != StatusApproved || m.Role != RolePrincipalManager {
		return time.Time{}
	}
	return latest(m.DecidedAt, m.RemindedAt).Add(p.InactiveAfter)
}

func latest(first time.Time, others ...time.Time) time.Time {
	for _, at := range others {
		if at.After(first) {
			first = at
		}
	}
	return first
}

package structure

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Succession is what handing over the role of principal manager means, for the
// principal manager to read before confirming.
type Succession struct {
	Structures []Structure // that are handed over, by legal name

	// Candidates are members whom each structure can be handed to, by name, for the
	// principal manager to choose from; see Consequences.Candidates. Only
	// [Service.PrepareTransfer] sets it.
	Candidates map[ID][]Person

	// Accept says that the successors are asked, and that the role changes hands when
	// they accept; see PrincipalPolicy.Accept.
	Accept bool

	Token string // stands for the structures; [Service.TransferPrincipal] needs it
}

// Transfer is the word of a principal manager to hand over the role.
type Transfer struct {
	Structures []ID   // those that were ticked, at most MaxTransfers
	Token      string // of the succession that was shown

	// One successor for every structure, or one for each; not both.
	SuccessorForAll Successor
	Successors      map[ID]Successor
}

// PrepareTransfer tells a principal manager what handing over some structures would
// mean. It changes nothing. Errors: ErrInvalid for no structure or more than
// MaxTransfers; [ErrNotFound]; [ErrDenied] for everybody but the principal manager.
func (s *Service) PrepareTransfer(ctx context.Context, by account.Actor, structures ...ID) (Succession, error) {
	if err := checkTransfer("structure.PrepareTransfer", structures); err != nil {
		return Succession{}, err
	}
	now := s.clock()
	var out Succession
	err := s.store.View(ctx, func(tx Tx) error {
		h, err := s.handing(ctx, tx, by, structures, now)
		if err != nil {
			return err
		}
		out = h.Succession
		out.Candidates, err = offer(ctx, tx, h.owner, out.Structures)
		return err
	})
	return out, err
}

// TransferPrincipal hands over the role of principal manager of one or several
// structures, all in one unit or none. The former principal manager
// stays as a simple user, without a manager's spaces and permissions from now on
// . The successor becomes a member if need be, of the whole structure and without
// an end. Requests that wait go to the successor; both are told by mail.
// Where the policy says so, successors are asked first; see [Service.AcceptNomination].
//
// Errors, of which the last five come with the succession as it is now: account.ErrActor;
// account.ErrProofRequired if the policy asks for a fresh proof; ErrInvalid for no
// structure or more than MaxTransfers; [ErrNotFound]; [ErrDenied] for everybody but the
// principal manager; [ErrConsequencesChanged]; [ErrSuccessorRequired];
// [ErrSuccessorMissing] whose fields name the structures; ErrInvalid naming
// successors who cannot be it; [ErrNominationPending].
func (s *Service) TransferPrincipal(ctx context.Context, by account.Actor, t Transfer) (Succession, error) {
	const op = "structure.TransferPrincipal"
	if err := checkTransfer(op, t.Structures, bothWays(t.SuccessorForAll, t.Successors)...); err != nil {
		return Succession{}, err
	}
	now := s.clock()
	if err := s.requireProof(by, now); err != nil {
		return Succession{}, err
	}
	var out Succession
	err := s.update(ctx, func(tx Tx) error {
		out = Succession{}
		h, err := s.handing(ctx, tx, by, t.Structures, now)
		if err != nil {
			return err
		}
		if out = h.Succession; t.Token != out.Token {
			return ErrConsequencesChanged.In(op)
		}
		heirs, err := heirsOf(ctx, tx, op, h.owner, t.SuccessorForAll, t.Successors, out.Structures)
		if err != nil {
			return err
		}
		for i, st := range out.Structures {
			if _, err := s.succeed(ctx, tx, by, st, h.memberships[i], h.owner, heirs[st.ID].Card(), now); err != nil {
				return err
			}
		}
		return guard(ctx, tx, heirs)
	})
	return out, err
}

// succeed hands over one structure, or asks the successor where the policy says so, and
// returns what the owner's membership became.
func (s *Service) succeed(
	ctx context.Context, tx Tx, by account.Actor, st Structure, m Membership, owner, heir account.Card, now time.Time,
) (Membership, error) {
	if s.policy.Principals.Accept {
		return m, s.nominate(ctx, tx, by, st, owner, heir, now)
	}
	return s.handOver(ctx, tx, by, succession{st: st, from: m, former: owner, to: heir, mail: notify.MailPrincipalReceived}, now)
}

// handing is everything that a transfer touches.
type handing struct {
	Succession
	owner       account.Card
	memberships []Membership // of the owner, one for each structure
}

// handing loads the structures that somebody wants to hand over.
func (s *Service) handing(ctx context.Context, tx Tx, by account.Actor, structures []ID, now time.Time) (handing, error) {
	var all []Standing
	for _, id := range structures {
		at, err := s.authorised(ctx, tx, by, id, authz.ActionTransferPrincipal, now)
		if err != nil {
			return handing{}, err
		}
		if at.Membership.Role != RolePrincipalManager {
			return handing{}, ErrDenied // whatever the table of permissions says
		}
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(Fold(a.Structure.LegalName), Fold(b.Structure.LegalName)), cmp.Compare(a.Structure.ID, b.Structure.ID))
	})
	h := handing{owner: all[0].Account, Succession: Succession{Accept: s.policy.Principals.Accept}}
	parts := []string{"transfer", string(h.owner.ID), strconv.FormatBool(h.Accept)}
	for _, at := range all {
		h.Structures = append(h.Structures, at.Structure)
		h.memberships = append(h.memberships, at.Membership)
		parts = append(parts, string(at.Structure.ID), at.Structure.LegalName, at.Structure.Identifier.Value)
	}
	owner, err := tx.Account(ctx, h.owner.ID)
	h.Token = notify.Digest(owner.Salt, parts...)
	return h, err
}

// checkTransfer names what is wrong with the structures that were ticked.
func checkTransfer(op string, structures []ID, more ...fault.Field) error {
	bad := more
	switch {
	case len(structures) == 0:
		bad = append(bad, fault.Field{Path: "structures", Code: "required"})
	case len(structures) > MaxTransfers:
		bad = append(bad, fault.Field{Path: "structures", Code: "too_many", Param: strconv.Itoa(MaxTransfers)})
	case len(slices.Compact(slices.Sorted(slices.Values(structures)))) < len(structures):
		bad = append(bad, fault.Field{Path: "structures", Code: "unique"})
	}
	if len(bad) > 0 {
		return fault.Invalid(op, bad...)
	}
	return nil
}

// requireProof asks for a fresh proof where the policy does.
func (s *Service) requireProof(by account.Actor, now time.Time) error {
	switch {
	case !s.policy.Principals.Proof:
		return nil
	case s.accounts == nil:
		return errNoAccounts
	default:
		return s.accounts.RequireProof(by, now)
	}
}

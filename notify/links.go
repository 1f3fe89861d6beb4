package notify

import (
	"net/url"
	"strings"

	"github.com/habilis-go/habilis/internal/fault"
)

// Links are the pages of the host that mails point to. They come from the
// deployment's configuration and never from a request, so that no forged header
// can redirect a link (ML-05).
type Links struct {
	// Base is the absolute address of the host's pages, without a path.
	// Defaults to "http://localhost:8080".
	Base string

	// Activate is the path of the activation page; the secret is appended as the
	// query parameter "token". Defaults to "/activate".
	Activate string

	// LoginConfirm, LoginCancel and LoginUndo are the paths of the pages that confirm a
	// change of the login address, cancel it, and take it back; the secret is appended as
	// the query parameter "token". They may be one page: the secret tells what it is for.
	// Default to "/login-address/confirm", "/login-address/cancel" and
	// "/login-address/undo".
	LoginConfirm, LoginCancel, LoginUndo string
	// Reactivate is the path of the page on which a deactivated account is asked for
	// back; in the mail with the link, the secret is appended as the query parameter
	// "token". Defaults to "/reactivate".
	Reactivate string
	// ResetPassword is the path of the page where a forgotten password is replaced;
	// the secret is appended as the query parameter "token".
	// Defaults to "/reset-password".
	ResetPassword string

	// News is the path of the page with the news of somebody's structures, where digests
	// lead. Defaults to "/".
	News string

	// SignIn is the path of the sign-in page. Defaults to "/sign-in".
	SignIn string

	// Requests is the path of the manager's list of requests; the membership's
	// identifier is appended as a path element. Defaults to "/manage/requests".
	Requests string

	// Nominations is the path of the page on which somebody answers who was asked to take
	// over as principal manager; the structure's identifier is appended as a path element.
	// Defaults to "/account/nominations".
	Nominations string

	// Memberships is the path of a person's own memberships. Defaults to
	// "/account/memberships".
	Memberships string

	// Subscriptions is the path of a person's own subscriptions. Defaults to
	// "/account/subscriptions".
	Subscriptions string

	// SubscriptionRequests is the path of the manager's list of requests for spaces; the
	// batch's identifier is appended as a path element. Defaults to
	// "/manage/subscriptions".
	SubscriptionRequests string

	// Support is the path of the page on which people who cannot sign in ask for help.
	// Defaults to "/support".
	Support string
}

// ErrBadLinks reports links that no mail may carry.
var ErrBadLinks = fault.New("bad_links", "the address of the host's pages is not acceptable")

// Checked returns l with its defaults filled in, or [ErrBadLinks] if Base is not an
// absolute http or https address without path, query or user.
func (l Links) Checked() (Links, error) {
	set := func(s *string, otherwise string) {
		if *s == "" {
			*s = otherwise
		}
	}
	set(&l.Base, "http://localhost:8080")
	set(&l.Activate, "/activate")
	set(&l.LoginConfirm, "/login-address/confirm")
	set(&l.LoginCancel, "/login-address/cancel")
	set(&l.LoginUndo, "/login-address/undo")
	set(&l.Reactivate, "/reactivate")
	set(&l.ResetPassword, "/reset-password")
	set(&l.News, "/")
	set(&l.SignIn, "/sign-in")
	set(&l.Requests, "/manage/requests")
	set(&l.Nominations, "/account/nominations")
	set(&l.Memberships, "/account/memberships")
	set(&l.Subscriptions, "/account/subscriptions")
	set(&l.SubscriptionRequests, "/manage/subscriptions")
	set(&l.Support, "/support")
	l.Base = strings.TrimSuffix(l.Base, "/")
	u, err := url.Parse(l.Base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return Links{}, ErrBadLinks
	}
	return l, nil
}

// WithToken returns the address of a page with a secret appended. The result has
// no character that copying and pasting could break.
func (l Links) WithToken(path, secret string) string {
	return l.Base + path + "?token=" + url.QueryEscape(secret)
}

// To returns the address of a page, and of one object on it if id is not empty.
func (l Links) To(path, id string) string {
	if id == "" {
		return l.Base + path
	}
	return l.Base + path + "/" + url.PathEscape(id)
}

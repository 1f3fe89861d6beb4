package notify

import (
	"context"
	"regexp"
	"slices"
	"sync"
)

// Inbox is a [Mailer] that keeps mails in memory: for tests, examples and
// development. The zero value is ready; it is safe for concurrent use.
type Inbox struct {
	mu    sync.Mutex
	mails []Email
}

// NewInbox returns an empty Inbox.
func NewInbox() *Inbox { return &Inbox{} }

// Send keeps the mail.
func (i *Inbox) Send(ctx context.Context, m Email) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mails = append(i.mails, m)
	return nil
}

// All returns the kept mails, oldest first.
func (i *Inbox) All() []Email {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.mails)
}

// Last returns the newest mail to an address, and whether there is one.
func (i *Inbox) Last(to string) (Email, bool) {
	for _, m := range slices.Backward(i.All()) {
		if m.To == to {
			return m, true
		}
	}
	return Email{}, false
}

var tokenInText = regexp.MustCompile(`[?&]token=([A-Za-z0-9_-]+)`)

// Token returns the secret of the link in the newest mail to an address that has
// one, "" if there is none: what a person would follow, for tests and examples.
func (i *Inbox) Token(to string) string {
	for _, m := range slices.Backward(i.All()) {
		if found := tokenInText.FindStringSubmatch(m.Text); m.To == to && found != nil {
			return found[1]
		}
	}
	return ""
}

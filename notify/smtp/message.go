package smtp

import (
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/habilis-go/habilis/notify"
)

var (
	idForm       = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[0-9A-Za-z]{1,8})*$`)
)

// message builds the mail. Everything that ends up in a header is checked here or
// encoded by go-mail, so that no value can begin another header (ML-01).
func (m *Mailer) message(e notify.Email) (*mail.Msg, error) {
	if !idForm.MatchString(string(e.ID)) {
		return nil, fmt.Errorf("identifier of the mail is not usable")
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: m.opts.FromName, Address: m.from})
	if err := msg.To(e.To); err != nil {
		return nil, err
	}
	msg.Subject(oneLine.Replace(e.Subject))
	// The same for every try, so that a duplicate can be recognised.
	_, domain, _ := strings.Cut(m.from, "@")
	msg.SetMessageIDWithValue(string(e.ID) + "@" + domain)
	msg.SetDateWithValue(m.opts.Now())
	// A machine wrote this: no holiday notice, no bounce of a bounce (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	if languageForm.MatchString(e.Language) {
		msg.SetGenHeader(mail.HeaderContentLang, e.Language)
	}
	msg.SetBodyString(mail.TypeTextPlain, e.Text)
	if e.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, e.HTML)
	}
	return msg, nil
}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ", "\x00", "")

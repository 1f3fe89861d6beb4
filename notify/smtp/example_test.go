package smtp_test

import (
	"log"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
)

func ExampleNew() {
	mailer, err := smtp.New("mail.example.org:587", "no-reply@example.org", &smtp.Options{
		FromName: "Portail", Username: "portal", Password: "from your secret store", Timeout: 10 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	var _ notify.Mailer = mailer // give it to habilis.Options.Mailer
}

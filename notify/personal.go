package notify

// PersonalFields names the personal data of this package, which package account tells
// the use of: where a mail goes and what it says, until it is sent.
func PersonalFields() (untilSent, pseudonyms []string) {
	return []string{"message.to", "message.sealed"},
		[]string{"message.account", "event.actor.iD", "event.actor.reference", "event.account", "event.state"}
}

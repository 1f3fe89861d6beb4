package mfa

import (
	"bytes"
	"crypto/subtle"
	"encoding/base32"
	"encoding/xml"
	"fmt"
	"image/png"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// seedSize is the length of a seed in bytes: 160 bits, as RFC 4226 recommends.
const seedSize = 20

// period is the length of a time step in seconds.
const period = 30

// base32Text renders a seed as applications take it.
func base32Text(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// stepAt returns the time step of an instant.
func stepAt(now time.Time) int64 { return now.Unix() / period }

// matching returns the time step whose code is the given one, among those at most skew
// away from the present one and after the last that was accepted (RP-01, RP-02: an
// accepted step is a floor). Every candidate is computed and compared, whatever the
// outcome. The error is that of the generator; then nothing matched.
func matching(seed []byte, code string, last int64, skew int, now time.Time) (step int64, ok bool, err error) {
	text, present := base32Text(seed), stepAt(now)
	for candidate := present - int64(skew); candidate <= present+int64(skew); candidate++ {
		if candidate < 0 {
			continue
		}
		want, err := hotp.GenerateCodeCustom(text, uint64(candidate), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("computing a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && candidate > last && !ok {
			step, ok = candidate, true
		}
	}
	return step, ok, nil
}

// Enrolment is what its owner sees while an application is added. All of it is secret:
// show it once, store it nowhere. It prints as nothing.
type Enrolment struct {
	ID        FactorID
	ExpiresAt time.Time // confirm it before
	Secret    string    // the seed as text for whoever cannot scan, base32 in groups of four
	URI       string    // otpauth, for applications on the same device
}

// String hides the seed (CR-17).
func (Enrolment) String() string { return "mfa.Enrolment" }

// GoString hides the seed.
func (Enrolment) GoString() string { return "mfa.Enrolment" }

func newEnrolment(f Factor, seed []byte, issuer, login string) Enrolment {
	label := url.PathEscape(issuer) + ":" + url.PathEscape(login)
	values := "secret=" + base32Text(seed) + "&issuer=" + url.PathEscape(issuer) +
		"&algorithm=SHA1&digits=" + strconv.Itoa(applicationDigits) + "&period=" + strconv.Itoa(period)
	return Enrolment{
		ID: f.ID, ExpiresAt: f.ExpiresAt, Secret: grouped(base32Text(seed), 4), URI: "otpauth://totp/" + label + "?" + values,
	}
}

// grouped puts a space after every n characters, for reading and typing.
func grouped(s string, n int) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%n == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// quiet is the light border that a QR code needs, in modules.
const quiet = 4

// code returns the QR code of the URI, one pixel a module, without its border.
func (e Enrolment) code() (barcode.Barcode, error) {
	code, err := qr.Encode(e.URI, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("drawing the QR code: %w", err)
	}
	return code, nil
}

// SVG draws the QR code, black on white whatever the page's colours, with a title for
// screen readers. It scales without loss.
func (e Enrolment) SVG(title string) ([]byte, error) {
	code, err := e.code()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	side := code.Bounds().Dx() + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" shape-rendering="crispEdges"><title>`, side, side)
	if err := xml.EscapeText(&b, []byte(title)); err != nil {
		return nil, fmt.Errorf("drawing the QR code: %w", err)
	}
	fmt.Fprintf(&b, `</title><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side)
	for y := range code.Bounds().Dy() {
		for x := range code.Bounds().Dx() {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes(), nil
}

// PNG draws the QR code with whole modules, in a square of at most size pixels, at least
// one a module and at most 2048.
func (e Enrolment) PNG(size int) ([]byte, error) {
	code, err := e.code()
	if err != nil {
		return nil, err
	}
	side := code.Bounds().Dx() + 2*quiet
	var b bytes.Buffer
	if err := png.Encode(&b, framed{code, max(1, min(size, maxPixels)/side)}); err != nil {
		return nil, fmt.Errorf("drawing the QR code: %w", err)
	}
	return b.Bytes(), nil
}

// maxPixels bounds the picture of a QR code.
const maxPixels = 2048

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"runtime/debug"
	"time"
)

// maxBody is more than any of our forms needs.
const maxBody = 64 << 10

// policy lets a page load our own style sheet and icon and post to ourselves, and
// nothing else: a name with a script in it stays a name.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// bodyLimit is how much of a body is read at most. An upload that is too large is read
// and thrown away up to here, so that the browser gets to see the answer.
func (p *portal) bodyLimit(r *http.Request) int64 {
	switch {
	case r.Method == http.MethodPost && takesFile(r.URL.Path):
		return 5 * p.attachments.MaxBytes
	case r.Method == http.MethodPost && r.URL.Path == photoPath:
		return 5 * p.attachments.Photo.MaxBytes
	default:
		return maxBody
	}
}

// takesFile reports whether an attachment is sent to a path: of a person, or of a
// structure.
func takesFile(at string) bool {
	ofStructure, err := path.Match("/structures/*/attachments/new", at)
	return at == attachmentsPath+"/new" || ofStructure && err == nil
}

// protect wraps the pages in what every answer needs.
func (p *portal) protect(pages http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	if err := origin.AddTrustedOrigin(p.base.String()); err != nil {
		p.log.Warn("the base address is no origin", "error", err)
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fail(p.stranger(w, r), errForged) //nolint:contextcheck // a call carries its request, and the context with it
	}))
	return p.observe(p.sessions.LoadAndSave(p.recovered(origin.Handler(pages))))
}

// observe names the request, sets the headers, bounds the body and writes one line
// to the log. It logs the path without its query: that may hold a secret.
func (p *portal) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := requestID()
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if p.base.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, p.bodyLimit(r))
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), requestKey{}, id)))
		p.log.Info("request", "id", id, "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", time.Since(began).Round(time.Microsecond))
	})
}

// recovered turns a panic into the page for errors of ours.
func (p *portal) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // a call carries its request, and the context with it
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				p.log.Error("panic", "id", requestOf(r), "value", v, "stack", string(debug.Stack()))
				p.fail(p.stranger(w, r), errBroken)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// static serves the style sheet and the icon, which may be kept: their address
// changes with them.
func (p *portal) static() http.Handler {
	files := http.FileServerFS(staticFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if info, err := fs.Stat(staticFiles, r.URL.Path[1:]); err != nil || info.IsDir() {
			p.page(route{get: func(*call) error { return errNoPage }}).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		files.ServeHTTP(w, r)
	})
}

// statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type requestKey struct{}

func requestOf(r *http.Request) string {
	id, _ := r.Context().Value(requestKey{}).(string)
	return id
}

func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

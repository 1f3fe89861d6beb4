package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/longtest"
)

// speak sends a request as it stands and returns the status of the answer.
func speak(t *testing.T, a *app, request string) int {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", a.addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	go func() { _, _ = io.WriteString(conn, request) }() // what is not read any more may fail
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// DS-05: a request with ten thousand cookies, keys in its address or keys in its form is
// refused before anything looks at them.
func TestTenThousandKeysAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	var cookies, keys strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&cookies, "c%d=x; ", n)
		fmt.Fprintf(&keys, "k%d=x&", n)
	}
	host := "Host: " + a.addr + "\r\n"
	require.Equal(t, http.StatusOK, speak(t, a, "GET /sign-in HTTP/1.1\r\n"+host+"Cookie: c0=x\r\n\r\n"))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, speak(t, a, "GET /sign-in HTTP/1.1\r\n"+host+"Cookie: "+cookies.String()+"\r\n\r\n"))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, speak(t, a, "GET /sign-in?"+keys.String()+" HTTP/1.1\r\n"+host+"\r\n"))
	form := strings.Repeat(keys.String(), 2)
	require.Equal(t, http.StatusRequestEntityTooLarge, speak(t, a, "POST /sign-in HTTP/1.1\r\n"+host+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "+fmt.Sprint(len(form))+"\r\n\r\n"+form))
}

// DS-04: whoever sends a request slowly, or opens a connection and says nothing, is cut
// off, and others are served meanwhile.
func TestSlowRequestsAreCutOff(t *testing.T) {
	longtest.Skip(t)
	t.Parallel()
	a := start(t, nil)
	host := "Host: " + a.addr + "\r\n"
	for name, begun := range map[string]string{
		"nothing": "", "half a header": "GET /sign-in HTTP/1.1\r\n" + host + "X-Slow: ",
		"half a form": "POST /sign-in HTTP/1.1\r\n" + host + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogin=",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", a.addr)
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close()) }()
			_, err = io.WriteString(conn, begun)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, speak(t, a, "GET /sign-in HTTP/1.1\r\n"+host+"\r\n"))
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
			_, err = io.Copy(io.Discard, conn)
			require.NoError(t, err, "the server ends the connection")
		})
	}
}

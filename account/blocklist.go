package account

import (
	_ "embed" // the set of common passwords

	"github.com/habilis-go/habilis/internal/blocklist"
)

//go:generate go run ../internal/blocklist/generate $HABILIS_WORD_LISTS blocklist.bin

// common is the set of common passwords and words, case and accents folded:
//
//   - 54 000 leaked passwords of 12 characters and more, and the 10 000 most common
//     ones of 8 to 11. Some 13 000 of them have 15 characters, as [PasswordNIST] wants
//     them. But of the million most common passwords hardly 700 have 12 characters of
//     four classes, so the 3000 of ASVS 6.2.4 do not exist under [PasswordClassic];
//     that is why it looks for base words, too.
//   - 44 000 base words: of the 20 000 most common passwords, and French words,
//     first names and last names.
//
// Where they come from and what their licences are is in the comment of
// internal/blocklist/generate, which derives the file; it was made on
// 22 November 2026. It holds 32 bits of each text's digest, so a text that is not in
// the lists is refused by mistake once in some 39 000 look-ups, and a password takes
// one to six. The texts themselves cannot be read from it.
//
//go:embed blocklist.bin
var common blocklist.Set

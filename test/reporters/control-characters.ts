/** Control, format and bidirectional characters; newlines are not among them. */
export const controlCharacter = /(?!\n)[\p{Cc}\p{Cf}]/u

/** ANSI colours and nothing else. */
export const colour = new RegExp(`${String.fromCodePoint(0x1b)}\\[\\d+m`, 'g')

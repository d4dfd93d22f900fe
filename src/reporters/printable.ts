/**
 * Text from migrations, file names and server messages is written by whoever opened the merge
 * request. These functions make it harmless to look at; escaping for HTML, XML, markdown or
 * workflow commands comes on top, in the reporter that needs it.
 */

/**
 * Characters that move the cursor or colour the terminal (Cc), reorder or hide text (Cf, Zl, Zp:
 * "Trojan Source", CVE-2021-42574) or are no text at all (lone surrogates, Cs); not tab and newline.
 */
const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** The text with hidden characters spelled out, as in `\u001b`; every kind of line end becomes `\n`. */
export function printable(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(hidden, spelled)
}

/** {@link printable} in one line: newlines and tabs become single spaces. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]+/g, ' ')
}

/** The text with lone surrogates as U+FFFD, as every UTF-8 writer would replace them. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\ufffd')
}

function spelled(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
}

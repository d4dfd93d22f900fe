import { eastAsianWidth } from 'get-east-asian-width'

/**
 * Columns and line breaks of terminal text. string-width and wrap-ansi know more (emoji sequences, Hangul jamo), but
 * loading and compiling their patterns took a third of the time of `pgrehearse lint` on one file.
 */

// oxlint-disable-next-line no-control-regex -- SGR sequences begin with ESC
const colours = /\u001B\[[0-9;]*m/g
const invisible = /[\p{Mark}\p{Default_Ignorable_Code_Point}]/u

/** How many terminal columns the text takes; colour sequences take none, wide characters two. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text.replace(colours, '')) {
    const codePoint = character.codePointAt(0) ?? 0
    if (codePoint < 0x300) width += 1
    else if (!invisible.test(character)) width += eastAsianWidth(codePoint)
  }
  return width
}

/** Breaks each line at blanks so that none is wider than `columns`; a longer word is cut. */
export function wrapText(text: string, columns: number): readonly string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(1, columns)))
}

function wrapLine(line: string, columns: number): readonly string[] {
  const lines: string[] = []
  let open = ''
  for (const word of line.split(' ')) {
    const joined = open === '' ? word : `${open} ${word}`
    if (textWidth(joined) <= columns) {
      open = joined
      continue
    }
    if (open !== '') lines.push(open.trimEnd())
    const pieces = cutWord(word, columns)
    lines.push(...pieces.slice(0, -1))
    open = pieces.at(-1) ?? ''
  }
  return [...lines, open]
}

function cutWord(word: string, columns: number): readonly string[] {
  if (textWidth(word) <= columns) return [word]
  const pieces: string[] = []
  let open = ''
  for (const character of word) {
    if (open !== '' && textWidth(open + character) > columns) {
      pieces.push(open)
      open = ''
    }
    open += character
  }
  return [...pieces, open]
}

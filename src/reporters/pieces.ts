/** Sentences made of our own words and of what others wrote, to be escaped by each format in its own way. */

import { codeSpan, cutText, markdownText } from './markdown-text.ts'
import { markup, type Markup } from './markup.ts'
import { printableLine } from './printable.ts'

/** A file, and a line of it where that does not change from push to push, or may. */
export interface Place {
  readonly file: string
  readonly line?: number
  /** Only the base revision has it: nothing to link to. */
  readonly isGone?: boolean
}

export type Piece =
  /** Words of ours, harmless in every format. */
  | string
  /** The name of a query or an object: set off. */
  | { readonly name: string }
  /** A link, where the format has some. */
  | { readonly place: Place }
  /** What a server, a file or a person said. */
  | { readonly said: string }

export type Pieces = readonly Piece[]

/** Longer names and texts are cut. */
const maxName = 80
const maxPlace = 200
const maxSaid = 400

/** The sentence as plain text in one line. */
export function plainPieces(pieces: Pieces): string {
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece
      if ('name' in piece) return printableLine(cutText(piece.name, maxName))
      if ('place' in piece) return printableLine(placeText(piece.place))
      return printableLine(cutText(piece.said, maxSaid))
    })
    .join('')
}

/** `file:line`, or the file alone. */
export function placeText({ file, line }: Place): string {
  return line === undefined ? cutText(file, maxPlace) : `${cutText(file, maxPlace)}:${line}`
}

/** The sentence as one line of markdown that does nothing; `place` makes links, `names` are set off wherever they stand. */
export function markdownPieces(
  pieces: Pieces,
  place: (place: Place) => string = (where) => codeSpan(placeText(where)),
  names?: ReadonlySet<string>,
): string {
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece
      if ('name' in piece) return codeSpan(cutText(piece.name, maxName))
      if ('place' in piece) return place(piece.place)
      return markdownText(cutText(piece.said, maxSaid), names)
    })
    .join('')
}

/** The sentence as HTML. */
export function htmlPieces(pieces: Pieces): readonly Markup[] {
  return pieces.map((piece) => {
    if (typeof piece === 'string') return markup`${piece}`
    if ('name' in piece) return markup`<code>${printableLine(cutText(piece.name, maxName))}</code>`
    if ('place' in piece) return markup`<code>${printableLine(placeText(piece.place))}</code>`
    return markup`${printableLine(cutText(piece.said, maxSaid))}`
  })
}

/** The parts with a comma between them, and `and 3 more` behind them. */
export function commaList(parts: readonly Pieces[], more = 0, comma = ', '): Pieces {
  const joined = parts.flatMap((part, index) => (index === 0 ? part : [comma, ...part]))
  return more > 0 ? [...joined, ` and ${more} more`] : joined
}

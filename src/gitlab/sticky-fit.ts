/** A piece of a note that may be left out. */
export interface Piece {
  readonly text: string
  /** The lightest pieces go first. */
  readonly weight: number
}

/** A part of a note. Parts are read in their order, whatever their weight. */
export interface Part {
  readonly pieces: readonly Piece[]
  /** The part with the pieces that were kept; undefined when nothing remains to be said. `left` pieces were not. */
  readonly render: (kept: readonly string[], left: Left) => string | undefined
}

/** How many pieces were left out: of this part, and of the whole note. */
export interface Left {
  readonly here: number
  readonly anywhere: number
}

/** A part that always stays. */
export function fixedPart(...paragraphs: readonly string[]): Part {
  return { pieces: [], render: () => paragraphs.join('\n\n') }
}

/** A piece this long would push out many others: it is the first to go. */
const maxPieceLength = 15_000

/**
 * The parts as one text of at most `limit` UTF-16 code units: pieces are left out whole, the lightest first and of equal
 * ones the last, so that no fence and no table is ever cut. Parts without pieces must fit by themselves.
 */
export function fitParts(parts: readonly Part[], limit: number): string {
  const pieces = parts.flatMap((part) => part.pieces)
  const lightestFirst = pieces.map((piece, index) => ({ piece, index })).toSorted(byWeight)
  const attempt = (dropped: number): string => {
    const gone = new Set(lightestFirst.slice(0, dropped).map(({ piece }) => piece))
    return renderParts(parts, gone)
  }
  let low = 0
  let high = pieces.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (attempt(middle).length <= limit) high = middle
    else low = middle + 1
  }
  return attempt(low)
}

function renderParts(parts: readonly Part[], gone: ReadonlySet<Piece>): string {
  return parts
    .flatMap((part) => {
      const kept = part.pieces.filter((piece) => !gone.has(piece)).map(({ text }) => text)
      const text = part.render(kept, { here: part.pieces.length - kept.length, anywhere: gone.size })
      return text === undefined ? [] : [text]
    })
    .join('\n\n')
}

interface Placed {
  readonly piece: Piece
  readonly index: number
}

function byWeight(a: Placed, b: Placed): number {
  const [first, second] = [weightOf(a), weightOf(b)]
  return first === second ? b.index - a.index : first - second
}

function weightOf({ piece }: Placed): number {
  return piece.text.length > maxPieceLength ? Number.NEGATIVE_INFINITY : piece.weight
}

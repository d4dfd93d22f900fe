/** A stretch of the text and where it comes from. */
interface Chunk {
  /** Offset in the text. */
  readonly at: number
  readonly length: number
  /** Offsets in the file. */
  readonly start: number
  readonly end: number
  /** Character by character as in the file. */
  readonly verbatim: boolean
}

/** SQL that is put together from pieces of a file, each of which remembers where it stands. */
export class MappedText {
  text = ''
  private readonly chunks: Chunk[] = []

  /** Appends a piece that stands at `start` of the file, and fills it up to `end`. */
  append(text: string, start: number, end: number): void {
    const chunk = { at: this.text.length, length: text.length, start, end }
    this.chunks.push({ ...chunk, verbatim: end - start === text.length })
    this.text += text
  }

  /** The offset in the file of the character at `offset`. */
  startOf(offset: number): number {
    const chunk = this.chunks.findLast(({ at, length }) => at <= offset && length > 0)
    if (chunk === undefined) return 0
    return chunk.verbatim ? chunk.start + offset - chunk.at : chunk.start
  }

  /** The offset in the file behind the character before `offset`. */
  endOf(offset: number): number {
    const chunk = this.chunks.findLast(({ at, length }) => at < offset && length > 0)
    if (chunk === undefined) return 0
    return chunk.verbatim ? chunk.start + offset - chunk.at : chunk.end
  }
}

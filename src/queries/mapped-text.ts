/** A stretch of the text and where it comes from. */
interface Chunk {
  /** Offset in the text. */
  readonly at: number
  /** Offsets in the file. */
  readonly start: number
  readonly end: number
  /** Character by character as in the file. */
  readonly verbatim: boolean
}

const tailLength = 200

/** SQL that is put together from pieces of a file, each of which remembers where it stands. */
export class MappedText {
  text = ''
  /** The last characters of the text: to cut them off the whole text each time would copy it each time. */
  tail = ''
  private readonly chunks: Chunk[] = []

  /** Appends a piece that stands at `start` of the file, and fills it up to `end`. */
  append(text: string, start: number, end: number): void {
    if (text === '') return
    this.chunks.push({ at: this.text.length, start, end, verbatim: end - start === text.length })
    this.text += text
    this.tail = (this.tail + text).slice(-tailLength)
  }

  /** The offset in the file of the character at `offset`. */
  startOf(offset: number): number {
    const chunk = this.lastFrom(offset)
    if (chunk === undefined) return 0
    return chunk.verbatim ? chunk.start + offset - chunk.at : chunk.start
  }

  /** The offset in the file behind the character before `offset`. */
  endOf(offset: number): number {
    const chunk = this.lastFrom(offset - 1)
    if (chunk === undefined) return 0
    return chunk.verbatim ? chunk.start + offset - chunk.at : chunk.end
  }

  /** The last chunk that begins at this offset of the text or before it. */
  private lastFrom(offset: number): Chunk | undefined {
    let low = 0
    let high = this.chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.chunks[middle]?.at ?? 0) > offset) high = middle
      else low = middle + 1
    }
    return this.chunks[low - 1]
  }
}

import type { Position, Span } from '../core/model.ts'

/** Turns UTF-16 offsets of one text into lines and columns (from 1), by binary search. */
export class LineIndex {
  private readonly starts: readonly number[]

  constructor(text: string) {
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.starts = starts
  }

  position(offset: number): Position {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) + 1, offset }
  }

  span(file: string, start: number, end: number): Span {
    return { file, start: this.position(start), end: this.position(end) }
  }
}

import { StringDecoder } from 'node:string_decoder'

/** Takes what a stream brings apart into lines. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  /** The lines that end in it, without their ends: CR, LF or both. */
  push(chunk: Uint8Array): readonly string[] {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split(/\r?\n|\r/)
    this.#rest = (lines.pop() ?? '').slice(-mostCharacters)
    return lines
  }

  /** The last line, where it has no end; empty: it has. */
  end(): string {
    const rest = this.#rest + this.#decoder.end()
    this.#rest = ''
    return rest
  }
}

/** Of a line that does not end, the last are kept. */
const mostCharacters = 100_000

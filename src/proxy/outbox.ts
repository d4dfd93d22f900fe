import type { Socket } from 'node:net'

/** Bytes that wait for one system call. */
const mostWaitingBytes = 256 * 1024

/** Gathers what goes to one peer, and joins what lies side by side: thousands of small rows are one piece. */
export class Outbox {
  readonly socket: Socket
  private parts: Buffer[] = []
  private bytes = 0

  constructor(socket: Socket) {
    this.socket = socket
  }

  add(bytes: Buffer): void {
    const last = this.parts.at(-1)
    const isNext =
      last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset
    if (isNext)
      this.parts[this.parts.length - 1] = Buffer.from(
        last.buffer,
        last.byteOffset,
        last.length + bytes.length,
      )
    else this.parts.push(bytes)
    this.bytes += bytes.length
    if (this.bytes > mostWaitingBytes) this.flush()
  }

  flush(): void {
    const { parts } = this
    const [first] = parts
    if (first === undefined) return
    this.parts = []
    this.bytes = 0
    if (!this.socket.writable) return
    this.socket.write(parts.length === 1 ? first : Buffer.concat(parts))
  }

  /** The peer does not read as fast as we write. */
  get isFull(): boolean {
    return this.socket.writableNeedDrain
  }
}

import type { Socket } from 'node:net'

/** Reads exactly as many bytes as are asked for, and leaves the rest where it is: another reader goes on there. */
export class ByteReader {
  private readonly socket: Socket
  private wake: () => void = () => undefined
  private isClosed = false
  private readonly changed = (): void => this.wake()
  private readonly closed = (): void => {
    this.isClosed = true
    this.wake()
  }

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('readable', this.changed)
    socket.on('end', this.closed)
    socket.on('close', this.closed)
  }

  /** Is there something that has arrived and was not asked for? */
  get hasMore(): boolean {
    return this.socket.readableLength > 0
  }

  /** @throws when the socket ends before. */
  async read(bytes: number): Promise<Buffer> {
    if (bytes === 0) return Buffer.alloc(0)
    for (;;) {
      const read = this.socket.read(bytes) as Buffer | null
      // at its end a stream gives what it has, even when that is less
      if (read !== null && read.length === bytes) return read
      if (this.isClosed || read !== null) throw new Error('the client went away')
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  unread(bytes: Buffer): void {
    this.socket.unshift(bytes)
  }

  /** Somebody else reads from now on. */
  release(): void {
    this.socket.off('readable', this.changed)
    this.socket.off('end', this.closed)
    this.socket.off('close', this.closed)
  }
}

import type { Frame } from '../postgres/frames.ts'

/** What a client has sent and nobody has taken yet. */
export class Inbox {
  private frames: Frame[] = []
  private at = 0
  private wake: (() => void) | undefined
  /** Bytes that wait. */
  bytes = 0
  isClosed = false
  /** Called when everything has been taken. */
  onEmpty: () => void = () => undefined

  push(one: Frame): void {
    this.frames.push(one)
    this.bytes += one.bytes.length
    this.poke()
  }

  /** Nothing more will come. */
  close(): void {
    this.isClosed = true
    this.poke()
  }

  get isEmpty(): boolean {
    return this.at === this.frames.length
  }

  take(): Frame | undefined {
    const one = this.frames[this.at]
    if (one === undefined) return undefined
    this.at += 1
    this.bytes -= one.bytes.length
    if (this.isEmpty) {
      this.frames = []
      this.at = 0
      this.onEmpty()
    }
    return one
  }

  /** Resolves at the next {@link poke}; one at a time waits. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  poke(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}

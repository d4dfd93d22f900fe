/**
 * The messages of the protocol, version 3: a type, a length that counts itself, a body (PostgreSQL documentation, "Message
 * Formats"). Only how they are cut and put together; what they mean is the business of whoever reads them.
 */

/** A message, or, of one that is too large to be held, a stretch of it. */
export interface Frame {
  /** The character of its type. */
  readonly type: string
  /** As it travels, with type and length where `isHead`. */
  readonly bytes: Buffer
  /** False for what follows the first stretch of a large message. */
  readonly isHead: boolean
  /** The message is whole. */
  readonly isWhole: boolean
}

export interface FrameLimits {
  /** A message of more bytes is refused. */
  largestBytes(type: string): number
  /** A message of more bytes is handed out in stretches as they come. */
  heldBytes(type: string): number
}

/** The peer does not speak the protocol, or sends more than we take. */
export class FrameError extends Error {}

/** Type and length. */
export const headerBytes = 5

/** Cuts a stream into messages. */
export class FrameReader {
  /** Who gets them; may be replaced between two. */
  take: (frame: Frame) => void
  private readonly limits: FrameLimits
  private parts: Buffer[] = []
  private heldBytes = 0
  /** Of the message that is collected: its type, and its size once that is known. */
  private type = ''
  private size = 0
  /** Bytes of a large message that are still to come. */
  private rest = 0

  constructor(limits: FrameLimits, take: (frame: Frame) => void) {
    this.limits = limits
    this.take = take
  }

  /** @throws FrameError when no message can begin like this. */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.rest > 0) at = this.goOn(chunk, at)
      else if (this.heldBytes === 0 && chunk.length - at >= headerBytes) at = this.begin(chunk, at)
      else at = this.collect(chunk, at)
    }
  }

  private goOn(chunk: Buffer, at: number): number {
    const end = Math.min(at + this.rest, chunk.length)
    this.rest -= end - at
    this.take({ type: this.type, bytes: chunk.subarray(at, end), isHead: false, isWhole: false })
    return end
  }

  private begin(chunk: Buffer, at: number): number {
    this.readHeader(chunk, at)
    const end = at + this.size
    if (end > chunk.length) return this.keep(chunk, at)
    this.take({ type: this.type, bytes: chunk.subarray(at, end), isHead: true, isWhole: true })
    return end
  }

  private keep(chunk: Buffer, at: number): number {
    this.parts.push(chunk.subarray(at))
    this.heldBytes += chunk.length - at
    if (this.size > this.limits.heldBytes(this.type)) this.handOut()
    return chunk.length
  }

  private collect(chunk: Buffer, at: number): number {
    const lacksHeader = this.heldBytes < headerBytes
    const wanted = lacksHeader ? headerBytes : this.size
    const end = Math.min(at + wanted - this.heldBytes, chunk.length)
    this.parts.push(chunk.subarray(at, end))
    this.heldBytes += end - at
    if (this.heldBytes < wanted) return end
    if (lacksHeader) this.readHeader(Buffer.concat(this.parts), 0)
    const isLarge = this.size > this.limits.heldBytes(this.type)
    if (this.heldBytes === this.size || isLarge) this.handOut()
    return end
  }

  private handOut(): void {
    const bytes = this.parts.length === 1 ? (this.parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.parts)
    const { type, size } = this
    this.rest = size - bytes.length
    this.parts = []
    this.heldBytes = 0
    this.size = 0
    this.take({ type, bytes, isHead: true, isWhole: this.rest === 0 })
  }

  private readHeader(bytes: Buffer, at: number): void {
    this.type = String.fromCharCode(bytes[at] ?? 0)
    const length = bytes.readUInt32BE(at + 1)
    if (length < 4 || length + 1 > this.limits.largestBytes(this.type))
      throw new FrameError(`invalid message length ${length}`)
    this.size = length + 1
  }
}

/** A message of these parts. */
export function frame(type: string, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  const header = Buffer.alloc(headerBytes)
  header.write(type, 0, 'latin1')
  header.writeUInt32BE(length, 1)
  return Buffer.concat([header, ...parts], length + 1)
}

export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8')
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Reads a body from its front. */
export class BodyReader {
  private readonly bytes: Buffer
  private at: number

  constructor(bytes: Buffer, at: number = headerBytes) {
    this.bytes = bytes
    this.at = at
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  /** Up to the next zero byte. */
  rawString(): Buffer {
    const found = this.bytes.indexOf(0, this.at)
    const end = found < 0 ? this.bytes.length : found
    const text = this.bytes.subarray(this.at, end)
    this.at = end + 1
    return text
  }

  string(): string {
    return this.rawString().toString('utf8')
  }

  int16(): number {
    this.at += 2
    return this.at > this.bytes.length ? 0 : this.bytes.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.at > this.bytes.length ? 0 : this.bytes.readInt32BE(this.at - 4)
  }

  /** The next bytes; fewer where there are not as many. */
  take(count: number): Buffer {
    const taken = this.bytes.subarray(this.at, this.at + Math.max(count, 0))
    this.at += Math.max(count, 0)
    return taken
  }

  rest(): Buffer {
    return this.take(this.bytes.length - this.at)
  }
}

/** Fields of ErrorResponse and NoticeResponse by their letter ("Error and Notice Message Fields"). */
export function messageFields(bytes: Buffer): ReadonlyMap<string, string> {
  const reader = new BodyReader(bytes)
  const fields = new Map<string, string>()
  while (!reader.isAtEnd) {
    const letter = String.fromCharCode(reader.take(1)[0] ?? 0)
    if (letter === '\0') break
    fields.set(letter, reader.string())
  }
  return fields
}

/** An ErrorResponse that ends a session, as Postgres writes it. */
export function fatalError(code: string, message: string): Buffer {
  return errorResponse('FATAL', code, message)
}

export function errorResponse(severity: 'ERROR' | 'FATAL', code: string, message: string): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${code}`, `M${message}`].map(cString)
  return frame('E', ...fields, Buffer.alloc(1))
}

import { connect } from 'node:net'
import {
  BodyReader,
  cString,
  frame,
  headerBytes,
  int16,
  int32,
  messageFields,
  type Frame,
} from '../../src/postgres/frames.ts'
import type { WireSocket } from '../../src/postgres/wire-login.ts'

/** A client that says exactly what it is told to, and keeps every message that it gets. */
export class Conversation implements AsyncDisposable {
  /** Every message that the server sent, as it came; what differs from run to run is blotted out. */
  readonly heard: string[] = []
  readonly wire: WireSocket
  private readonly waiting: { readonly done: (one: Frame) => boolean; readonly resolve: () => void }[] = []
  private unread: Frame[] = []
  isClosed = false
  /** Of messages that came in stretches: what followed the first. */
  largeBytes = 0

  constructor(wire: WireSocket) {
    this.wire = wire
    wire.reader.take = (one) => this.take(one)
    wire.socket.on('close', () => {
      this.isClosed = true
      this.heard.push('closed')
      for (const one of this.waiting.splice(0)) one.resolve()
    })
    wire.socket.resume()
  }

  say(...messages: readonly Buffer[]): void {
    this.wire.socket.write(Buffer.concat(messages))
  }

  /** Waits for a message of this type, from the last that was waited for on. */
  async hear(type: string, times = 1): Promise<void> {
    let left = times
    const done = (one: Frame): boolean => {
      if (one.type === type && one.isHead) left -= 1
      return left === 0
    }
    const seen = this.unread.findIndex(done)
    if (seen >= 0) {
      this.unread = this.unread.slice(seen + 1)
      return
    }
    this.unread = []
    if (this.isClosed) throw new Error(`closed before ${type} came; heard: ${this.heard.join(' | ')}`)
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`no ${type} came; heard: ${this.heard.slice(-10).join(' | ')}`))
      }, 10_000)
      this.waiting.push({
        done,
        resolve: () => {
          clearTimeout(late)
          resolve()
        },
      })
    })
  }

  /** Says it and waits until the server is ready again. */
  async ask(...messages: readonly Buffer[]): Promise<void> {
    this.say(...messages)
    await this.hear('Z')
  }

  private take(one: Frame): void {
    if (one.isHead) this.heard.push(plain(one))
    else this.largeBytes += one.bytes.length
    const [first] = this.waiting
    if (first === undefined) this.unread.push(one)
    else if (first.done(one)) {
      this.waiting.shift()
      first.resolve()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isClosed) return
    const closed = new Promise((resolve) => {
      this.wire.socket.once('close', resolve)
    })
    this.wire.socket.end(frame('X'))
    await closed
  }
}

/** The message as text, without process ids and OIDs of relations. */
function plain({ type, bytes, isWhole }: Frame): string {
  if (!isWhole) return `${type} of ${bytes.readUInt32BE(1)} bytes`
  if (type === 'K') return 'K'
  if (type === 'A') return `A ${bytes.toString('latin1', headerBytes + 4)}`
  if (type === 'T') return `T ${columns(bytes)}`
  if (type === 'E' || type === 'N') return `${type} ${JSON.stringify([...messageFields(bytes)])}`
  const text = bytes.toString('latin1', 1)
  return `${type} ${text.length > 300 ? `${text.length} ${text.slice(0, 100)}` : text}`
}

function columns(bytes: Buffer): string {
  const body = new BodyReader(bytes)
  const all = Array.from({ length: body.int16() }, () => {
    const name = body.string()
    const table = body.int32() === 0 ? 'no table' : 'a table'
    return [name, table, body.int16(), body.int32(), body.int16(), body.int32(), body.int16()]
  })
  return JSON.stringify(all)
}

export const query = (sql: string): Buffer => frame('Q', cString(sql))
export const parse = (sql: string, name = '', types: readonly number[] = []): Buffer =>
  frame('P', cString(name), cString(sql), int16(types.length), ...types.map(int32))
export function bind(values: readonly (string | null)[] = [], name = '', portal = ''): Buffer {
  const written = values.flatMap((value) => {
    if (value === null) return [int32(-1)]
    const bytes = Buffer.from(value)
    return [int32(bytes.length), bytes]
  })
  return frame('B', cString(portal), cString(name), int16(0), int16(values.length), ...written, int16(0))
}
export const describePortal = (name = ''): Buffer => frame('D', Buffer.from('P'), cString(name))
export const describeStatement = (name = ''): Buffer => frame('D', Buffer.from('S'), cString(name))
export const execute = (rows = 0, portal = ''): Buffer => frame('E', cString(portal), int32(rows))
export const closeStatement = (name: string): Buffer => frame('C', Buffer.from('S'), cString(name))
export const closePortal = (name: string): Buffer => frame('C', Buffer.from('P'), cString(name))
export const sync = frame('S')
export const flush = frame('H')
export const copyData = (text: string): Buffer => frame('d', Buffer.from(text))
export const copyDone = frame('c')
export const copyFail = (why: string): Buffer => frame('f', cString(why))
/** One statement as most drivers send it. */
export const extended = (sql: string, ...values: readonly (string | null)[]): Buffer =>
  Buffer.concat([parse(sql), bind(values), describePortal(), execute()])

/** Sends bytes to a port and gives what comes back until it closes. */
export function exchangeRaw(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    const parts: Buffer[] = []
    socket.on('data', (chunk: Buffer) => parts.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(parts)))
    socket.on('error', reject)
    socket.write(bytes)
  })
}

import { createHash } from 'node:crypto'
import { connect as connectSocket, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import {
  BodyReader,
  FrameReader,
  cString,
  frame,
  int32,
  messageFields,
  type Frame,
  type FrameLimits,
} from './frames.ts'
import { ScramClient } from './scram.ts'

/** Where a server listens, and as whom to log in. */
export interface WireAddress {
  /** A host name, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly tls: ConnectionOptions | false
  readonly user: string
  readonly password: string
}

/** What to ask of a new backend. */
export interface WireStart {
  readonly database: string
  /** Startup parameters other than `user` and `database`. */
  readonly parameters: Readonly<Record<string, string>>
  /** Of protocol 3: 0, or 2 from Postgres 18 on. */
  readonly minorVersion: number
}

/** A connection that has logged in, and that speaks the protocol as it is. */
export interface WireSocket {
  /** Paused: nothing is read until somebody resumes it. */
  readonly socket: Socket
  /** Cuts what the socket reads; its `take` is the caller's to set before resuming. */
  readonly reader: FrameReader
  /** What the server said behind AuthenticationOk, up to and with ReadyForQuery. */
  readonly greeting: readonly Frame[]
  readonly processId: number
  readonly secretKey: Buffer
  /** Asks the server to cancel what this backend does. Never rejects. */
  cancel(): Promise<void>
}

/** The server said no: its ErrorResponse. */
export class WireRefusal extends Error {
  readonly response: Buffer

  constructor(response: Buffer) {
    super(messageFields(response).get('M') ?? 'the server refuses the connection')
    this.response = response
  }
}

const timeoutMs = 20_000

/** A notice may be as large as 1 GB; what is larger than this is handed on in stretches. */
const mostHeldBytes = 8 * 1024 ** 2

const backendLimits: FrameLimits = {
  largestBytes: () => Number.MAX_SAFE_INTEGER,
  heldBytes: (type) => (type === 'D' || type === 'd' ? 64 * 1024 : mostHeldBytes),
}

/**
 * Connects and logs in.
 * @throws WireRefusal with the server's own words; Error when it cannot be reached or wants what we cannot give.
 */
export async function openWire(address: WireAddress, start: WireStart): Promise<WireSocket> {
  const socket = await dial(address)
  try {
    socket.write(startupPacket(address, start))
    const login = new Login(socket, address)
    const { greeting, reader, processId, secretKey } = await inTime(socket, login.done)
    return {
      socket,
      reader,
      greeting,
      processId,
      secretKey,
      cancel: () => cancel(address, processId, secretKey),
    }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function startupPacket({ user }: WireAddress, { database, parameters, minorVersion }: WireStart): Buffer {
  const pairs = Object.entries({ user, database, ...parameters })
    .flat()
    .map(cString)
  const body = Buffer.concat([int32(3 * 65_536 + minorVersion), ...pairs, Buffer.alloc(1)])
  return Buffer.concat([int32(body.length + 4), body])
}

/** A connection that nothing has been said on, encrypted where that is asked for. */
async function dial({ host, port, tls }: WireAddress): Promise<Socket> {
  const socket = host.startsWith('/')
    ? connectSocket({ path: `${host}/.s.PGSQL.${port}` })
    : connectSocket({ host, port, noDelay: true, keepAlive: true })
  // whoever waits for something on it hears of it there; an error without a listener would end the process
  socket.on('error', () => undefined)
  await inTime(socket, event(socket, 'connect'))
  if (tls === false) return socket
  socket.write(Buffer.concat([int32(8), int32(sslRequest)]))
  const answer = await inTime(socket, firstByte(socket))
  if (answer !== 'S') {
    socket.destroy()
    throw new Error('the server does not offer TLS')
  }
  const servername = host.includes(':') || /^[\d.]+$/.test(host) ? {} : { servername: host }
  const secure = connectTls({ ...tls, ...servername, host, socket })
  secure.on('error', () => undefined)
  await inTime(secure, event(secure, 'secureConnect'))
  return secure
}

export const sslRequest = 80_877_103
export const gssRequest = 80_877_104
export const cancelRequest = 80_877_102

function event(socket: Socket, name: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve) => {
    socket.once(name, () => resolve())
  })
}

function firstByte(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause()
      // what stands behind it is not encrypted, so nobody's word (CVE-2021-23222)
      resolve(chunk.length === 1 ? chunk.toString('latin1') : '')
    })
  })
}

/** Rejects when the socket ends or nothing happens. */
async function inTime<T>(socket: Socket, work: Promise<T>): Promise<T> {
  let stop: () => void = () => undefined
  const trouble = new Promise<never>((_resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the server does not answer')), timeoutMs)
    const closed = (): void => reject(new Error('the server closed the connection'))
    socket.once('error', reject)
    socket.once('close', closed)
    stop = () => {
      clearTimeout(late)
      socket.off('error', reject)
      socket.off('close', closed)
    }
  })
  try {
    return await Promise.race([work, trouble])
  } finally {
    stop()
  }
}

async function cancel(address: WireAddress, processId: number, secretKey: Buffer): Promise<void> {
  try {
    const socket = await dial(address)
    const body = Buffer.concat([int32(cancelRequest), int32(processId), secretKey])
    socket.end(Buffer.concat([int32(body.length + 4), body]))
    // the server closes when it has sent the signal
    socket.resume()
    await inTime(socket, new Promise((resolve) => socket.once('end', resolve)))
    socket.destroy()
  } catch {
    // the server is gone, and with it what was to be cancelled
  }
}

interface LoggedIn {
  readonly greeting: readonly Frame[]
  readonly reader: FrameReader
  readonly processId: number
  readonly secretKey: Buffer
}

/** The conversation from the startup packet to the first ReadyForQuery. */
class Login {
  readonly done: Promise<LoggedIn>
  private readonly socket: Socket
  private readonly address: WireAddress
  private readonly scram: ScramClient
  private readonly reader: FrameReader
  private readonly greeting: Frame[] = []
  private isAuthenticated = false
  private processId = 0
  private secretKey: Buffer = Buffer.alloc(0)
  private resolve: (result: LoggedIn) => void = () => undefined
  private reject: (error: Error) => void = () => undefined

  constructor(socket: Socket, address: WireAddress) {
    this.socket = socket
    this.address = address
    this.scram = new ScramClient(address.password)
    this.reader = new FrameReader(backendLimits, (one) => this.take(one))
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    socket.on('data', (chunk: Buffer) => this.reader.push(chunk))
  }

  private take(one: Frame): void {
    try {
      this.read(one)
    } catch (error) {
      this.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  private read(one: Frame): void {
    if (one.type === 'E') throw new WireRefusal(one.bytes)
    if (one.type === 'R') return this.authenticate(new BodyReader(one.bytes))
    // NegotiateProtocolVersion: we ask for what the server has
    if (one.type === 'v') return
    if (!this.isAuthenticated && one.type !== 'N') throw new Error('the server does not speak the protocol')
    this.greeting.push(one)
    if (one.type === 'K') {
      const body = new BodyReader(one.bytes)
      this.processId = body.int32()
      this.secretKey = body.rest()
    }
    if (one.type !== 'Z') return
    this.socket.pause()
    const { greeting, reader, processId, secretKey } = this
    this.resolve({ greeting, reader, processId, secretKey })
  }

  /** AuthenticationOk is 0; the others by their numbers in "Message Formats". */
  private authenticate(body: BodyReader): void {
    const { user, password } = this.address
    const kind = body.int32()
    if (kind === 0) this.isAuthenticated = true
    else if (kind === 3) this.send(cString(password))
    else if (kind === 5) this.send(cString(`md5${md5(md5(password + user), body.take(4))}`))
    else if (kind === 10) this.beginScram(body)
    else if (kind === 11) this.send(Buffer.from(this.scram.answer(body.rest().toString('utf8'))))
    else if (kind === 12) this.endScram(body.rest().toString('utf8'))
    else throw new Error('the server asks for a way to log in that is not known here')
  }

  private beginScram(body: BodyReader): void {
    const offered: string[] = []
    while (!body.isAtEnd) offered.push(body.string())
    if (!offered.includes('SCRAM-SHA-256')) throw new Error('the server does not offer SCRAM-SHA-256')
    const first = Buffer.from(this.scram.first)
    this.send(cString('SCRAM-SHA-256'), int32(first.length), first)
  }

  private endScram(final: string): void {
    if (!this.scram.accepts(final)) throw new Error('the server does not know the password itself')
  }

  private send(...parts: readonly Buffer[]): void {
    this.socket.write(frame('p', ...parts))
  }
}

function md5(text: string, salt: Buffer = Buffer.alloc(0)): string {
  return createHash('md5').update(text).update(salt).digest('hex')
}

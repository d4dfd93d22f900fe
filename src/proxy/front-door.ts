import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import { BodyReader, cString, fatalError, frame, int32 } from '../postgres/frames.ts'
import { ScramServer, type ScramSecret } from '../postgres/scram.ts'
import { cancelRequest, gssRequest, sslRequest } from '../postgres/wire-login.ts'
import { ByteReader } from './byte-reader.ts'
import type { ThrowawayCertificate } from './certificate.ts'

/** Bytes of a startup packet (MAX_STARTUP_PACKET_LENGTH, pqcomm.h) and of an answer to a question for a password. */
const mostStartupBytes = 10_000
const mostPasswordBytes = 65_535

/** Who may come in, and as what. */
export interface Door {
  readonly user: string
  readonly secret: ScramSecret
  /** Nobody knows this one. */
  readonly decoy: ScramSecret
  readonly certificate: ThrowawayCertificate
  readonly tls: SecureContext
  /** Of protocol 3. */
  readonly minorVersion: number
}

export function doorTls({ certificate, authority, key }: ThrowawayCertificate): SecureContext {
  return createSecureContext({ cert: certificate + authority, key, minVersion: 'TLSv1.2' })
}

/** A client that has proven to know the password, or one that asks for a cancel. */
export type Visitor =
  | {
      readonly kind: 'client'
      readonly socket: Socket
      readonly database: string
      readonly parameters: Readonly<Record<string, string>>
      readonly minorVersion: number
    }
  | {
      readonly kind: 'cancel'
      readonly processId: number
      readonly secretKey: Buffer
      readonly socket: Socket
    }

/** The client gets this answer and no other. */
class Refusal extends Error {
  readonly answer: Buffer

  constructor(code: string, message: string) {
    super(message)
    this.answer = fatalError(code, message)
  }
}

/**
 * Speaks with a client until it is logged in, as Postgres does (ProcessStartupPacket(), backend_startup.c; auth-scram.c):
 * TLS asked for or begun at once, no GSSAPI, SCRAM-SHA-256. Undefined when it was refused or went away; it has been told.
 */
export async function admit(plain: Socket, door: Door): Promise<Visitor | undefined> {
  let socket = plain
  try {
    const visit = new Visit(plain, door, (secured) => {
      socket = secured
    })
    return await visit.run()
  } catch (error) {
    if (error instanceof Refusal) farewell(socket, error.answer)
    else socket.destroy()
    return undefined
  }
}

/** The last that a client hears. What it still says is thrown away: unread, it would keep the socket open for good. */
export function farewell(socket: Socket, answer: Buffer = Buffer.alloc(0)): void {
  socket.end(answer)
  // a stream that somebody listens to for `readable` does not flow
  socket.removeAllListeners('readable')
  socket.resume()
  const late = setTimeout(() => socket.destroy(), farewellMs)
  socket.once('close', () => clearTimeout(late))
}

/** For a client that does not go. */
const farewellMs = 2000

class Visit {
  private socket: Socket
  private reader: ByteReader
  private binding: Buffer | undefined
  private readonly door: Door
  private readonly secured: (socket: Socket) => void

  constructor(socket: Socket, door: Door, secured: (socket: Socket) => void) {
    this.socket = socket
    this.door = door
    this.secured = secured
    this.reader = new ByteReader(socket)
  }

  async run(): Promise<Visitor | undefined> {
    let mayAskGss = true
    for (;;) {
      const head = await this.reader.read(8)
      if (head[0] === tlsHandshake && this.binding === undefined) {
        await this.beginTlsAtOnce(head)
        continue
      }
      const code = head.readUInt32BE(4)
      if (code === sslRequest && this.binding === undefined) await this.beginTls()
      else if (code === gssRequest && mayAskGss) {
        mayAskGss = false
        this.socket.write('N')
      } else {
        return this.startup(head.readUInt32BE(0), code)
      }
    }
  }

  private async beginTls(): Promise<void> {
    if (this.reader.hasMore) {
      // CVE-2021-23222
      throw new Refusal('08P01', 'received unencrypted data after SSL request')
    }
    this.reader.release()
    this.socket.write('S')
    await this.encrypt()
  }

  /** sslnegotiation=direct: the client must name the protocol (ALPN). */
  private async beginTlsAtOnce(head: Buffer): Promise<void> {
    this.reader.unread(head)
    this.reader.release()
    const socket = await this.encrypt()
    if (socket.alpnProtocol !== 'postgresql') {
      throw new Refusal(
        '08P01',
        'received direct SSL connection request without ALPN protocol negotiation extension',
      )
    }
  }

  private async encrypt(): Promise<TLSSocket> {
    const socket = new TLSSocket(this.socket, {
      isServer: true,
      secureContext: this.door.tls,
      ALPNProtocols: ['postgresql'],
    })
    this.socket = socket
    this.secured(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secure', resolve)
      socket.on('error', reject)
      socket.once('close', () => reject(new Error('closed')))
    })
    this.binding = this.door.certificate.binding
    this.reader = new ByteReader(socket)
    return socket
  }

  private async startup(length: number, code: number): Promise<Visitor | undefined> {
    if (length < 8 || length > mostStartupBytes)
      throw new Refusal('08P01', 'invalid length of startup packet')
    const body = await this.reader.read(length - 8)
    if (code === cancelRequest) {
      this.reader.release()
      const reader = new BodyReader(body, 0)
      return { kind: 'cancel', processId: reader.int32(), secretKey: reader.rest(), socket: this.socket }
    }
    const major = code >>> 16
    const minor = code & 0xffff
    const newest = this.door.minorVersion
    if (major !== 3) {
      throw new Refusal(
        '0A000',
        `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.${newest}`,
      )
    }
    const { user, database, options, parameters } = startupParameters(body)
    if (user === '') throw new Refusal('28000', 'no PostgreSQL user name specified in startup packet')
    if (isReplication(parameters['replication'])) {
      throw new Refusal(
        '0A000',
        'pgrehearse does not pass on replication connections: connect without replication',
      )
    }
    const minorVersion = Math.min(minor, newest)
    if (minor > newest || options.length > 0) this.negotiate(minorVersion, options)
    await this.authenticate(user)
    this.reader.release()
    const { replication: _replication, ...passedOn } = parameters
    return {
      kind: 'client',
      socket: this.socket,
      database: database === '' ? user : database,
      parameters: passedOn,
      minorVersion,
    }
  }

  private negotiate(minorVersion: number, options: readonly string[]): void {
    const version = int32(3 * 65_536 + minorVersion)
    this.socket.write(frame('v', version, int32(options.length), ...options.map(cString)))
  }

  private async authenticate(user: string): Promise<void> {
    const { door } = this
    // a wrong name is found out no sooner than a wrong password
    const scram = new ScramServer(user === door.user ? door.secret : door.decoy, this.binding)
    this.socket.write(frame('R', int32(10), ...scram.mechanisms.map(cString), Buffer.alloc(1)))
    const first = new BodyReader(await this.passwordMessage(), 0)
    const mechanism = first.string()
    if (!scram.mechanisms.some((offered) => offered === mechanism))
      throw new Refusal('08P01', 'client selected an invalid SASL authentication mechanism')
    const length = first.int32()
    const serverFirst = scram.begin(mechanism, first.take(length).toString('utf8'))
    if (serverFirst === undefined) throw new Refusal('08P01', 'malformed SCRAM message')
    this.socket.write(frame('R', int32(11), Buffer.from(serverFirst)))
    const final = scram.finish((await this.passwordMessage()).toString('utf8'))
    if (final === undefined) throw new Refusal('28P01', `password authentication failed for user "${user}"`)
    this.socket.write(Buffer.concat([frame('R', int32(12), Buffer.from(final)), frame('R', int32(0))]))
  }

  private async passwordMessage(): Promise<Buffer> {
    const head = await this.reader.read(5)
    const length = head.readUInt32BE(1)
    if (head[0] !== 0x70 || length < 4 || length > mostPasswordBytes)
      throw new Refusal('08P01', 'expected SASL response')
    return this.reader.read(length - 4)
  }
}

/** The first byte of a TLS record with a handshake. */
const tlsHandshake = 0x16

interface Startup {
  readonly user: string
  readonly database: string
  /** Names of protocol options, none of which we know. */
  readonly options: readonly string[]
  readonly parameters: Readonly<Record<string, string>>
}

function startupParameters(body: Buffer): Startup {
  const reader = new BodyReader(body, 0)
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>
  const options: string[] = []
  let user = ''
  let database = ''
  for (let name = reader.string(); name !== ''; name = reader.string()) {
    const value = reader.string()
    if (name === 'user') user = value
    else if (name === 'database') database = value
    else if (name.startsWith('_pq_.')) options.push(name)
    else parameters[name] = value
  }
  return { user, database, options, parameters }
}

function isReplication(value: string | undefined): boolean {
  return value !== undefined && !/^(?:f|fa|fal|fals|false|n|no|of|off|0)$/i.test(value)
}

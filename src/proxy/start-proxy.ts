import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { fatalError } from '../postgres/frames.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { scramSecret } from '../postgres/scram.ts'
import { WireRefusal } from '../postgres/wire-login.ts'
import { throwawayCertificate } from './certificate.ts'
import { ClientSession } from './client-session.ts'
import { admit, doorTls, farewell, type Door, type Visitor } from './front-door.ts'
import type { ProxiedSession, Proxy, ProxyAddress, ProxyOptions } from './model.ts'

/** From connecting to being logged in: authentication_timeout is a minute. */
const admissionMs = 30_000
/** As many connections as a tool can want; who has no password may not take all of our descriptors. */
const mostConnections = 500

/**
 * Listens for clients of the Postgres protocol, on 127.0.0.1, a port and a password that are random, and gives each a
 * backend of its own, as the migrator. What they do is told to `options.listener`. The end of `options.signal` is the end
 * of all sessions.
 * @throws when no port can be had.
 */
export async function startProxy(server: PostgresServer, options: ProxyOptions): Promise<Proxy> {
  options.signal.throwIfAborted()
  const proxy = new WireProxy(server, options)
  await proxy.listen()
  return proxy
}

class WireProxy implements Proxy {
  private readonly server: PostgresServer
  private readonly options: ProxyOptions
  private readonly password = randomBytes(24).toString('hex')
  private readonly door: Door
  private readonly listener: Server
  private readonly startedAt = performance.now()
  private readonly sockets = new Set<Socket>()
  private readonly sessions = new Map<string, ClientSession>()
  private readonly said = new Set<string>()
  private readonly work = new Set<Promise<void>>()
  private port = 0
  private sessionCount = 0
  private stopped: Promise<void> | undefined
  private readonly onAbort = (): void => void this.stop()

  constructor(server: PostgresServer, options: ProxyOptions) {
    this.server = server
    this.options = options
    const certificate = throwawayCertificate()
    this.door = {
      user: server.migrator,
      secret: scramSecret(this.password),
      decoy: scramSecret(randomBytes(24).toString('hex')),
      certificate,
      tls: doorTls(certificate),
      minorVersion: server.major >= 18 ? 2 : 0,
    }
    // half open: what a client sent before it left is still to be done
    this.listener = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.welcome(socket))
    this.listener.maxConnections = mostConnections
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.listener.once('error', reject)
      this.listener.listen({ host: '127.0.0.1', port: 0 }, resolve)
    })
    this.port = (this.listener.address() as AddressInfo).port
    this.options.signal.addEventListener('abort', this.onAbort, { once: true })
  }

  get address(): ProxyAddress {
    return {
      host: '127.0.0.1',
      port: this.port,
      user: this.door.user,
      password: this.password,
      database: this.options.database,
      certificate: this.door.certificate.authority,
    }
  }

  async idle(): Promise<void> {
    while (this.work.size > 0) await Promise.all(this.work)
  }

  private welcome(socket: Socket): void {
    // its end is what matters, and that comes by itself
    socket.on('error', () => undefined)
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    const work = this.serve(socket).catch(() => {
      socket.destroy()
    })
    this.work.add(work)
    void work.finally(() => this.work.delete(work))
  }

  private async serve(socket: Socket): Promise<void> {
    const late = setTimeout(() => socket.destroy(), admissionMs)
    const visitor = await admit(socket, this.door)
    clearTimeout(late)
    if (visitor?.kind === 'cancel') {
      this.sessions.get(sessionKey(visitor.processId, visitor.secretKey))?.cancel()
      farewell(visitor.socket)
    } else if (visitor !== undefined) {
      visitor.socket.on('error', () => undefined)
      await this.connect(visitor)
    }
  }

  private async connect(visitor: Visitor & { readonly kind: 'client' }): Promise<void> {
    const { socket, database, parameters, minorVersion } = visitor
    const wire = await this.server
      .openWire({ database, parameters, minorVersion })
      .catch((error: unknown) => refusal(error))
    if (Buffer.isBuffer(wire)) {
      farewell(socket, wire)
      return
    }
    if (this.stopped !== undefined || socket.destroyed) {
      wire.socket.destroy()
      socket.destroy()
      return
    }
    this.sessionCount += 1
    const told: ProxiedSession = { id: this.sessionCount, database, parameters, processId: wire.processId }
    const isLookedInto = database === this.options.database
    if (!isLookedInto)
      this.limited(
        `What is done in the database ${database} was not looked into: ${this.options.database} is rehearsed.`,
      )
    const session = new ClientSession(socket, wire, {
      session: told,
      options: this.options,
      isLookedInto,
      now: () => performance.now() - this.startedAt,
      limited: (message) => this.limited(message),
    })
    const key = sessionKey(wire.processId, wire.secretKey)
    this.sessions.set(key, session)
    session.start()
    await session.done
    this.sessions.delete(key)
  }

  private limited(message: string): void {
    if (this.said.has(message)) return
    this.said.add(message)
    this.options.listener.limited?.(message)
  }

  private stop(): Promise<void> {
    this.stopped ??= this.end()
    return this.stopped
  }

  private async end(): Promise<void> {
    this.options.signal.removeEventListener('abort', this.onAbort)
    this.listener.close()
    await Promise.all([...this.sessions.values()].map((session) => session.stop()))
    for (const socket of this.sockets) socket.destroy()
    await this.idle()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function sessionKey(processId: number, secretKey: Buffer): string {
  return `${processId} ${secretKey.toString('hex')}`
}

/** The server's own words where it has any. */
function refusal(error: unknown): Buffer {
  if (error instanceof WireRefusal) return error.response
  const reason = error instanceof Error ? error.message : String(error)
  return fatalError('08006', `pgrehearse cannot reach the server: ${reason}`)
}

import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FrameError, FrameReader, fatalError, type Frame, type FrameLimits } from '../postgres/frames.ts'
import type { WireSocket } from '../postgres/wire-login.ts'
import { Inbox } from './inbox.ts'
import type { ProxiedSession, ProxyOptions } from './model.ts'
import { Outbox } from './outbox.ts'
import type { Relay } from './relay.ts'
import { Replies } from './replies.ts'
import { Requests } from './requests.ts'
import { Ledger } from './run.ts'

/** A client sends so much ahead before it has to wait. */
const mostInboxBytes = 1024 * 1024
/** Bytes of one message; Postgres takes 1 GB, but Node's strings end at half of that. */
const mostTextBytes = 256 * 1024 ** 2
/** PQ_SMALL_MESSAGE_LIMIT, libpq.h. */
const mostSmallBytes = 10_000
const large = new Set(['Q', 'P', 'B', 'F'])
const known = new Set(['Q', 'P', 'B', 'F', 'D', 'E', 'C', 'S', 'H', 'X', 'd', 'c', 'f'])

const clientLimits: FrameLimits = {
  largestBytes: (type) =>
    type === 'd' ? Number.MAX_SAFE_INTEGER : large.has(type) ? mostTextBytes : mostSmallBytes,
  heldBytes: (type) => (type === 'd' ? 64 * 1024 : Number.MAX_SAFE_INTEGER),
}

/** After a client has gone, what it left running has this long to end by itself, as it would without us. */
const graceMs = 2000

const ownError = 'an error of the proxy ended the session'

export interface SessionContext {
  readonly session: ProxiedSession
  readonly options: ProxyOptions
  readonly isLookedInto: boolean
  now(): number
  limited(message: string): void
}

/** A client and its backend, from the login of both to the end of both. */
export class ClientSession {
  private readonly client: Socket
  private readonly wire: WireSocket
  private readonly relay: Relay
  private readonly replies: Replies
  private readonly inbox = new Inbox()
  private readonly requests: Requests
  private cancelWanted = false
  private hasEnded = false
  private finish: () => void = () => undefined
  /** Resolves when both are gone and everything has been told. */
  readonly done: Promise<void>

  constructor(client: Socket, wire: WireSocket, context: SessionContext) {
    this.client = client
    this.wire = wire
    const { session, options, isLookedInto } = context
    this.relay = {
      session,
      options,
      probe: isLookedInto ? options.probe : undefined,
      toClient: new Outbox(client),
      toServer: new Outbox(wire.socket),
      wire,
      ledger: new Ledger(options.listener, session),
      parameters: new Map(),
      now: () => context.now(),
      limited: (message) => context.limited(message),
    }
    this.replies = new Replies(this.relay)
    this.requests = new Requests(this.relay, this.replies, this.inbox)
    this.replies.onProgress = () => this.inbox.poke()
    this.inbox.onEmpty = () => this.resumeClient()
    this.replies.owed.onAdvance = () => this.deliverCancel()
    this.done = new Promise((resolve) => {
      this.finish = resolve
    })
  }

  start(): void {
    this.relay.options.listener.connected?.(this.relay.session)
    for (const one of this.wire.greeting) this.replies.take(one)
    this.relay.toClient.flush()
    this.listenToServer()
    this.listenToClient()
    this.requests.serve().then(
      () => this.clientIsDone(),
      () => this.end(ownError),
    )
  }

  private listenToServer(): void {
    const { socket, reader } = this.wire
    const { toClient } = this.relay
    reader.take = (one) => {
      try {
        this.replies.take(one)
      } catch {
        this.end(ownError)
      }
    }
    socket.on('data', () => {
      // the reader has had it already: this listener comes second
      toClient.flush()
      if (toClient.isFull) socket.pause()
    })
    this.client.on('drain', () => socket.resume())
    socket.on('close', () => this.end('the server closed the connection unexpectedly'))
    socket.resume()
  }

  private listenToClient(): void {
    const { client, inbox, wire } = this
    const reader = new FrameReader(clientLimits, (one) => this.receive(one))
    client.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch (error) {
        this.refuse(error)
      }
      if (inbox.bytes > mostInboxBytes || this.relay.toServer.isFull) client.pause()
    })
    wire.socket.on('drain', () => this.resumeClient())
    client.on('end', () => inbox.close())
    client.on('close', () => {
      inbox.close()
      // it reads nothing any more, so nothing may wait for that
      wire.socket.resume()
    })
    client.resume()
  }

  private receive(one: Frame): void {
    if (one.isHead && !known.has(one.type))
      throw new FrameError(`invalid frontend message type ${one.type.charCodeAt(0)}`)
    this.inbox.push(one)
  }

  private refuse(error: unknown): void {
    const message = error instanceof FrameError ? error.message : 'the message cannot be read'
    this.client.end(fatalError('08P01', message))
    this.inbox.close()
  }

  private resumeClient(): void {
    if (this.inbox.bytes <= mostInboxBytes && !this.relay.toServer.isFull) this.client.resume()
  }

  /** Passes on a cancel, unless what the client means is over and only we have something under way. */
  cancel(): void {
    this.cancelWanted = true
    this.deliverCancel()
  }

  private deliverCancel(): void {
    const { owed } = this.replies
    if (!this.cancelWanted) return
    const isOurs = owed.first?.kind === 'look' || owed.first?.kind === 'ours'
    if (isOurs && owed.some(({ kind }) => kind !== 'look' && kind !== 'ours' && kind !== 'sync')) return
    this.cancelWanted = false
    if (!isOurs && !owed.isEmpty) void this.wire.cancel()
  }

  private clientIsDone(): void {
    const { socket } = this.wire
    if (this.hasEnded) return
    const late = setTimeout(() => {
      void this.wire.cancel()
      setTimeout(() => socket.destroy(), graceMs).unref()
    }, graceMs)
    socket.once('close', () => clearTimeout(late))
    // with FIN alone it would not notice while a statement runs; what was sent it still reads and does
    if (this.client.destroyed || this.inbox.isClosed) this.relay.toServer.flush()
    socket.end()
    socket.resume()
  }

  /** Ends both sides. `why` completes the error of a statement that was under way. */
  end(why: string): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.relay.toClient.flush()
    this.inbox.close()
    this.wire.socket.destroy()
    this.replies.isLost = true
    if (this.client.writable) this.client.end()
    else this.client.destroy()
    setTimeout(() => this.client.destroy(), graceMs).unref()
    try {
      this.replies.end(why)
      this.relay.options.listener.disconnected?.(this.relay.session)
    } catch {
      this.relay.limited(
        'What the last statements of a session did could not be told: an error of pgrehearse.',
      )
    } finally {
      this.finish()
    }
  }

  /** At once: whatever runs is cancelled. */
  async stop(): Promise<void> {
    if (this.hasEnded) return
    const isBusy = !this.replies.owed.isEmpty
    if (isBusy) await Promise.race([this.wire.cancel(), sleep(graceMs, undefined, { ref: false })])
    this.end('the proxy was stopped')
    this.client.destroy()
  }
}

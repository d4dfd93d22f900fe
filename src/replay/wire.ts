import type { Client } from 'pg'
import type { EventEmitter } from 'node:events'

/**
 * The extended protocol, spoken directly: statement and probe travel in one round trip, and the transaction stays
 * open (no Sync yet) while the probe looks at it. `pg` connects, authenticates and reads and writes the
 * messages; its own query queue is put aside.
 */

/** One command of an exchange. */
export interface WireCommand {
  readonly sql: string
  /** Name of a prepared statement to run instead of parsing `sql`. */
  readonly prepared?: string
  /** Rows for COPY … FROM STDIN. */
  readonly copyData?: string
  /**
   * Its end is told at once. Else the server keeps answers until the end of the exchange, or 8 kB of them (pqcomm.c), so
   * that what follows would count as its time.
   */
  readonly isTimed?: boolean
  /** Only parse `sql`, as a prepared statement of this name, and describe it. `types`: of parameters, 0 where Postgres decides. */
  readonly describe?: { readonly name: string; readonly types: readonly number[] }
}

/**
 * Where transactions end: at the end of the exchange (true), not at all (false), or after each command, so that an error
 * of one does not skip the others (`each`).
 */
export type WireSync = boolean | 'each'

/** What a prepared statement takes and gives. */
export interface WireDescription {
  /** OIDs. */
  readonly parameterTypes: readonly number[]
  /** Empty when it gives no rows. */
  readonly fields: readonly WireField[]
}

export interface WireField {
  readonly name: string
  /** OID and attnum of a column that comes straight from a relation; else 0. */
  readonly tableID: number
  readonly columnID: number
  readonly dataTypeID: number
  readonly dataTypeModifier: number
}

export interface WireResult {
  /** Command tag, e.g. `UPDATE 2`; undefined when the command failed or was never reached. */
  readonly tag: string | undefined
  /** Text values, row by row. */
  readonly rows: readonly (readonly (string | null)[])[]
  readonly error: WireError | undefined
  readonly notices: readonly WireNotice[]
  /** From sending the exchange, or the end of the previous command, to the end of this one. */
  readonly durationMs: number
  /** Of a command that only describes. */
  readonly description?: WireDescription
}

export interface WireNotice {
  readonly severity: string
  readonly message: string
}

/** Fields of an ErrorResponse. `code` 08006 stands for a connection that went away. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  /** Character position in the command's text, from 1, in code points as the server counts. */
  readonly position?: number
  readonly internalQuery?: string
  readonly where?: string
  /** Names of what it is about, where Postgres says them. */
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  readonly dataType?: string
}

/** Transaction status of ReadyForQuery: idle, in a block, in a failed block. */
export type TransactionStatus = 'I' | 'T' | 'E'

interface WireConnection extends EventEmitter {
  parse(message: { name: string; text: string; types: readonly number[] }): void
  describe(message: { type: 'S' | 'P'; name: string }): void
  bind(message: { portal: string; statement: string; values: never[]; binary: boolean }): void
  execute(message: { portal: string; rows: number }): void
  flush(): void
  sync(): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  sendCopyFail(message: string): void
  readonly stream: { cork(): void; uncork(): void; setNoDelay?(on: boolean): void }
}

interface Exchange {
  readonly commands: readonly WireCommand[]
  readonly sync: WireSync
  readonly resolve: (results: readonly WireResult[]) => void
}

interface Draft {
  tag: string | undefined
  rows: (readonly (string | null)[])[]
  error: WireError | undefined
  notices: WireNotice[]
  durationMs: number
  description?: WireDescription
}

const queryPhaseEvents = [
  'readyForQuery',
  'rowDescription',
  'dataRow',
  'portalSuspended',
  'emptyQuery',
  'commandComplete',
  'parseComplete',
  'parameterDescription',
  'noData',
  'copyInResponse',
  'copyData',
  'notice',
  'errorMessage',
  'error',
  'end',
]

/** Owns a connected client's wire until {@link WireSession.end}. One exchange at a time. */
export class WireSession {
  private readonly connection: WireConnection
  private exchange: Exchange | undefined
  private drafts: Draft[] = []
  private current = 0
  private startedAt = 0
  private parameterTypes: readonly number[] = []
  private lost: WireError | undefined
  /** Status after the last Sync. */
  status: TransactionStatus = 'I'
  /** Backend process id, for pg_locks, cancel and terminate. */
  readonly processId: number
  /** The last error of the server, with all that it said; undefined: there was none. */
  lastError: WireError | undefined

  constructor(client: Client) {
    const internals = client as unknown as { connection: WireConnection; processID: number }
    this.connection = internals.connection
    this.processId = internals.processID
    for (const event of queryPhaseEvents) this.connection.removeAllListeners(event)
    this.listen()
  }

  get isLost(): boolean {
    return this.lost !== undefined
  }

  /**
   * Sends the commands and waits for all of them. With `sync`, the exchange ends at ReadyForQuery and an
   * implicit transaction commits there; without, it stays open for the next exchange. After an error the
   * server skips the rest, and the exchange is always synced; with `each`, every command ends by itself. COPY … FROM STDIN must travel alone: while it
   * waits for data the server takes anything else for a protocol violation.
   */
  async run(
    commands: readonly WireCommand[],
    options: { readonly sync: WireSync },
  ): Promise<readonly WireResult[]> {
    if (this.exchange !== undefined) throw new Error('WireSession.run: an exchange is under way')
    this.drafts = commands.map(() => ({
      tag: undefined,
      rows: [],
      error: undefined,
      notices: [],
      durationMs: 0,
    }))
    this.current = 0
    this.startedAt = performance.now()
    return new Promise((resolve) => {
      this.exchange = { commands, sync: options.sync, resolve }
      if (this.lost !== undefined) this.loseConnection(this.lost)
      else this.send(commands, options.sync)
    })
  }

  async end(): Promise<void> {
    if (this.lost !== undefined) return
    const { connection } = this
    this.lost = { code: '08003', message: 'session ended' }
    await new Promise<void>((resolve) => {
      connection.once('end', resolve)
      connection.once('error', () => resolve())
      ;(connection as unknown as { end(): void }).end()
    })
  }

  private send(commands: readonly WireCommand[], sync: WireSync): void {
    const { connection } = this
    connection.stream.cork()
    for (const command of commands) {
      this.sendOne(command)
      if (sync === 'each') connection.sync()
      else if (command.isTimed === true) connection.flush()
    }
    if (sync === true || (sync === 'each' && commands.length === 0)) connection.sync()
    else if (sync === false) connection.flush()
    connection.stream.uncork()
  }

  private sendOne({ sql, prepared, describe }: WireCommand): void {
    const { connection } = this
    if (describe !== undefined) {
      connection.parse({ name: describe.name, text: sql, types: describe.types })
      connection.describe({ type: 'S', name: describe.name })
      return
    }
    if (prepared === undefined) connection.parse({ name: '', text: sql, types: [] })
    connection.bind({ portal: '', statement: prepared ?? '', values: [], binary: false })
    connection.execute({ portal: '', rows: 0 })
  }

  private listen(): void {
    const { connection } = this
    connection.on('dataRow', (message: { fields: (string | null)[] }) =>
      this.draft()?.rows.push(message.fields),
    )
    connection.on('commandComplete', (message: { text: string }) => this.finishCommand(message.text))
    connection.on('emptyQuery', () => this.finishCommand(''))
    connection.on('portalSuspended', () => this.finishCommand(''))
    connection.on('parameterDescription', (message: { dataTypeIDs: number[] }) => {
      this.parameterTypes = message.dataTypeIDs
    })
    connection.on('rowDescription', (message: { fields: WireField[] }) =>
      this.describeCommand(message.fields),
    )
    connection.on('noData', () => this.describeCommand([]))
    connection.on('notice', (message: { severity?: string; message?: string }) => {
      // nobody asks for those of queries, and there may be gigabytes of them
      if (this.exchange?.sync === 'each') return
      this.draft()?.notices.push({ severity: message.severity ?? 'NOTICE', message: message.message ?? '' })
    })
    connection.on('copyInResponse', () => this.sendCopyData())
    connection.on('errorMessage', (message: Error) => this.failCommand(toWireError(message)))
    connection.on('readyForQuery', (message: { status: TransactionStatus }) => {
      this.status = message.status
      if (this.exchange?.sync === 'each') this.current += 1
      if (this.exchange?.sync !== 'each' || this.current >= this.drafts.length) this.finishExchange()
    })
    connection.on('error', (error: Error) => this.loseConnection({ code: '08006', message: error.message }))
    connection.on('end', () =>
      this.loseConnection({ code: '08006', message: 'the server closed the connection unexpectedly' }),
    )
  }

  private draft(): Draft | undefined {
    return this.drafts[Math.min(this.current, this.drafts.length - 1)]
  }

  private finishCommand(tag: string): void {
    const draft = this.draft()
    if (draft === undefined || this.exchange === undefined) return
    draft.tag = tag
    this.stopClock(draft)
    if (this.exchange.sync === 'each') return
    this.current += 1
    if (this.current === this.drafts.length && !this.exchange.sync) this.finishExchange()
  }

  private describeCommand(fields: readonly WireField[]): void {
    const draft = this.draft()
    if (draft === undefined || this.exchange?.commands[this.current]?.describe === undefined) return
    draft.description = { parameterTypes: this.parameterTypes, fields }
    this.finishCommand('')
  }

  private failCommand(error: WireError): void {
    const draft = this.draft()
    this.lastError = error
    if (draft !== undefined) {
      // an error at Sync (a deferred constraint, say) belongs to the last command
      draft.error ??= error
      this.stopClock(draft)
    }
    if (this.exchange?.sync === false) this.connection.sync()
  }

  private stopClock(draft: Draft): void {
    const now = performance.now()
    draft.durationMs += now - this.startedAt
    this.startedAt = now
  }

  private sendCopyData(): void {
    const data = this.exchange?.commands[this.current]?.copyData
    if (data === undefined) {
      this.connection.sendCopyFail('no data follows this COPY … FROM STDIN')
    } else {
      this.connection.sendCopyFromChunk(Buffer.from(data, 'utf8'))
      this.connection.endCopyFrom()
    }
    // the server ignores Flush and Sync that arrived while it was waiting for data
    if (this.exchange?.sync === false) this.connection.flush()
    else this.connection.sync()
  }

  private finishExchange(): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.exchange = undefined
    exchange.resolve(this.drafts)
  }

  private loseConnection(error: WireError): void {
    this.lost ??= error
    const draft = this.draft()
    if (this.exchange === undefined || draft === undefined) return
    draft.error ??= error
    this.finishExchange()
  }
}

const namedFields = ['schema', 'table', 'column', 'constraint', 'dataType'] as const

function toWireError(message: Error): WireError {
  const fields = message as Error & {
    code?: string
    detail?: string
    hint?: string
    position?: string
    internalQuery?: string
    where?: string
  } & Record<(typeof namedFields)[number], string | undefined>
  const names = namedFields.flatMap((name) =>
    fields[name] === undefined ? [] : [[name, fields[name]] as const],
  )
  return {
    ...Object.fromEntries(names),
    code: fields.code ?? 'XX000',
    message: fields.message,
    ...(fields.detail === undefined ? {} : { detail: fields.detail }),
    ...(fields.hint === undefined ? {} : { hint: fields.hint }),
    ...(fields.position === undefined ? {} : { position: Number(fields.position) }),
    ...(fields.internalQuery === undefined ? {} : { internalQuery: fields.internalQuery }),
    ...(fields.where === undefined ? {} : { where: fields.where }),
  }
}

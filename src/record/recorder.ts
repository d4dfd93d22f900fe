import type { ProxiedSession, ProxiedStatement, ProxyListener } from '../proxy/model.ts'
import { parseStatement } from '../sql/parse.ts'
import type { RecordedStatement } from './model.ts'
import { textOf, withParameters } from './parameters.ts'
import { statementKind } from './statement-kind.ts'

interface Draft extends Omit<RecordedStatement, 'transaction' | 'outcome'> {
  transaction: number
  outcome: RecordedStatement['outcome']
}

/**
 * Writes down what happens in one database, with what became of the transactions. The parser has to be loaded. Memory
 * that a runaway command would fill is bounded: what comes after {@link mostStatements} is only counted.
 */
export class Recorder implements Pick<
  ProxyListener,
  'connected' | 'statement' | 'transactionEnded' | 'disconnected' | 'limited'
> {
  readonly #database: string
  readonly #drafts: Draft[] = []
  readonly #open = new Map<number, Draft[]>()
  readonly #limits = new Set<string>()
  #ended = 0
  #connections = 0
  #beyond = 0

  constructor(database: string) {
    this.#database = database
  }

  connected(): void {
    this.#connections += 1
  }

  /** `stoppedAfterMs`: we cancelled it. */
  statement(session: ProxiedSession, sent: ProxiedStatement, stoppedAfterMs?: number): void {
    if (session.database !== this.#database) return
    if (this.#drafts.length >= mostStatements) {
      this.#beyond += 1
      return
    }
    const sql = withoutEnd(withParameters(sent.sql, sent.parameters))
    if (sql === '') return
    const { tag, node } = parseStatement(sql)
    const kind = statementKind(tag, node)
    const unread = unreadIn(sent, tag, node)
    const draft: Draft = {
      session,
      sent,
      sql,
      tag,
      node,
      kind,
      transaction: -1,
      outcome: 'rolled back',
      ...(stoppedAfterMs === undefined ? {} : { stoppedAfterMs }),
      ...(unread === undefined ? {} : { unread }),
    }
    this.#drafts.push(draft)
    const open = this.#open.get(session.id)
    if (open === undefined) this.#open.set(session.id, [draft])
    else open.push(draft)
  }

  transactionEnded(session: ProxiedSession, how: 'committed' | 'rolled back'): void {
    const drafts = this.#open.get(session.id) ?? []
    this.#open.delete(session.id)
    if (drafts.length === 0) return
    for (const draft of drafts) {
      draft.transaction = this.#ended
      draft.outcome = how
    }
    this.#ended += 1
  }

  disconnected(session: ProxiedSession): void {
    this.transactionEnded(session, 'rolled back')
  }

  limited(message: string): void {
    this.#limits.add(message)
  }

  get connections(): number {
    return this.#connections
  }

  /** What was recorded, in the order of the server's answers. Transactions that are still open count as rolled back. */
  take(): { readonly statements: readonly RecordedStatement[]; readonly limits: readonly string[] } {
    for (const [id, drafts] of this.#open) {
      const [first] = drafts
      if (first !== undefined) this.transactionEnded({ ...first.session, id }, 'rolled back')
    }
    const tooMany =
      this.#beyond === 0
        ? []
        : [`Only the first ${mostStatements} statements were looked at; ${this.#beyond} more were passed on.`]
    return { statements: this.#drafts, limits: [...this.#limits, ...tooMany] }
  }
}

const mostStatements = 20_000

/** A part of a sentence; undefined where the transcript has everything. */
function unreadIn(
  { parameters, copyData, tag: done }: ProxiedStatement,
  tag: string,
  node: RecordedStatement['node'],
): string | undefined {
  const parameter = parameters.find((one) => one.value !== null && textOf(one) === undefined)
  if (parameter !== undefined) return `a binary parameter of the type with OID ${parameter.type}`
  const isFromClient = tag === 'CopyStmt' && node?.['is_from'] === true && node['filename'] === undefined
  return isFromClient && copyData === undefined && !/^COPY 0$/.test(done ?? 'COPY 0')
    ? 'the rows that it copies in'
    : undefined
}

/** Without the semicolon and the white space at its end. */
function withoutEnd(sql: string): string {
  return sql.replace(/[\s;]+$/, '').replace(/^[\s;]+/, '')
}

import type { ProxiedSession, ProxiedStatement, ProxyListener } from '../proxy/model.ts'
import { parseStatement } from '../sql/parse.ts'
import type { RecordedStatement } from './model.ts'
import { withParameters } from './parameters.ts'
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

  statement(session: ProxiedSession, sent: ProxiedStatement): void {
    if (session.database !== this.#database) return
    if (this.#drafts.length >= mostStatements) {
      this.#beyond += 1
      return
    }
    const sql = withoutEnd(withParameters(sent.sql, sent.parameters))
    if (sql === '') return
    const { tag, node } = parseStatement(sql)
    const kind = statementKind(tag, node)
    const draft: Draft = { session, sent, sql, tag, node, kind, transaction: -1, outcome: 'rolled back' }
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

/** Without the semicolon and the white space at its end. */
function withoutEnd(sql: string): string {
  return sql.replace(/[\s;]+$/, '').replace(/^[\s;]+/, '')
}

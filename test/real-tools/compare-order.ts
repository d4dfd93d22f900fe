import type { Migration, Statement } from '../../src/core/model.ts'
import { normalizeSql } from '../../src/sql/tokens.ts'
import { transactionCommand } from '../../src/sql/transactions.ts'
import type { LoggedMessage } from './log.ts'

/** Where the tool ran something else, or otherwise, than we say it does; empty when it is all the same. */
export function compareOrder(
  migrations: readonly Migration[],
  messages: readonly LoggedMessage[],
): readonly string[] {
  const problems: string[] = []
  const search = new Search(messages)
  let before: Placed | undefined
  for (const { file, statements } of migrations) {
    for (const statement of statements) {
      // a tool's own BEGIN looks like the script's; what stands between them tells enough
      if (transactionCommand(statement.tag, statement.node) !== 'none') continue
      const where = `${file}:${statement.span.start.line} (${beginning(statement)})`
      const message = search.next(normalizeSql(statement.sql))
      if (message === undefined) {
        problems.push(`${where} was not run after what we say comes before it`)
        continue
      }
      const placed = { statement, message, where }
      const problem = before && compareTransactions(before, placed)
      if (problem !== undefined) problems.push(problem)
      before = placed
    }
  }
  return problems
}

interface Placed {
  readonly statement: Statement
  readonly message: LoggedMessage
  readonly where: string
}

/** A message that holds COMMIT and more is logged once, with its first transaction. */
function compareTransactions(one: Placed, other: Placed): string | undefined {
  if (one.message === other.message) return undefined
  const together =
    one.message.session === other.message.session && one.message.transaction === other.message.transaction
  const weSayTogether = one.statement.transaction === other.statement.transaction
  if (together === weSayTogether) return undefined
  const verb = together ? 'commits together with' : 'does not commit together with'
  return `${other.where} ${verb} ${one.where}`
}

class Search {
  readonly #messages: readonly LoggedMessage[]
  #at = 0
  /** How much of the current message has been found already. */
  #offset = 0

  constructor(messages: readonly LoggedMessage[]) {
    this.#messages = messages
  }

  /** The next message that holds this text behind what was found before. */
  next(sql: string): LoggedMessage | undefined {
    for (let at = this.#at; at < this.#messages.length; at++) {
      const message = this.#messages[at]
      const found = message?.sql.indexOf(sql, at === this.#at ? this.#offset : 0) ?? -1
      if (message === undefined || found < 0) continue
      this.#at = at
      this.#offset = found + sql.length
      return message
    }
    return undefined
  }
}

function beginning({ sql }: Statement): string {
  const line = normalizeSql(sql)
  return line.length > 40 ? `${line.slice(0, 39)}…` : line
}

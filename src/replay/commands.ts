import type { Statement } from '../core/model.ts'
import { transactionCommand } from '../sql/transactions.ts'
import type { WireCommand } from './wire.ts'

/** The statement as a command; `sql` stands in where it has to be run differently (see broker.ts). */
export function commandFor(statement: Statement, sql: string = statement.sql): WireCommand {
  if (!readsStdin(statement)) return { sql }
  // psql sends what follows in the file, also when that is nothing
  return { sql, copyData: statement.copyData ?? '' }
}

/** COPY … FROM STDIN: the server will ask for data. */
export function readsStdin({ tag, node, copyData }: Statement): boolean {
  if (copyData !== undefined) return true
  return (
    tag === 'CopyStmt' &&
    node?.['is_from'] === true &&
    node['filename'] === undefined &&
    node['is_program'] !== true
  )
}

/**
 * May a probe follow? Not after BEGIN and SET TRANSACTION: it would take the snapshot that SET TRANSACTION
 * ISOLATION LEVEL has to come before. COMMIT and ROLLBACK end what could be looked at.
 */
export function canProbe({ tag, node }: Pick<Statement, 'tag' | 'node'>): boolean {
  if (tag === 'TransactionStmt') return false
  return !(tag === 'VariableSetStmt' && node?.['kind'] === 'VAR_SET_MULTI')
}

/** ROLLBACK of the whole transaction, not to a savepoint. */
export function isRollback(statement: Statement): boolean {
  return (
    statement.node?.['kind'] === 'TRANS_STMT_ROLLBACK' &&
    transactionCommand(statement.tag, statement.node) !== 'none'
  )
}

/** Does any of the scripts throw away prepared statements (DISCARD ALL, DEALLOCATE), even inside a function? */
export function discardsStatements(texts: Iterable<string>): boolean {
  for (const text of texts) if (/\b(discard|deallocate)\b/i.test(text)) return true
  return false
}

/** Does any of the scripts change what sessions begin with, even inside a function? */
export function setsSessionDefaults(texts: Iterable<string>): boolean {
  for (const text of texts) if (/\balter\s+(?:database|role|user)\b/i.test(text)) return true
  return false
}

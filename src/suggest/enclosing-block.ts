import type { Migration, Statement } from '../core/model.ts'
import { transactionCommand } from '../sql/transactions.ts'

/** BEGIN and COMMIT of the file around a statement, by their index in the migration. */
export interface EnclosingBlock {
  readonly begin: number
  readonly end: number
}

/**
 * The transaction block that the file itself opens around the statement; undefined when there is none (the tool may
 * still wrap the file). A reason where the block cannot be cut in two: savepoints, ROLLBACK, AND CHAIN, a
 * beginning or an end that stands in another file.
 */
export function enclosingBlock(
  { statements, transaction }: Migration,
  statement: Statement,
): EnclosingBlock | { readonly why: string } | undefined {
  if (!statement.inTransactionBlock) return undefined
  const commands = statements.filter(
    (one) => one.tag === 'TransactionStmt' && one.transaction === statement.transaction,
  )
  if (commands.length === 0)
    return transaction.mode === 'statement' ? { why: 'its transaction begins in another file' } : undefined
  const [begin, end] = commands
  const isPlain =
    commands.length === 2 &&
    begin !== undefined &&
    end !== undefined &&
    transactionCommand(begin.tag, begin.node) === 'begin' &&
    end.node?.['kind'] === 'TRANS_STMT_COMMIT' &&
    end.node['chain'] !== true
  if (!isPlain) return { why: 'its transaction is more than one BEGIN and one COMMIT' }
  if (statement.index < begin.index || statement.index > end.index) return undefined
  return { begin: begin.index, end: end.index }
}

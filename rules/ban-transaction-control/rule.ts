import {
  byMigration,
  defineRule,
  transactionCommand,
  type Migration,
  type Remedy,
  type RunStatement,
  type Severity,
} from '../../src/rule.ts'

const messages = {
  endsEarly: ({ command }: { command: string }) =>
    `What follows this ${command} is no longer undone when the migration fails: it ends the transaction of the migration tool, and the rest runs without one.`,
  notedApart: ({ command }: { command: string }) =>
    `A migration that ran can be noted as one that did not: this ${command} ends the transaction of the migration tool before the tool has written down that the file is done.`,
  undoes: () =>
    'Everything before this ROLLBACK is undone, and the migration tool still notes the file as done: it ends the transaction of the tool.',
  undoesNothing: ({ command }: { command: string }) =>
    `This ${command} undoes nothing: there is no transaction, and each statement before it has been committed.`,
  staysOpen: () =>
    'The changes of this transaction are lost when the session ends: nothing in the file commits what BEGIN opens here.',
}

export default defineRule({
  id: 'ban-transaction-control',
  title: 'Ban BEGIN, COMMIT and ROLLBACK against the migration tool',
  severity: 'warning',
  since: '0.1.0',
  messages,
  run({ statements, report }) {
    for (const file of byMigration(statements).values()) {
      const found = firstMistake(file)
      if (found === undefined) continue
      const { at, messageId, severity } = found
      report(
        messageId,
        { command: commandOf(at) },
        {
          at,
          because: at.effects.filter(({ kind }) => kind === 'notice'),
          notes: notesFor(found, at.migration),
          severity,
          remedy: remedies[messageId],
        },
      )
    }
  },
})

interface Mistake {
  readonly at: RunStatement
  readonly messageId: keyof typeof messages
  readonly severity: Severity
}

/** One per file: what comes after is a consequence of it. */
function firstMistake(file: readonly RunStatement[]): Mistake | undefined {
  const [first] = file
  if (first === undefined || refusedAnyway.has(first.migration.source)) return undefined
  const { mode } = first.migration.transaction
  const isWrapped = mode === 'file' || mode === 'run'
  let open: RunStatement | undefined
  for (const [position, one] of file.entries()) {
    const { tag, node, inTransactionBlock } = one.statement
    const command = transactionCommand(tag, node)
    if (command === 'none') continue
    if (command === 'begin') {
      open ??= one
      continue
    }
    const rest = file.slice(position + 1).filter((later) => later.statement.tag !== 'TransactionStmt')
    if (isWrapped) return endOfWrapper(one, command === 'end and chain' ? 0 : rest.length)
    if (open === undefined && !inTransactionBlock) return nothingToEnd(one)
    // the implicit transaction of a simple Query: COMMIT at its end changes nothing
    if (open === undefined && (rest.length > 0 || isRollback(one))) return endOfWrapper(one, rest.length)
    open = command === 'end' ? undefined : one
  }
  return open === undefined || isWrapped ? undefined : { at: open, messageId: 'staysOpen', severity: 'error' }
}

function endOfWrapper(at: RunStatement, following: number): Mistake {
  if (isRollback(at)) return { at, messageId: 'undoes', severity: 'error' }
  return following > 0
    ? { at, messageId: 'endsEarly', severity: 'warning' }
    : { at, messageId: 'notedApart', severity: 'info' }
}

/** COMMIT without a transaction is a mere warning; whoever writes ROLLBACK expects something of it. */
function nothingToEnd(at: RunStatement): Mistake | undefined {
  return isRollback(at) ? { at, messageId: 'undoesNothing', severity: 'warning' } : undefined
}

function isRollback({ statement }: RunStatement): boolean {
  return statement.node?.['kind'] === 'TRANS_STMT_ROLLBACK'
}

/** `COMMIT`, as written but for its case. */
function commandOf({ statement }: RunStatement): string {
  return (/^\w+/.exec(statement.sql)?.[0] ?? 'COMMIT').toUpperCase()
}

/** They stop with an error when a file ends their transaction (lib/pq), which `refused-by-tool` says. */
const refusedAnyway: ReadonlySet<string> = new Set(['atlas', 'dbmate', 'sql-migrate'])

function notesFor({ messageId }: Mistake, { transaction }: Migration): readonly string[] {
  return messageId === 'staysOpen' || messageId === 'undoesNothing'
    ? []
    : [`The transaction around the file comes from the migration tool (${transaction.why}).`]
}

const leaveOut: Remedy = {
  summary:
    'Leave BEGIN and COMMIT to the tool: take them out, or tell it to run this file without a transaction.',
  migrations: [],
}

const remedies: Readonly<Record<keyof typeof messages, Remedy>> = {
  endsEarly: leaveOut,
  notedApart: leaveOut,
  undoes: { summary: 'Take the ROLLBACK out; test a migration on a copy instead.', migrations: [] },
  undoesNothing: { summary: 'Put BEGIN in front of what belongs together, or leave it out.', migrations: [] },
  staysOpen: { summary: 'End the file with COMMIT, or leave BEGIN out.', migrations: [] },
}

import {
  commandName,
  defineRule,
  nonTransactionalForm,
  stepOutsideTransaction,
  type Migration,
} from '../../src/rule.ts'

export default defineRule({
  id: 'ban-concurrently-in-transaction',
  title: 'Ban CONCURRENTLY, VACUUM and their like inside a transaction block',
  severity: 'error',
  since: '0.1.0',
  messages: {
    fails: ({ command }: { command: string }) =>
      `The migration stops here: ${command} cannot run inside a transaction block.`,
  },
  statement({ statement, effects, migration, transaction, report }) {
    // the code has other uses, such as SET TRANSACTION after a query, or a command inside a DO block
    const errors = effects.filter(
      (effect) =>
        effect.kind === 'error' && effect.sqlstate === '25001' && saysTransactionBlock.test(effect.message),
    )
    const form = statement.inTransactionBlock ? nonTransactionalForm(statement) : undefined
    if (errors.length === 0 && form === undefined) return
    const opened = transaction.statements.some((view) => view.statement.tag === 'TransactionStmt')
    report(
      'fails',
      { command: form ?? commandName(statement) },
      {
        because: errors,
        notes: [
          opened
            ? 'The transaction block was opened by the file itself.'
            : `The transaction block comes from the migration tool (${migration.transaction.why}).`,
        ],
        remedy: {
          summary: opened
            ? 'Take it out of BEGIN and COMMIT, into a migration of its own.'
            : ['Put it into a migration of its own.', ...howToLeaveTransaction(migration)].join(' '),
          migrations: [stepOutsideTransaction(statement.sql)],
        },
      },
    )
  },
})

/** PreventInTransactionBlock (xact.c), the only sender of these words. */
const saysTransactionBlock = /inside a transaction block|within a pipeline/

/** Where each tool keeps the switch. */
const switches: Readonly<Record<string, string>> = {
  flyway:
    'Flyway runs it without a transaction when the file holds nothing else, or with executeInTransaction=false in its .conf file.',
  goose: 'Say "-- +goose NO TRANSACTION" in that file.',
  dbmate: 'Write "-- migrate:up transaction:false", and nothing else into that section.',
  'sql-migrate': 'Write "-- +migrate Up notransaction" in that file.',
  atlas: 'Say "-- atlas:txmode none" in its first line, with an empty line behind it.',
  diesel: 'Say run_in_transaction = false in its metadata.toml.',
  sqlx: 'Say "-- no-transaction" in its first line.',
  liquibase: 'Say runInTransaction:false in the line of its changeset.',
  'graphile-migrate': 'Say "--! no-transaction" in the first line below its headers.',
}

/** Said with every remedy of theirs that leaves the transaction. */
const cannot = new Set(['drizzle', 'node-pg-migrate', 'pop', 'refinery'])

function howToLeaveTransaction({ source, transaction }: Migration): readonly string[] {
  if (cannot.has(source)) return []
  if (source !== 'flyway' && transaction.mode === 'simple query')
    return ['It runs without a transaction when it is the only statement of its file.']
  return [switches[source] ?? 'Tell the tool to run that file without a transaction.']
}

import type { Migration, Remedy } from '../core/model.ts'

/**
 * Tools that run no SQL file outside of a transaction, and what to do instead: Migrator.Exec of pop, `migrate` of
 * Drizzle's dialects, refinery's Migrate trait, sqlMigration.js of node-pg-migrate.
 */
const alwaysInTransaction: Readonly<Record<string, string>> = {
  drizzle: 'Drizzle runs every file in a transaction, so that has to run outside of the migrations.',
  'node-pg-migrate':
    'node-pg-migrate runs every SQL file in a transaction: write that as a migration in JavaScript, with pgm.noTransaction().',
  pop: 'pop runs every file in a transaction, so that has to run outside of the migrations.',
  refinery: 'refinery runs every file in a transaction, so that has to run outside of the migrations.',
}

const oneRun =
  'All pending files are one transaction here: deploy each of these migrations before the next one is added.'

/** A remedy, with what the migration's tool makes of its steps: whether they can be run, and apart from each other. */
export function remedyForTool(
  remedy: Remedy,
  { source, transaction: { mode } }: Pick<Migration, 'source' | 'transaction'>,
): Remedy {
  if (mode !== 'run' && mode !== 'file') return remedy
  const [leaves, apart] = [remedy.migrations.some((step) => !step.transaction), remedy.migrations.length > 1]
  const said = [
    ...(leaves ? [alwaysInTransaction[source] ?? ''] : []),
    ...(apart && mode === 'run' ? [oneRun] : []),
  ].filter((sentence) => sentence !== '')
  return said.length === 0 ? remedy : { ...remedy, summary: [remedy.summary, ...said].join(' ') }
}

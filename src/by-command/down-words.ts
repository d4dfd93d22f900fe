/** What is said of a command that goes back otherwise than it should. */

export const wentWords: Readonly<Record<'less far' | 'further' | 'elsewhere', string>> = {
  'less far': 'took back less than what is under review',
  further: 'took back more than what is under review',
  elsewhere: 'led to another version than the one before what is under review',
}

export const stepsHint =
  'It has to take back exactly the migrations under review: PGREHEARSE_MIGRATIONS holds their number, PGREHEARSE_FILES their paths, PGREHEARSE_BEFORE the one before them.'
export const timeoutHint = 'If it needs more time, say so as `migrations: { timeout: … }`.'
export const addressHint =
  'Does it read DATABASE_URL or the variables PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE?'
export const logHint = 'What it printed is in the log of the job.'

/**
 * Rails, Django, Alembic, Sequel, Ecto, Liquibase, node-pg-migrate say so that an author gave no way back; else the author says
 * it, in an error that the migration raises.
 */
export const irreversible = new RegExp(
  [
    'irreversib',
    'not reversible',
    "(?:cannot|can’t|can't|can not) be (?:reversed|reverted|undone|rolled back|downgraded)",
    'NotImplementedError',
    'not implemented',
    'rollback ?impossible',
    'no inverse to',
    'no way back',
    'disabled down migration',
    // Sequelize, where it is not there; Diesel, where its file is empty
    'could not find migration method: down',
    'received an empty query',
    '(?:down(?:grade)?|rollback|rolling back|revert(?:ing)?|undo(?:ing)?|reverse) is not (?:supported|possible|allowed)',
  ].join('|'),
  'i',
)

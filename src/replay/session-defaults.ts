import type { Client } from 'pg'
import { ConfigError } from '../core/errors.ts'
import { splitIdentifierList } from '../sql/names.ts'

/** Settings whose value is a list of names, each quoted by itself (GUC_LIST_QUOTE in guc_tables.c). */
const listsOfNames: ReadonlySet<string> = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
])

/**
 * Gives a database the settings that every session in it begins with. As database defaults they survive RESET ALL and
 * DISCARD ALL in a script. Names in any case.
 * @throws {ConfigError} when Postgres has no such setting, a migrating role may not set it, or the value is none
 */
export async function setSessionDefaults(
  client: Client,
  database: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await refuseForeign(client, Object.keys(settings))
  for (const [name, value] of Object.entries(settings)) {
    const values = listsOfNames.has(name.toLowerCase()) ? splitIdentifierList(value) : [value]
    const literals = (values.length === 0 ? [''] : values).map((one) => client.escapeLiteral(one))
    const target = name
      .split('.')
      .map((word) => client.escapeIdentifier(word))
      .join('.')
    try {
      await client.query(
        `alter database ${client.escapeIdentifier(database)} set ${target} to ${literals.join(', ')}`,
      )
    } catch (cause) {
      if (!isRefusal(cause)) throw cause
      throw notToBeHad(name, `Postgres says: ${cause.message}.`, cause)
    }
  }
}

/** A superuser of ours could give a database more than the role of the migrations may set for itself. */
async function refuseForeign(client: Client, names: readonly string[]): Promise<void> {
  const plain = names.filter((name) => !name.includes('.')).map((name) => name.toLowerCase())
  const { rows } = await client.query<{ name: string; context: string }>(
    'select lower(name) as name, context from pg_catalog.pg_settings where lower(name) = any($1)',
    [plain],
  )
  const contexts = new Map(rows.map(({ name, context }) => [name, context]))
  for (const name of plain) {
    const context = contexts.get(name)
    if (context === undefined) throw notToBeHad(name, 'This version of Postgres does not have it.')
    if (context !== 'user') throw notToBeHad(name, 'A role that runs migrations may not set it.')
  }
}

/** What a value, or a right that we lack, is the reason of; everything else is our own trouble. */
function isRefusal(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['22023', '42704', '42501', '55P02', '42602', '22P02'].includes(code)
}

function notToBeHad(name: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(`The setting ${name} cannot be given to the rehearsal. ${why}`, {
    hint: 'Correct it under "settings" in the configuration, or leave it out.',
    ...(cause === undefined ? {} : { cause }),
  })
}

import type { Client } from 'pg'
import type { Migration } from '../core/model.ts'
import type { KnownNames } from './value-free-error.ts'

const namesSql = `
select relname::text as name from pg_catalog.pg_class where oid >= 16384 and relkind <> 't'
union select nspname from pg_catalog.pg_namespace
union select conname from pg_catalog.pg_constraint where oid >= 16384
union select typname from pg_catalog.pg_type where oid >= 16384 and typtype in ('e', 'd', 'r', 'm', 'b') and typelem = 0
union select attname from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
  where c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'v') and a.attnum > 0 and not a.attisdropped`

/** What Postgres adds to the names of constraints and indexes that have none (ChooseConstraintName, ChooseIndexName). */
const suffixes: readonly string[] = ['pkey', 'key', 'fkey', 'check', 'idx', 'excl', 'not', 'null', 'seq']

/**
 * The names that a database has before migrations run, and the words of these: a migration can give an object the name of
 * a value, and that is no name for a report. Names that Postgres makes itself are made of them.
 */
export async function namesBefore(client: Client, review: readonly Migration[]): Promise<KnownNames> {
  const { rows } = await client.query<{ name: string }>(namesSql)
  return knownNames([...rows.map(({ name }) => name), ...wordsOf(review)])
}

/** See {@link namesBefore}. */
export function knownNames(names: readonly string[]): KnownNames {
  const known = new Set(names)
  const pieces = new Set([...suffixes, ...names.flatMap((name) => name.split('_'))])
  return { has: (name) => known.has(name) || isMade(name.split('_'), pieces) }
}

/**
 * Words that are known, one of the suffixes last. A number stands behind the suffix (makeObjectName: `users_age_key1`), or
 * behind a column that is there already (ChooseIndexColumnNames: `users_lower_lower1_idx`): any other may be a value.
 */
function isMade(words: readonly string[], pieces: ReadonlySet<string>): boolean {
  const [last = ''] = words.slice(-1)
  if (words.length < 2 || !suffixes.includes(withoutNumber(last))) return false
  return words
    .slice(0, -1)
    .every((word, at) => pieces.has(word) || words.slice(0, at).includes(withoutNumber(word)))
}

function withoutNumber(word: string): string {
  return word.replace(/(?<=\D)\d{1,2}$/, '')
}

/** As they stand there, as Postgres folds them, and as long as it keeps them (NAMEDATALEN). */
function wordsOf(review: readonly Migration[]): readonly string[] {
  const words = review
    .flatMap(({ statements }) => statements)
    .flatMap(({ sql }) => [
      ...(sql.match(/[\w$\u0080-\uffff]+/g) ?? []),
      ...[...sql.matchAll(/"((?:[^"]|"")+)"/g)].map(([, quoted = '']) => quoted.replaceAll('""', '"')),
    ])
  const folded = words.flatMap((word) => [word, word.toLowerCase()])
  return folded.map((word) => Buffer.from(word).subarray(0, 63).toString())
}

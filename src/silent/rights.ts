/** Rights, owners and comments that an object made anew is without, and the SQL that gives them back. */
import type { SchemaObject } from '../replay/fingerprint.ts'
import { quoteIdent, quoteLiteral } from '../sql/quote.ts'
import { lastPart, shownName, withoutLast } from './names.ts'

/** A change of rights, from a line of the snapshot such as `SELECT to app with grant option`. */
export interface RightsChange {
  readonly what: string
  /** Who it is about, as the snapshot writes it. */
  readonly role: string
  readonly consequence: string
  readonly restore: string
}

/** Rights that are gone, and what PUBLIC has again. Not those of the owner, nor those that somebody else granted. */
export function rightsChanges(before: SchemaObject, after: SchemaObject): readonly RightsChange[] {
  const [was, is] = [linesOf(before), linesOf(after)]
  const toAll = new Set(is.flatMap((line) => /^(\w+) to PUBLIC$/.exec(line)?.[1] ?? []))
  // everybody may use types (acldefault(), acl.c)
  if (typeKinds.has(after.kind) && !is.includes('no USAGE to PUBLIC')) toAll.add('USAGE')
  const on = objectInGrant(before)
  const name = shownName(before.identity)
  return was.flatMap((line): readonly RightsChange[] => {
    const match = /^(no )?(\w+) to ("(?:[^"]|"")+"|\S+)( with grant option)?$/u.exec(line)
    const [, no, right = '', role = '', option = ''] = match ?? []
    if (match === null || role === 'owner' || is.includes(line)) return []
    if (no !== undefined)
      return role === 'PUBLIC'
        ? [
            {
              what: `REVOKE ${right} FROM PUBLIC`,
              role,
              consequence: `every role has ${right} on ${name}`,
              restore: `REVOKE ${on(right)} FROM PUBLIC`,
            },
          ]
        : []
    if (toAll.has(right)) return []
    return [
      {
        what: `${right} for ${role}`,
        role,
        consequence: `${role === 'PUBLIC' ? 'every role' : role} is without ${right} on ${name}`,
        restore: `GRANT ${on(right)} TO ${role}${option.toUpperCase()}`,
      },
    ]
  })
}

const typeKinds: ReadonlySet<string> = new Set(['enum', 'domain', 'composite type', 'range type', 'type'])

function linesOf({ facts }: SchemaObject): readonly string[] {
  const { grants = [] } = facts
  return typeof grants === 'string' ? [grants] : grants
}

/** `SELECT (total) ON public.orders`, `USAGE ON SEQUENCE public.orders_id_seq`. */
function objectInGrant({ kind, identity }: SchemaObject): (right: string) => string {
  if (kind === 'column')
    return (right) => `${right} (${quoteIdent(lastPart(identity))}) ON ${withoutLast(identity)}`
  const word = grantWords[kind] ?? 'TYPE'
  return (right) => `${right} ON ${word} ${identity}`
}

const grantWords: Readonly<Record<string, string>> = {
  sequence: 'SEQUENCE',
  domain: 'DOMAIN',
  schema: 'SCHEMA',
  'foreign server': 'FOREIGN SERVER',
  'foreign-data wrapper': 'FOREIGN DATA WRAPPER',
}

/** What comes behind ALTER and COMMENT ON; undefined for kinds that have no such statement. */
export function objectInSql(kind: string, identity: string): string | undefined {
  switch (kind) {
    case 'constraint':
    case 'trigger':
    case 'policy':
    case 'rule':
      return `${kind.toUpperCase()} ${quoteIdent(lastPart(identity))} ON ${withoutLast(identity)}`
    case 'domain constraint':
      return `CONSTRAINT ${quoteIdent(lastPart(identity))} ON DOMAIN ${withoutLast(identity)}`
    default: {
      const word = words[kind]
      return word === undefined ? undefined : `${word} ${identity}`
    }
  }
}

const words: Readonly<Record<string, string>> = {
  table: 'TABLE',
  'partitioned table': 'TABLE',
  'foreign table': 'FOREIGN TABLE',
  view: 'VIEW',
  'materialized view': 'MATERIALIZED VIEW',
  column: 'COLUMN',
  index: 'INDEX',
  sequence: 'SEQUENCE',
  enum: 'TYPE',
  'composite type': 'TYPE',
  'range type': 'TYPE',
  type: 'TYPE',
  domain: 'DOMAIN',
  schema: 'SCHEMA',
  statistics: 'STATISTICS',
  collation: 'COLLATION',
  operator: 'OPERATOR',
  'text search configuration': 'TEXT SEARCH CONFIGURATION',
  'text search dictionary': 'TEXT SEARCH DICTIONARY',
  'foreign server': 'SERVER',
  'event trigger': 'EVENT TRIGGER',
}

/** COMMENT ON … as it was. */
export function commentSql(kind: string, identity: string, text: string): string | undefined {
  const object = objectInSql(kind, identity)
  return object === undefined ? undefined : `COMMENT ON ${object} IS ${quoteLiteral(text)}`
}

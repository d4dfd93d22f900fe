import type { SchemaObject, SchemaSnapshot } from '../replay/fingerprint.ts'
import { areVersionColumns, isVersionSchema, isVersionTable, mayBeTheApplications } from './version-tables.ts'

/** Without what migration tools keep for themselves: they make it when they first run, and leave it on their way down. */
export function withoutVersionTables({ objects }: SchemaSnapshot): SchemaSnapshot {
  const tables = objects.flatMap(({ kind, identity }) => {
    const [schema = '', name = ''] = identity.split('.').map(unquoted)
    if (kind !== 'table' || !isVersionTable({ schema, name })) return []
    const isOwn = !mayBeTheApplications({ schema, name }) || areVersionColumns(columnsOf(identity, objects))
    return isOwn ? [identity] : []
  })
  const isKept = (object: SchemaObject): boolean =>
    !tables.some((table) => belongsTo(object, table)) &&
    !(object.kind === 'schema' && isVersionSchema(unquoted(object.identity)))
  return { objects: objects.filter(isKept) }
}

function columnsOf(table: string, objects: readonly SchemaObject[]): readonly string[] {
  return objects.flatMap(({ kind, identity }) =>
    kind === 'column' && identity.startsWith(`${table}.`) ? [unquoted(identity.slice(table.length + 1))] : [],
  )
}

/** Columns and constraints have its name before theirs; indexes and sequences say whose they are. */
function belongsTo({ kind, identity, facts }: SchemaObject, table: string): boolean {
  if (identity === table || identity.startsWith(`${table}.`)) return true
  if (kind !== 'index' && kind !== 'sequence') return false
  return Object.values(facts).some(
    (fact) => typeof fact === 'string' && (fact.endsWith(table) || fact.startsWith(`${table}.`)),
  )
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

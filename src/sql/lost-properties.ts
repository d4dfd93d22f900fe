/** What a table, view or function had that the one made anew in its place has not, and the SQL that gives it back. */
import type {
  CatalogColumn,
  CatalogGrant,
  CatalogRoutine,
  CatalogTable,
  CatalogTrigger,
  SchemaCatalogs,
} from '../core/model.ts'
import { enforcesSame, fullNameOf } from '../core/schema-changes.ts'
import { quoteIdent, quoteLiteral, quoteName } from './quote.ts'

export interface LostProperty {
  readonly kind: 'row security' | 'rights' | 'protection' | 'structure' | 'remark'
  /** `the policy tenant`, `SELECT for app` */
  readonly what: string
  /** Absent where it cannot be told whole. */
  readonly restore?: string
}

/**
 * What a table or view has lost to the one that has its name now.
 * @param isSwapped it was filled first and renamed then: its columns, keys and indexes are to be those of the old one
 */
export function lostOfTable(
  before: CatalogTable,
  after: CatalogTable,
  catalogs: SchemaCatalogs,
  isSwapped: boolean,
): readonly LostProperty[] {
  const pair = { before, after, name: quoteName(after), type: typeWord(after) }
  return [
    ...lostRowSecurity(pair),
    ...lostGrants(before, after, pair.name),
    ...lostColumnGrants(pair),
    ...lostOwner(before, after, `${pair.type} ${pair.name}`),
    ...lostOptions(before, after),
    ...lostTriggers(pair, catalogs),
    ...(isSwapped
      ? lostStructure(pair)
      : after.kind === 'materialized view'
        ? lostIndexes(before, after)
        : []),
    ...lostPublication(pair, catalogs),
    ...lostReplicaIdentity(pair),
    ...lostReferences(pair, catalogs),
    ...lostComments(pair),
  ]
}

/** What a function has lost to the one that has its name now. */
export function lostOfRoutine(before: CatalogRoutine, after: CatalogRoutine): readonly LostProperty[] {
  const type = after.kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'
  const on = `${type} ${quoteName(after)}(${after.arguments.join(', ')})`
  const toEverybody = (grants: readonly CatalogGrant[] | undefined): boolean =>
    grants?.some(({ grantee }) => grantee === 'PUBLIC') === true
  const isOpened = before.grants !== undefined && !toEverybody(before.grants) && toEverybody(after.grants)
  return [
    ...(isOpened
      ? [
          {
            kind: 'protection' as const,
            what: 'REVOKE EXECUTE FROM PUBLIC',
            restore: `REVOKE EXECUTE ON ${on} FROM PUBLIC`,
          },
        ]
      : []),
    ...lostGrants(before, after, on),
    ...lostOwner(before, after, on),
    ...remark(before.comment, after.comment, on),
  ]
}

interface Pair {
  readonly before: CatalogTable
  readonly after: CatalogTable
  /** As SQL. */
  readonly name: string
  readonly type: string
}

function typeWord({ kind }: CatalogTable): string {
  if (kind === 'view') return 'VIEW'
  return kind === 'materialized view' ? 'MATERIALIZED VIEW' : 'TABLE'
}

function lostRowSecurity({ before, after, name }: Pair): readonly LostProperty[] {
  const was = before.rowSecurity
  const is = after.rowSecurity
  const kind = 'row security'
  const lost: LostProperty[] = []
  if (was !== undefined && is !== undefined) {
    if (was.enabled && !is.enabled)
      lost.push({ kind, what: 'row security', restore: `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY` })
    if (was.enabled && was.forced && !is.forced)
      lost.push({
        kind: 'protection',
        what: 'FORCE ROW LEVEL SECURITY',
        restore: `ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`,
      })
  }
  for (const policy of after.policies === undefined ? [] : (before.policies ?? [])) {
    const { using, withCheck } = policy
    const alike = after.policies?.some(
      (one) =>
        one.name === policy.name ||
        (one.command === policy.command && one.using === using && one.withCheck === withCheck),
    )
    if (alike === true) continue
    const isWhole = using !== 'unknown' && withCheck !== 'unknown'
    const roles = policy.roles.map((role) => (role === 'PUBLIC' ? role : quoteIdent(role))).join(', ')
    const sql = [
      `CREATE POLICY ${quoteIdent(policy.name)} ON ${name}`,
      ...(policy.isPermissive ? [] : ['AS RESTRICTIVE']),
      ...(policy.command === 'all' ? [] : [`FOR ${policy.command.toUpperCase()}`]),
      ...(roles === '' || roles === 'PUBLIC' ? [] : [`TO ${roles}`]),
      ...(using === undefined ? [] : [`USING (${using})`]),
      ...(withCheck === undefined ? [] : [`WITH CHECK (${withCheck})`]),
    ].join(' ')
    lost.push({
      kind: was?.enabled === true ? 'protection' : 'structure',
      what: `the policy ${policy.name}`,
      ...(isWhole ? { restore: sql } : {}),
    })
  }
  return lost
}

interface Owned {
  readonly owner?: string
  readonly grants?: readonly CatalogGrant[]
}

/** Not those of who owns it now, nor what everybody may. */
function lostGrants(before: Owned, after: Owned, on: string): readonly LostProperty[] {
  if (before.grants === undefined || after.grants === undefined) return []
  const now = new Map(after.grants.map(({ grantee, privileges }) => [grantee, privileges]))
  return before.grants.flatMap(({ grantee, privileges }): readonly LostProperty[] => {
    if (grantee === after.owner) return []
    const kept = new Set([...(now.get(grantee) ?? []), ...(now.get('PUBLIC') ?? [])])
    const lost = privileges.filter((privilege) => !kept.has(privilege))
    if (lost.length === 0) return []
    const to = grantee === 'PUBLIC' ? grantee : quoteIdent(grantee)
    const restore = `GRANT ${lost.join(', ')} ON ${on} TO ${to}`
    return [{ kind: 'rights', what: `${lost.join(', ')} for ${grantee}`, restore }]
  })
}

function lostColumnGrants({ before, after, name }: Pair): readonly LostProperty[] {
  return columnPairs(before, after).flatMap(([was, is]): readonly LostProperty[] => {
    const whole = new Map((after.grants ?? []).map(({ grantee, privileges }) => [grantee, privileges]))
    const now = new Map((is.grants ?? []).map(({ grantee, privileges }) => [grantee, privileges]))
    return (is.grants === undefined ? [] : (was.grants ?? [])).flatMap(({ grantee, privileges }) => {
      const kept = new Set([...(now.get(grantee) ?? []), ...(whole.get(grantee) ?? [])])
      const lost = privileges.filter((privilege) => !kept.has(privilege))
      if (lost.length === 0 || grantee === after.owner) return []
      const column = quoteIdent(is.name)
      const rights = lost.map((privilege) => `${privilege} (${column})`).join(', ')
      const to = grantee === 'PUBLIC' ? grantee : quoteIdent(grantee)
      return [
        {
          kind: 'rights' as const,
          what: `${rights} for ${grantee}`,
          restore: `GRANT ${rights} ON ${name} TO ${to}`,
        },
      ]
    })
  })
}

/** Whoever runs the rehearsal is not told. */
function lostOwner(before: Owned, after: Owned, on: string): readonly LostProperty[] {
  const { owner } = before
  if (owner === undefined || after.owner === undefined || owner === after.owner) return []
  if (owner.startsWith('pgrehearse_') || !after.owner.startsWith('pgrehearse_')) return []
  return [
    { kind: 'rights', what: `its owner ${owner}`, restore: `ALTER ${on} OWNER TO ${quoteIdent(owner)}` },
  ]
}

/** `security_invoker` and the like: CREATE OR REPLACE VIEW keeps only those that it repeats. */
export function lostOptions(before: CatalogTable, after: CatalogTable): readonly LostProperty[] {
  if (before.options === undefined || after.options === undefined) return []
  const keyOf = (option: string): string => option.slice(0, option.indexOf('='))
  const now = new Set(after.options.map(keyOf))
  return before.options
    .filter((option) => !now.has(keyOf(option)))
    .map((option) => ({
      kind: keyOf(option).startsWith('security_') ? ('protection' as const) : ('structure' as const),
      what: option.replace('=true', ''),
      restore: `ALTER ${typeWord(after)} ${quoteName(after)} SET (${option.replace('=', ' = ')})`,
    }))
}

function lostTriggers({ before, after }: Pair, { after: schema }: SchemaCatalogs): readonly LostProperty[] {
  if (before.triggers === undefined || after.triggers === undefined) return []
  const isOwn = ({ constraint, isInherited = false }: CatalogTrigger): boolean =>
    constraint === undefined && !isInherited
  const routines = new Set((schema.routines ?? []).map(fullNameOf))
  return before.triggers.filter(isOwn).flatMap((trigger): readonly LostProperty[] => {
    const { name, function: called, definition, enabled } = trigger
    const alike = after.triggers?.some(
      (one) => one.name === name || (called !== undefined && one.function === called),
    )
    // with its function gone it is not wanted any more
    const isGone = called !== undefined && schema.routines !== undefined && !routines.has(called)
    if (alike === true || isGone || enabled === 'disabled') return []
    return [
      {
        kind: 'structure',
        what: `the trigger ${name}`,
        ...(definition === undefined ? {} : { restore: definition }),
      },
    ]
  })
}

/** Of columns that are still there: indexes, constraints, NOT NULL, defaults and identities. */
function lostStructure({ before, after, name }: Pair): readonly LostProperty[] {
  if (before.isPartial === true || after.isPartial === true) return lostIndexes(before, after)
  const names = new Set(after.columns.map((column) => column.name))
  const constraints = before.constraints
    .filter(
      ({ kind, columns, isInherited }) =>
        kind !== 'not null' && !isInherited && columns.every((one) => names.has(one)),
    )
    .filter((constraint) => !after.constraints.some((other) => enforcesSame(constraint, other)))
    .map((constraint): LostProperty => {
      const { definition } = constraint
      const add = `ALTER TABLE ${name} ADD CONSTRAINT ${quoteIdent(constraint.name)} ${definition ?? ''}`
      return {
        kind: 'structure',
        what: `the ${constraint.kind} ${constraint.name}`,
        ...(definition === undefined ? {} : { restore: add }),
      }
    })
  return [...constraints, ...lostIndexes(before, after), ...lostOfColumns(before, after, name)]
}

function lostIndexes(before: CatalogTable, after: CatalogTable): readonly LostProperty[] {
  const names = new Set(after.columns.map((column) => column.name))
  const isView = after.kind === 'materialized view'
  const shape = ({ keys, isUnique, predicate, method }: CatalogTable['indexes'][number]): string =>
    JSON.stringify([keys.map(({ column, expression }) => column ?? expression), isUnique, predicate, method])
  const now = new Set(after.indexes.map(shape))
  return before.indexes
    .filter(
      (index) => index.constraint === undefined && index.partitionOf === undefined && !now.has(shape(index)),
    )
    .filter(({ keys }) => isView || keys.every(({ column }) => column === undefined || names.has(column)))
    .map(({ name, definition }) => ({
      kind: 'structure',
      what: `the index ${name}`,
      ...(definition === undefined ? {} : { restore: definition }),
    }))
}

function columnPairs(
  before: CatalogTable,
  after: CatalogTable,
): readonly (readonly [CatalogColumn, CatalogColumn])[] {
  return before.columns.flatMap((was) => {
    const is = after.columns.find(({ name }) => name === was.name)
    return is === undefined ? [] : [[was, is] as const]
  })
}

function lostOfColumns(before: CatalogTable, after: CatalogTable, name: string): readonly LostProperty[] {
  if (after.kind === 'view' || after.kind === 'materialized view') return []
  return columnPairs(before, after).flatMap(([was, is]): readonly LostProperty[] => {
    const column = quoteIdent(is.name)
    const alter = `ALTER TABLE ${name} ALTER COLUMN ${column}`
    const lost: LostProperty[] = []
    if (was.notNull && !is.notNull)
      lost.push({ kind: 'structure', what: `NOT NULL of ${is.name}`, restore: `${alter} SET NOT NULL` })
    const isFilled = is.default !== undefined || is.identity !== undefined || is.generated !== undefined
    if (was.identity !== undefined && !isFilled)
      lost.push({
        kind: 'structure',
        what: `the identity of ${is.name}`,
        restore: `${alter} ADD GENERATED ${was.identity.toUpperCase()} AS IDENTITY`,
      })
    if (was.default !== undefined && !isFilled)
      lost.push({
        kind: 'structure',
        what: `the default of ${is.name}`,
        ...(was.default === 'unknown' ? {} : { restore: `${alter} SET DEFAULT ${was.default}` }),
      })
    return lost
  })
}

function lostPublication(
  { before, after, name }: Pair,
  { before: old, after: now }: SchemaCatalogs,
): readonly LostProperty[] {
  if (old.publications === undefined || now.publications === undefined) return []
  return old.publications.flatMap((publication): readonly LostProperty[] => {
    const same = now.publications?.find((one) => one.name === publication.name)
    if (same === undefined || !publication.tables.includes(fullNameOf(before))) return []
    if (same.tables.includes(fullNameOf(after))) return []
    return [
      {
        kind: 'structure',
        what: `its place in the publication ${publication.name}`,
        restore: `ALTER PUBLICATION ${quoteIdent(publication.name)} ADD TABLE ${name}`,
      },
    ]
  })
}

function lostReplicaIdentity({ before, after, name }: Pair): readonly LostProperty[] {
  const { replicaIdentity: was } = before
  if (was === undefined || was === 'default' || after.replicaIdentity !== 'default') return []
  const isIndex = typeof was === 'object'
  const value = isIndex ? `USING INDEX ${quoteIdent(was.index)}` : was.toUpperCase()
  return [
    {
      kind: 'structure',
      what: 'its replica identity',
      ...(isIndex ? {} : { restore: `ALTER TABLE ${name} REPLICA IDENTITY ${value}` }),
    },
  ]
}

/** Foreign keys of other tables: they follow the old table under its new name, or went with it. */
function lostReferences({ before, after, name }: Pair, catalogs: SchemaCatalogs): readonly LostProperty[] {
  if (after.kind === 'view' || after.kind === 'materialized view') return []
  const byId = new Map(catalogs.after.tables.map((table) => [table.id, table]))
  return catalogs.before.tables.flatMap((table) =>
    table.constraints.flatMap((constraint): readonly LostProperty[] => {
      const holder = byId.get(table.id)
      const { references, kind, isInherited } = constraint
      if (kind !== 'foreign key' || isInherited || references?.table !== fullNameOf(before)) return []
      if (holder === undefined || table.id === before.id) return []
      const stays = constraint.columns.every((column) => holder.columns.some((one) => one.name === column))
      const isThere = holder.constraints.some((one) => enforcesSame(one, constraint))
      if (isThere || !stays) return []
      const same = holder.constraints.find((one) => one.name === constraint.name)
      const alter = `ALTER TABLE ${quoteName(holder)}`
      const key = quoteIdent(constraint.name)
      const drop = same === undefined ? '' : `${alter} DROP CONSTRAINT ${key};\n`
      const definition = constraint.definition?.replace(/ NOT VALID$/, '')
      return [
        {
          kind: 'structure',
          what: `the foreign key ${constraint.name} of ${holder.name}`,
          ...(definition === undefined || name === ''
            ? {}
            : { restore: `${drop}${alter} ADD CONSTRAINT ${key} ${definition} NOT VALID` }),
        },
      ]
    }),
  )
}

function lostComments({ before, after, name, type }: Pair): readonly LostProperty[] {
  const ofColumns = columnPairs(before, after).flatMap(([was, is]) =>
    remark(was.comment, is.comment, `COLUMN ${name}.${quoteIdent(is.name)}`),
  )
  return [...remark(before.comment, after.comment, `${type} ${name}`), ...ofColumns]
}

function remark(was: string | undefined, is: string | undefined, on: string): readonly LostProperty[] {
  if (was === undefined || is !== undefined) return []
  const what = on.startsWith('COLUMN') ? `the comment on ${on.slice('COLUMN '.length)}` : 'its comment'
  return [{ kind: 'remark', what, restore: `COMMENT ON ${on} IS ${quoteLiteral(was)}` }]
}

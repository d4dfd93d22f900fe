/** Objects that are gone though no statement names them: what a column takes along, what a table made anew is without. */
import type { CatalogConstraint, CatalogIndex } from '../core/model.ts'
import { enforcesSame, sameWords } from '../core/schema-changes.ts'
import type { SchemaObject } from '../replay/fingerprint.ts'
import { quoteIdent } from '../sql/quote.ts'
import type { SilentContext, SilentFact, SilentRestore } from './model.ts'
import { lastPart, nameParts, shownName } from './names.ts'
import { tableOf, type TablePair } from './tables.ts'
import { sayingOf } from './words.ts'

/** What is silent about an object that is there no more. What only CASCADE takes, ban-drop-cascade tells. */
export function lostParts(object: SchemaObject, context: SilentContext): readonly SilentFact[] {
  if (object.kind === 'default privileges') return lostDefaultPrivileges(object, context)
  const old = tableOf(object)
  const table = old === undefined ? undefined : (context.tables.nameNow(old) ?? old)
  const pair = table === undefined ? undefined : context.tables.of(table)
  if (pair === undefined) return []
  const name = lastPart(object.identity)
  const isNamed =
    sayingOf(context.said, 'drop', name, ...(object.kind === 'rule' ? [pair.after.name] : [])).length > 0
  if (isNamed) return []
  switch (object.kind) {
    case 'index':
      return pair.isMadeAnew ? [] : lostIndex(object, pair)
    case 'constraint':
      return pair.isMadeAnew ? [] : lostConstraint(object, pair)
    case 'statistics':
      return lostStatistics(object, pair, context)
    case 'rule':
      return pair.isMadeAnew ? lostRule(object, pair, context) : []
    default:
      return []
  }
}

/** What became of columns: gone for good, or made anew under their name. */
function columnsOf({ before, after }: TablePair): {
  readonly gone: ReadonlySet<string>
  readonly renewed: ReadonlySet<string>
  readonly nameNow: (column: string) => string
} {
  const numbers = new Map(after.columns.map(({ name, number }) => [number, name]))
  const names = new Set(after.columns.map(({ name }) => name))
  const dropped = before.columns.filter(({ number }) => !numbers.has(number)).map(({ name }) => name)
  const numberOf = new Map(before.columns.map(({ name, number }) => [name, number]))
  return {
    gone: new Set(dropped.filter((name) => !names.has(name))),
    renewed: new Set(dropped.filter((name) => names.has(name))),
    nameNow: (column) => numbers.get(numberOf.get(column) ?? 0) ?? column,
  }
}

function fullTable({ after }: TablePair): string {
  return `${quoteIdent(after.schema)}.${quoteIdent(after.name)}`
}

/** The loss of a part of a table with a column of it; undefined: not with a column. */
function withColumn(
  object: SchemaObject,
  pair: TablePair,
  columns: readonly string[],
): Pick<SilentFact, 'subject' | 'kind' | 'identity' | 'line'> | undefined {
  const { gone, renewed } = columnsOf(pair)
  const column = columns.find((one) => renewed.has(one)) ?? columns.find((one) => gone.has(one))
  if (column === undefined) return undefined
  const table = fullTable(pair)
  const isRenewed = renewed.has(column)
  return {
    subject: {
      kind: 'column',
      identity: `${table}.${quoteIdent(column)}`,
      cause: isRenewed ? 'made anew' : 'column',
      column,
    },
    kind: object.kind,
    identity: object.identity,
    line: `- ${object.kind} ${object.identity}`,
  }
}

/** Where every column of it is gone, whoever drops them knows. */
function isAllGone(columns: readonly string[], pair: TablePair): boolean {
  const { gone } = columnsOf(pair)
  return columns.length > 0 && columns.every((column) => gone.has(column))
}

function lostIndex(object: SchemaObject, pair: TablePair): readonly SilentFact[] {
  const name = lastPart(object.identity)
  const index = pair.before.indexes.find((one) => one.name === name)
  if (index === undefined || index.partitionOf !== undefined) return []
  const plain = index.keys.flatMap(({ column }) => column ?? [])
  const hasExpression = plain.length < index.keys.length
  const mentioned = mentionedColumns(object, pair)
  const lost = withColumn(object, pair, mentioned)
  if (lost === undefined || isAllGone(mentioned, pair)) return []
  const { gone, nameNow } = columnsOf(pair)
  const left = plain.filter((column) => !gone.has(column)).map(nameNow)
  const isCovered = pair.after.indexes.some((other) => covers(other, index, left))
  if (isCovered || (left.length === 0 && !hasExpression)) return []
  const isWhole = left.length === plain.length && lost.subject.cause === 'made anew'
  const table = shownName(fullTable(pair))
  const consequence = index.isUnique
    ? `rows that the unique index ${name} kept out of ${table} come in from now on`
    : `queries that search ${table} by ${left.length === 0 ? 'an expression' : left.join(', ')} are without the index ${name}`
  const restore = isWhole ? indexRestore(object, pair) : undefined
  return [{ ...lost, severity: 'warning', consequence, ...(restore === undefined ? {} : { restore }) }]
}

/** Columns of the key, of expressions, of the condition and of INCLUDE. */
function mentionedColumns({ facts }: SchemaObject, { before }: TablePair): readonly string[] {
  const text = String(facts['definition']).replace(/^CREATE .*? USING /su, '')
  const words = new Set(text.match(/[\p{L}\p{N}_$]+/gu))
  return before.columns.map(({ name }) => name).filter((name) => words.has(name))
}

/** Does another index, of the same uniqueness, begin with the columns that are left? */
function covers(other: CatalogIndex, index: CatalogIndex, left: readonly string[]): boolean {
  const keys = other.keys.map(({ column }) => column)
  if (index.isUnique)
    return (
      other.isUnique &&
      sameWords(
        keys.flatMap((key) => key ?? []),
        left,
      ) &&
      left.length > 0
    )
  if (left.length === 0) return other.keys.some(({ expression }) => expression !== undefined)
  return left.every((column, at) => keys[at] === column)
}

function indexRestore({ facts }: SchemaObject, { after }: TablePair): SilentRestore | undefined {
  const { definition } = facts
  if (typeof definition !== 'string') return undefined
  if (after.kind !== 'table') return { sql: definition }
  return { sql: definition.replace(/^(CREATE (?:UNIQUE )?INDEX) /, '$1 CONCURRENTLY '), outside: true }
}

function lostConstraint(object: SchemaObject, pair: TablePair): readonly SilentFact[] {
  const name = lastPart(object.identity)
  const constraint = pair.before.constraints.find((one) => one.name === name)
  if (constraint === undefined || constraint.isInherited) return []
  const { columns, kind } = constraint
  const lost = withColumn(object, pair, columns)
  if (lost === undefined || isAllGone(columns, pair)) return []
  const { gone, nameNow } = columnsOf(pair)
  const left = columns.filter((column) => !gone.has(column)).map(nameNow)
  const now: CatalogConstraint = { ...constraint, columns: left }
  if (pair.after.constraints.some((one) => isLike(one, now, pair))) return []
  const isKey = kind === 'unique' || kind === 'primary key'
  const isIndexed = pair.after.indexes.some(
    ({ isUnique, predicate, keys }) =>
      isUnique &&
      predicate === undefined &&
      sameWords(
        keys.flatMap((key) => key.column ?? []),
        left,
      ),
  )
  if (isKey && isIndexed) return []
  const table = shownName(fullTable(pair))
  const isWhole = left.length === columns.length && lost.subject.cause === 'made anew'
  const { definition } = constraint
  const add = `ALTER TABLE ${fullTable(pair)} ADD CONSTRAINT ${quoteIdent(name)} ${definition ?? ''}`
  const later = (kind === 'check' || kind === 'foreign key') && !add.endsWith('NOT VALID') ? ' NOT VALID' : ''
  return [
    {
      ...lost,
      severity: 'warning',
      consequence:
        kind === 'primary key'
          ? `${table} is without a primary key`
          : `rows that the ${kind} ${name} kept out of ${table} come in from now on`,
      ...(isWhole && definition !== undefined ? { restore: { sql: `${add}${later}` } } : {}),
    },
  ]
}

/** The text of a CHECK changes with the type of its column. */
function isLike(one: CatalogConstraint, lost: CatalogConstraint, { before }: TablePair): boolean {
  if (enforcesSame(one, lost)) return true
  const isNew = before.constraints.every(({ name }) => name !== one.name)
  return one.kind === 'check' && lost.kind === 'check' && isNew && sameWords(one.columns, lost.columns)
}

/** They are gone, or stay with the table that has another name now. */
export function lostStatistics(
  object: SchemaObject,
  pair: TablePair,
  { after }: SilentContext,
): readonly SilentFact[] {
  const items = object.facts['on']
  const table = fullTable(pair)
  if (!Array.isArray(items)) return []
  const on: readonly string[] = items
  const isThere = after.objects.some(
    ({ kind, facts }) =>
      kind === 'statistics' && facts['table'] === table && String(facts['on']) === String(on),
  )
  const columns = on.flatMap((item) => nameParts(item).at(-1) ?? [])
  const known = columns.filter((column) => pair.after.columns.some(({ name }) => name === column))
  if (isThere || known.length < 2) return []
  const lost = pair.isMadeAnew
    ? {
        subject: { kind: pair.after.kind, identity: table, cause: 'made anew' as const },
        kind: object.kind,
        identity: object.identity,
        line: `- statistics ${object.identity}`,
      }
    : withColumn(object, pair, columns)
  if (lost === undefined) return []
  const isTaken = after.objects.some(
    ({ kind, identity }) => kind === 'statistics' && identity === object.identity,
  )
  const isWhole = known.length === on.length && !isTaken
  return [
    {
      ...lost,
      severity: 'warning',
      consequence: `plans of queries on ${shownName(table)} are without the statistics ${shownName(object.identity)}`,
      ...(isWhole ? { restore: { sql: statisticsSql(object, table, on) } } : {}),
    },
  ]
}

function statisticsSql({ identity, facts }: SchemaObject, table: string, on: readonly string[]): string {
  const all = facts['kinds']
  const kinds = (Array.isArray(all) ? all : []).filter((kind) => kind !== 'expressions')
  return `CREATE STATISTICS ${identity} (${kinds.join(', ')}) ON ${on.join(', ')} FROM ${table}`
}

function lostRule(object: SchemaObject, pair: TablePair, { after }: SilentContext): readonly SilentFact[] {
  const { definition } = object.facts
  const table = fullTable(pair)
  const withoutName = (text: unknown): string => String(text).replace(/^CREATE RULE .*? AS\s/su, '')
  const isThere = after.objects.some(
    ({ kind, facts }) => kind === 'rule' && withoutName(facts['definition']) === withoutName(definition),
  )
  if (isThere || typeof definition !== 'string') return []
  return [
    {
      subject: { kind: pair.after.kind, identity: table, cause: 'made anew' },
      kind: 'rule',
      identity: object.identity,
      severity: 'warning',
      consequence: `statements on ${shownName(table)} are no longer rewritten by the rule ${lastPart(object.identity)}`,
      line: `- rule ${object.identity}`,
      restore: { sql: definition.replace(/;$/, '') },
    },
  ]
}

/** They go with their schema, which is there again. */
function lostDefaultPrivileges(object: SchemaObject, { said, after }: SilentContext): readonly SilentFact[] {
  const [, role = '', schema = '', on = ''] =
    /^for role (.+) in schema (.+) on ([a-z ]+)$/su.exec(object.identity) ?? []
  const isThere = after.objects.some(({ kind, identity }) => kind === 'schema' && identity === schema)
  if (!isThere || sayingOf(said, 'default privileges').length > 0) return []
  if (sayingOf(said, 'drop', lastPart(schema)).length === 0) return []
  const { grants = [] } = object.facts
  const lines = typeof grants === 'string' ? [grants] : grants
  const given = lines.flatMap((line) => /^([A-Z]+) to (\S+)$/u.exec(line)?.slice(1, 3).join(' TO ') ?? [])
  const forRole = role.startsWith('pgrehearse_') ? '' : ` FOR ROLE ${role}`
  const sql = given.map((line) => {
    const [right = '', to = ''] = line.split(' TO ')
    return `ALTER DEFAULT PRIVILEGES${forRole} IN SCHEMA ${schema} GRANT ${right} ON ${on.toUpperCase()} TO ${to}`
  })
  return [
    {
      subject: { kind: 'schema', identity: schema, cause: 'made anew' },
      kind: object.kind,
      identity: object.identity,
      severity: 'warning',
      consequence: `nobody gets rights on new ${on} of ${schema} by default`,
      line: `- default privileges ${object.identity} ${lines.join(', ')}`,
      ...(given.length === lines.length && given.length > 0 ? { restore: { sql: sql.join(';\n') } } : {}),
    },
  ]
}

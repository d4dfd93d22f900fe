/** Facts of objects that are there before and after, and differ though no statement says so. */
import type { SchemaObject } from '../replay/fingerprint.ts'
import { quoteIdent } from '../sql/quote.ts'
import { changedColumn, optionsSql } from './columns.ts'
import { lostStatistics } from './lost-parts.ts'
import type { SilentContext, SilentFact, SilentSubject } from './model.ts'
import { lastPart, nameParts, plainName, shownName, withoutLast } from './names.ts'
import { commentSql, objectInSql, rightsChanges } from './rights.ts'
import { changedRoutine, isRoutineKind } from './routines.ts'
import { isPartKind, isTableKind, tableOf, type TablePair } from './tables.ts'
import { sayingOf, type Saying } from './words.ts'

/** An object before and after, with what is known of it. */
interface Changed {
  readonly before: SchemaObject
  readonly after: SchemaObject
  readonly facts: readonly string[]
  readonly context: SilentContext
  /** Of the table that it is or hangs on. */
  readonly pair: TablePair | undefined
}

/** What of the facts that differ no statement explains. */
export function changedFacts(
  before: SchemaObject,
  after: SchemaObject,
  facts: readonly string[],
  context: SilentContext,
): readonly SilentFact[] {
  if (isRoutineKind(after.kind)) return changedRoutine(before, after, facts, context)
  if (after.kind === 'extension' || after.kind === 'aggregate') return []
  const table = tableOf(after)
  const pair = table === undefined ? undefined : context.tables.of(table)
  const changed = { before, after, facts, context, pair }
  if (after.kind === 'statistics' && facts.includes('table')) return movedStatistics(before, context)
  return facts.flatMap((fact) => silentFact(fact, changed))
}

/** Its table has another name now, and another table has its name. */
function movedStatistics(before: SchemaObject, context: SilentContext): readonly SilentFact[] {
  const table = tableOf(before)
  const pair = table === undefined ? undefined : context.tables.of(table)
  return pair?.isMadeAnew === true ? lostStatistics(before, pair, context) : []
}

function silentFact(fact: string, changed: Changed): readonly SilentFact[] {
  const { before, after, context, pair } = changed
  // rules tell what a table or view made anew is without
  const isTold = isTableKind(after.kind) || (after.kind === 'column' && pair !== undefined && pair.isMadeAnew)
  switch (fact) {
    case 'comment':
    case 'index comment':
      return isTold ? [] : lostComment(fact, changed)
    case 'grants':
      return isTold ? [] : lostRights(changed)
    case 'owner':
      return isTold ? [] : lostOwner(changed)
    case 'clustered':
      return lostClustering(changed)
    case 'statistics targets':
      return lostIndexTargets(changed)
    case 'enabled':
      return changedFiring(changed)
    case 'deferrable':
      return lostDeferrability(changed)
    case 'roles':
    case 'command':
    case 'permissive':
      return after.kind === 'policy' ? changedPolicy(fact, changed) : []
    case 'owned by':
      return lostSequenceOwner(changed)
    case 'toast storage parameters':
      return lostToastParameters(changed)
    case 'storage parameters':
      return lostViewOptions(changed)
    default:
      if (after.kind === 'column') return changedColumn(before, after, fact, context)
      return after.kind === 'statistics' && fact === 'statistics target' ? lostStatisticsTarget(changed) : []
  }
}

function says({ after, context }: Changed, saying: Saying): boolean {
  const names = isPartKind(after.kind)
    ? [lastPart(after.identity), lastPart(withoutLast(after.identity))]
    : [lastPart(after.identity)]
  return sayingOf(context.said, saying, ...names).length > 0
}

/** The table where that was made anew, else the object itself. */
function subjectOf({ after, pair }: Changed, cause: SilentSubject['cause'] = 'made anew'): SilentSubject {
  if (pair?.isMadeAnew === true)
    return {
      kind: pair.after.kind,
      identity: `${quoteIdent(pair.after.schema)}.${quoteIdent(pair.after.name)}`,
      cause,
    }
  const table = pair === undefined ? {} : { table: `${pair.after.schema}.${pair.after.name}` }
  return { kind: after.kind, identity: after.identity, cause, ...table }
}

interface Making {
  readonly fact: string
  readonly consequence: string
  readonly severity?: SilentFact['severity']
  readonly restore?: string | undefined
  readonly cause?: SilentSubject['cause']
}

function made(changed: Changed, making: Making): readonly SilentFact[] {
  const { before, after } = changed
  const { fact, consequence, severity = 'warning', restore, cause } = making
  const text = (value: string | readonly string[] | undefined): string =>
    value === undefined ? 'none' : typeof value === 'string' ? value : value.join(', ')
  return [
    {
      subject: subjectOf(changed, cause),
      kind: after.kind,
      identity: after.identity,
      severity,
      consequence,
      line: `~ ${after.kind} ${after.identity}: ${fact} ${text(before.facts[fact])} -> ${text(after.facts[fact])}`,
      ...(restore === undefined ? {} : { restore: { sql: restore } }),
    },
  ]
}

function nameOf({ after }: Changed): string {
  const { kind, identity } = after
  if (kind === 'column' || !isPartKind(kind))
    return `${kind === 'column' ? '' : `${kind} `}${shownName(identity)}`
  return `${kind} ${lastPart(identity)} of ${shownName(withoutLast(identity))}`
}

function lostComment(fact: string, changed: Changed): readonly SilentFact[] {
  const { before, after } = changed
  const text = before.facts[fact]
  if (typeof text !== 'string' || after.facts[fact] !== undefined || says(changed, 'comment')) return []
  const [schema = ''] = nameParts(after.identity)
  const index = `${quoteIdent(schema)}.${quoteIdent(lastPart(after.identity))}`
  const restore =
    fact === 'comment' ? commentSql(after.kind, after.identity, text) : commentSql('index', index, text)
  const consequence = `${nameOf(changed)} is without its comment`
  return made(changed, { fact, consequence, severity: 'info', restore })
}

function lostRights(changed: Changed): readonly SilentFact[] {
  const { before, after, context } = changed
  if (says(changed, 'grant') || says(changed, 'owner') || isRevokedWithTable(changed)) return []
  // whoever inserts into an identity column needs no right on its sequence
  const owned = after.facts['owned by']
  if (after.kind === 'sequence' && typeof owned === 'string' && owned.endsWith('(identity)')) return []
  return rightsChanges(before, after)
    .filter(({ role }) => sayingOf(context.said, 'role', lastPart(role)).length === 0)
    .map(({ what, consequence, restore }) => ({
      subject: subjectOf(changed),
      kind: after.kind,
      identity: after.identity,
      severity: 'warning',
      consequence,
      line: `~ ${after.kind} ${after.identity}: grants - ${what}`,
      restore: { sql: restore },
    }))
}

/** To whoever runs the migrations, who is a role of ours in the rehearsal. */
function lostOwner(changed: Changed): readonly SilentFact[] {
  const { before, after } = changed
  const [was, is] = [before.facts['owner'], after.facts['owner']]
  const object = objectInSql(after.kind, after.identity)
  if (typeof was !== 'string' || typeof is !== 'string') return []
  if (was.startsWith(ourRole) || !is.startsWith(ourRole)) return []
  if (says(changed, 'owner') || object === undefined) return []
  return [
    {
      subject: subjectOf(changed),
      kind: after.kind,
      identity: after.identity,
      severity: 'warning',
      consequence: `${nameOf(changed)} belongs to whoever runs the migrations, no longer to ${was}`,
      line: `~ ${after.kind} ${after.identity}: owner ${was} -> whoever runs the migrations`,
      restore: { sql: `ALTER ${object} OWNER TO ${quoteIdent(was)}` },
    },
  ]
}

const ourRole = 'pgrehearse_'

/** What is revoked on a table is revoked on its columns. */
function isRevokedWithTable({ after, context }: Changed): boolean {
  if (after.kind !== 'column') return false
  const said = sayingOf(context.said, 'grant', lastPart(withoutLast(after.identity)))
  return said.some(({ options }) => options.has('revoke'))
}

/** CLUSTER without an index has none to go by any more. */
function lostClustering(changed: Changed): readonly SilentFact[] {
  const { after, pair } = changed
  if (pair === undefined || after.facts['clustered'] !== undefined) return []
  if (sayingOf(changed.context.said, 'clustered', pair.after.name).length > 0) return []
  const table = `${quoteIdent(pair.after.schema)}.${quoteIdent(pair.after.name)}`
  const index = lastPart(after.identity)
  return made(changed, {
    fact: 'clustered',
    consequence: `CLUSTER ${shownName(table)} no longer knows that it goes by ${index}`,
    restore: `ALTER TABLE ${table} CLUSTER ON ${quoteIdent(index)}`,
  })
}

/** `column 1: 300`, of an index on expressions. */
function lostIndexTargets(changed: Changed): readonly SilentFact[] {
  const { before, after } = changed
  const was = before.facts['statistics targets']
  if (!Array.isArray(was) || after.facts['statistics targets'] !== undefined) return []
  if (says(changed, 'column attributes')) return []
  const [schema = ''] = nameParts(after.identity)
  const index = `${quoteIdent(schema)}.${quoteIdent(lastPart(after.identity))}`
  const sql = was.map((line: string) => {
    const [, column, target] = /^column (\d+): (\d+)$/.exec(line) ?? []
    return `ALTER INDEX ${index} ALTER COLUMN ${column} SET STATISTICS ${target}`
  })
  return made(changed, {
    fact: 'statistics targets',
    consequence: `ANALYZE takes the default statistics target for ${nameOf(changed)}`,
    severity: 'info',
    restore: sql.join(';\n'),
    cause: says(changed, 'drop') ? 'made anew' : rebuiltBy(changed),
  })
}

function lostStatisticsTarget(changed: Changed): readonly SilentFact[] {
  const { before, after } = changed
  const was = before.facts['statistics target']
  if (typeof was !== 'string' || after.facts['statistics target'] !== undefined) return []
  if (says(changed, 'column attributes')) return []
  return made(changed, {
    fact: 'statistics target',
    consequence: `ANALYZE takes the default statistics target for ${nameOf(changed)}, no longer ${was}`,
    severity: 'info',
    restore: `ALTER STATISTICS ${after.identity} SET STATISTICS ${was}`,
    cause: says(changed, 'drop') ? 'made anew' : rebuiltBy(changed),
  })
}

/** ALTER COLUMN TYPE drops and creates what uses the column (ATPostAlterTypeCleanup, tablecmds.c). */
function rebuiltBy({ pair, context }: Changed): SilentSubject['cause'] {
  const isTyped =
    pair !== undefined &&
    !pair.isMadeAnew &&
    context.said.some(({ saying, names }) => saying === 'type' && names.has(pair.after.name))
  return isTyped ? 'type' : 'made anew'
}

const firing: Readonly<Record<string, readonly [sql: string, consequence: string]>> = {
  disabled: ['DISABLE', 'fires again, though it was switched off'],
  replica: ['ENABLE REPLICA', 'fires for every session, and no longer where replicated changes are applied'],
  always: ['ENABLE ALWAYS', 'no longer fires where session_replication_role is replica'],
}

/** A trigger or rule that is made anew fires as usual. */
function changedFiring(changed: Changed): readonly SilentFact[] {
  const { before, after, context } = changed
  const was = before.facts['enabled']
  const known = typeof was === 'string' ? firing[was] : undefined
  if (known === undefined || after.facts['enabled'] !== 'enabled') return []
  if ((after.kind !== 'trigger' && after.kind !== 'rule') || says(changed, 'trigger state')) return []
  const [sql, consequence] = known
  const name = lastPart(after.identity)
  const making = sayingOf(context.said, 'trigger', name, lastPart(withoutLast(after.identity)))
  const isReplaced = making.some(({ options }) => options.has('replace'))
  return made(changed, {
    fact: 'enabled',
    consequence: `${nameOf(changed)} ${consequence}`,
    restore: `ALTER TABLE ${withoutLast(after.identity)} ${sql} ${after.kind.toUpperCase()} ${quoteIdent(name)}`,
    ...(isReplaced ? { cause: 'replaced' } : {}),
  })
}

/** Where the constraint is otherwise the same, and its table too, that is what it was made anew for. */
function lostDeferrability(changed: Changed): readonly SilentFact[] {
  const { before, after, facts, pair } = changed
  const was = before.facts['deferrable']
  if (typeof was !== 'string' || was === 'not deferrable' || after.facts['deferrable'] !== 'not deferrable')
    return []
  if (pair?.isMadeAnew !== true && !facts.includes('definition')) return []
  if (says(changed, 'constraint')) return []
  const isKey = String(after.facts['definition']).startsWith('FOREIGN KEY')
  const table = withoutLast(after.identity)
  const alter = `ALTER TABLE ${table} ALTER CONSTRAINT ${quoteIdent(lastPart(after.identity))} ${was.toUpperCase()}`
  return made(changed, {
    fact: 'deferrable',
    consequence: `${nameOf(changed)} is checked by every statement, no longer at COMMIT${was.endsWith('initially deferred') ? '' : ' where a transaction asks for that'}`,
    restore: isKey ? alter : undefined,
  })
}

function changedPolicy(fact: string, changed: Changed): readonly SilentFact[] {
  const { before, after, facts, pair, context } = changed
  const own = ['roles', 'command', 'permissive']
  const isForced = pair?.isMadeAnew === true || facts.some((one) => !own.includes(one) && one !== 'comment')
  if (!isForced || says(changed, 'policy')) return []
  const name = lastPart(after.identity)
  const table = withoutLast(after.identity)
  const words = { roles: 'to', command: 'for', permissive: 'as' }[fact] ?? ''
  const making = sayingOf(context.said, 'create policy', name, lastPart(table))
  if (making.length === 0 || making.some(({ options }) => options.has(words))) return []
  const was = before.facts[fact]
  const list = Array.isArray(was) ? was.join(', ') : String(was)
  if (fact === 'roles')
    return made(changed, {
      fact,
      consequence: `${nameOf(changed)} is for every role, no longer for ${list} alone`,
      restore: `ALTER POLICY ${quoteIdent(name)} ON ${table} TO ${list}`,
    })
  const consequence =
    fact === 'command'
      ? `${nameOf(changed)} is for every command, no longer ${list} alone`
      : `${nameOf(changed)} lets rows in by itself, and no longer narrows what others let in`
  return made(changed, { fact, consequence })
}

/** The table has another's place, and its column still draws from the sequence of the old one. */
function lostSequenceOwner(changed: Changed): readonly SilentFact[] {
  const { before, after, context } = changed
  const [was, is] = [before.facts['owned by'], after.facts['owned by']]
  if (after.kind !== 'sequence' || typeof was !== 'string' || was.endsWith('(identity)')) return []
  const pair = context.tables.of(plainName(was))
  if (pair?.isMadeAnew !== true || says(changed, 'sequence')) return []
  const column = pair.after.columns.find(({ name }) => name === lastPart(was))
  if (column?.default?.includes(lastPart(after.identity)) !== true) return []
  const owner = typeof is === 'string' ? shownName(is) : 'nothing'
  const consequence =
    typeof is === 'string'
      ? `dropping ${shownName(withoutLast(is))} takes ${shownName(after.identity)} along, from which ${shownName(was)} draws`
      : `${shownName(after.identity)} stays behind when ${shownName(was)} is dropped`
  return made(
    { ...changed, pair },
    {
      fact: 'owned by',
      consequence: `${consequence}: it belongs to ${owner}`.replace(/: it belongs to nothing$/, ''),
      severity: typeof is === 'string' ? 'warning' : 'info',
      restore: `ALTER SEQUENCE ${after.identity} OWNED BY ${was}`,
    },
  )
}

function lostToastParameters(changed: Changed): readonly SilentFact[] {
  const { before, after, pair } = changed
  const fact = 'toast storage parameters'
  if (pair?.isMadeAnew !== true || after.facts[fact] !== undefined || says(changed, 'options')) return []
  const was = before.facts[fact]
  return made(changed, {
    fact,
    consequence: `${shownName(after.identity)} is without the storage parameters of its TOAST table`,
    restore: `ALTER TABLE ${after.identity} SET (${optionsSql(was, 'toast.')})`,
  })
}

/** CREATE OR REPLACE VIEW; what makes a view safe avoid-lost-table-properties tells. */
function lostViewOptions(changed: Changed): readonly SilentFact[] {
  const { before, after, facts, pair } = changed
  const fact = 'storage parameters'
  if (after.kind !== 'view' || pair === undefined || pair.isMadeAnew || says(changed, 'options')) return []
  if (!facts.includes('definition') && !facts.includes('columns')) return []
  const list = (value: string | readonly string[] | undefined): readonly string[] =>
    typeof value === 'string' ? [value] : (value ?? [])
  const was = list(before.facts[fact]).find((option) => option.startsWith('check_option='))
  if (was === undefined || list(after.facts[fact]).some((option) => option.startsWith('check_option=')))
    return []
  return made(changed, {
    fact,
    consequence: `rows that ${shownName(after.identity)} does not show can be written through it`,
    restore: `ALTER VIEW ${after.identity} SET (${was.replace('=', ' = ')})`,
    cause: 'replaced',
  })
}

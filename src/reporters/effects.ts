/** Effects and evidence in words: the receipt under a finding. */

import { blocksWrites, displayName, displayType, lockStrength, whatWaits } from '../core/locks.ts'
import { formatMsRange } from '../core/quantities.ts'
import { isMeasuredTime, timeBasis, timeWords } from '../core/time-words.ts'
import { costLines, isSameTime, samplingLimits, tableName, type Said } from './cost-words.ts'
import { migrationOf } from './migration-of.ts'
import { printableLine } from './printable.ts'
import { postgres } from './words.ts'
import type {
  CatalogChange,
  CatalogEffect,
  ColumnFacts,
  Duration,
  Effect,
  ErrorEffect,
  Evidence,
  EvidencedEffect,
  Finding,
  LockEffect,
  LockMode,
  Relation,
  Report,
  ReportStatement,
  RewriteCause,
  RewriteEffect,
  ScanEffect,
  WriteEffect,
} from '../core/model.ts'

/** Weaker locks are those that queries and DML take themselves. */
const shareUpdate = lockStrength('ShareUpdateExclusiveLock')

/** What lies under a finding, or what one statement does, ready to be read. */
export interface Receipt {
  /** Each effect once. Ends with its evidence where that differs from line to line. */
  readonly effects: readonly string[]
  /** The evidence, said once, when all effects share it. */
  readonly evidence: string | undefined
  /** The rule's facts, then what the statement costs at production size: estimates. */
  readonly notes: readonly string[]
}

/** `measured on PostgreSQL 18.4`, `predicted (…)`, `known (…)`. */
export function describeEvidence(evidence: Evidence): string {
  if (evidence.by === 'measured') {
    const server = postgres(evidence.server)
    return evidence.probe === 'clone'
      ? `measured on a clone of production (${server})`
      : `measured on ${server}`
  }
  return `${evidence.by} (${printableLine(evidence.source)})`
}

/**
 * One effect as a sentence part, or undefined for what is not said to people: WAL, temporary bytes
 * and rows of sample tables are not production's.
 */
export function describeEffect(effect: Effect): string | undefined {
  switch (effect.kind) {
    case 'lock':
      return describeLock(effect)
    case 'rewrite':
      return describeRewrite(effect)
    case 'scan':
      return describeScan(effect)
    case 'truncate':
      return `empties ${relationName(effect.relation)}${effect.cascaded ? ', which only a foreign key leads to' : ''}`
    case 'write':
      return describeWrite(effect)
    case 'catalog':
      return describeCatalog(effect)
    case 'notice':
      return `the server says ${printableLine(effect.severity)}: ${printableLine(effect.message)}`
    case 'error':
      return describeError(effect)
    case 'wal':
    case 'temp':
      return undefined
  }
}

/** The receipt of a finding: its effects in words, `metadata only` where true, its notes, the statement's cost. */
export function receipt(report: Report, finding: Finding): Receipt {
  const statement = statementOf(report, finding)
  if (isAboutQueries(finding))
    return { ...describeEffects(finding.because), notes: finding.notes.map(printableLine) }
  // of several majors, or with a clone of production, the finding may be about more than the statement's own receipt
  const works = finding.because.some(({ kind }) => rowWork.has(kind))
  const metadata = statement !== undefined && !works && isMetadataOnly(statement) ? [metadataOnly] : []
  const notes = finding.notes.map(printableLine)
  const { cost, notes: assumed } = costLines(statement?.cost, saidOf(report, finding))
  const times = timeOf(finding.wait?.ms ?? statement?.cost?.durationMs)
  return { ...describeEffects(finding.because, metadata, times), notes: [...notes, ...cost, ...assumed] }
}

/** Does something else happen to queries than that they wait? Then it is of no interest how long the statement takes. */
export function isAboutQueries({ queries = [], wait }: Finding): boolean {
  return wait === undefined && queries.length > 0 && queries.every(({ what }) => what !== 'waits')
}

/** What stands above the cost of a finding's statement, or will stand elsewhere in the report. */
export function saidOf(report: Report, { message, notes, wait }: Finding): Said {
  const sentences = [message, ...notes].map(printableLine)
  return { notes: [...sentences, ...samplingLimits(report)], ...timeOf(wait?.ms) }
}

function timeOf(ms: Duration | undefined): Pick<Said, 'ms'> {
  return ms === undefined ? {} : { ms }
}

/** What one statement does and costs, for lists of statements. */
export function statementReceipt(report: Report, statement: ReportStatement): Receipt {
  const { effects, cost } = statement
  const { cost: lines, notes } = costLines(cost, { notes: samplingLimits(report) })
  const more = isMetadataOnly(statement) ? [metadataOnly] : []
  return { ...describeEffects(effects, more, timeOf(cost?.durationMs)), notes: [...lines, ...notes] }
}

/** Locks with the time they are held only where nothing else says it: not beside `said`, and not line after line. */
export function withoutRepeatedTimes<One extends Effect>(
  effects: readonly One[],
  { ms }: Pick<Said, 'ms'> = {},
): readonly One[] {
  const times = ms === undefined ? [] : [ms]
  return effects.map((effect) => {
    if (effect.kind !== 'lock' || effect.heldMs === undefined) return effect
    const { heldMs, ...rest } = effect
    const isFelt = effect.relation.existedBefore && lockStrength(effect.mode) >= shareUpdate
    if (!isFelt || times.some((time) => isSameTime(time, heldMs))) return rest as One
    times.push(heldMs)
    return effect
  })
}

/** What one statement does, in the order of the report; `more` is said on the same evidence as the last effect. */
export function describeEffects(
  effects: readonly EvidencedEffect[],
  more: readonly string[] = [],
  above: Pick<Said, 'ms'> = {},
): Receipt {
  const said = withoutRepeatedTimes(effects, above).flatMap((effect) => {
    const text = describeEffect(effect)
    return text === undefined ? [] : [{ text, evidence: describeEvidence(effect.evidence) }]
  })
  const last = said.at(-1)
  if (last !== undefined) said.push(...more.map((text) => ({ text, evidence: last.evidence })))
  const kinds = new Set(said.map(({ evidence }) => evidence))
  const lines = said.map(({ text, evidence }) => (kinds.size === 1 ? text : `${text} — ${evidence}`))
  return { effects: [...new Set(lines)], evidence: kinds.size === 1 ? last?.evidence : undefined, notes: [] }
}

/** Said of a statement that changes the catalogue and touches no row. */
export const metadataOnly = 'metadata only: no row is read or written'

const rowWork: ReadonlySet<Effect['kind']> = new Set(['rewrite', 'scan', 'write', 'truncate', 'error'])

/** Code and queries: no effect tells which rows they read by an index or into a table of their own. */
const readers: ReadonlySet<string> = new Set(['CallStmt', 'CreateTableAsStmt', 'DoStmt', 'SelectStmt'])

/**
 * Does the statement change the catalogue and nothing else? Not said of drops and truncation,
 * where it would sound harmless.
 */
export function isMetadataOnly({
  effects,
  tag,
  cost,
}: Pick<ReportStatement, 'effects' | 'tag' | 'cost'>): boolean {
  if (readers.has(tag) || cost?.growth === 'grows with the table') return false
  const changes = effects.filter((effect) => effect.kind === 'catalog')
  const rows = effects.some(({ kind }) => rowWork.has(kind))
  return changes.length > 0 && !rows && changes.every(({ object, change }) => isHarmless(object.kind, change))
}

function isHarmless(kind: string, change: CatalogChange): boolean {
  if (change.type === 'drop' || change.type === 'drop column') return false
  return !(change.type === 'create' && kind.includes('index'))
}

/** The statement a finding points into. */
export function statementOf(report: Report, finding: Finding): ReportStatement | undefined {
  const at = finding.span.start.offset
  return migrationOf(report, finding)?.statements.find(
    ({ span, sent }) =>
      sent === finding.sent && span.start.offset <= at && (at < span.end.offset || at === span.start.offset),
  )
}

/** What a lock mode means for the application: `reads and writes wait`. */
export function describeMode(mode: LockMode): string {
  if (lockStrength(mode) < shareUpdate) return 'reads and writes go on'
  return blocksWrites(mode) ? `${whatWaits(mode)} wait` : `${whatWaits(mode)} wait, reads and writes go on`
}

/** `orders`, `index orders_pkey of orders`, `sequence billing.invoice_no`. */
export function relationName(relation: Relation): string {
  const name = printableLine(displayName(relation))
  if (relation.kind === 'table' || relation.kind === 'partitioned table') return name
  const owner = relation.table === undefined ? '' : ` of ${tableName(relation.table)}`
  return relation.kind === 'toast table' && owner !== ''
    ? `the TOAST table${owner}`
    : `${relation.kind} ${name}${owner}`
}

function describeLock(lock: LockEffect): string {
  const { relation, mode } = lock
  const fresh = relation.existedBefore ? '' : ', created in this run'
  return `${mode} on ${relationName(relation)}${fresh} (${describeMode(mode)}), ${describeHolding(lock)}`
}

/** `held until commit`, and for how long in production where that is known. */
export function describeHolding({ until, heldMs }: Pick<LockEffect, 'until' | 'heldMs'>): string {
  const held = until === 'commit' ? 'held until commit' : 'given back when the statement ends'
  return heldMs === undefined ? held : `${held}, ${describeHeldTime(heldMs)}`
}

/** `estimated at 3 s in production`, `for 3 s, measured on a clone of production (16.3, 410 GB)` */
export function describeHeldTime(time: Duration): string {
  if (time.onClone === undefined) return `estimated at ${formatMsRange(time)} in production`
  const where = isMeasuredTime(time) ? '' : ' in production'
  return `for ${timeWords(time)}${where}, ${printableLine(timeBasis(time))}`
}

const rewriteReasons: Readonly<Record<RewriteCause, string>> = {
  'column default': 'to fill the new column',
  'column type': 'to change a column type',
  'generated expression': 'to compute the generated column',
  persistence: 'to change LOGGED or UNLOGGED',
  'access method': 'to change the access method',
  tablespace: 'to move it to another tablespace',
  'vacuum full': 'for VACUUM FULL',
  cluster: 'for CLUSTER',
  refresh: 'to refresh it',
  reindex: 'for REINDEX',
  'index rebuild': '',
  unknown: '',
}

function describeRewrite({ relation, cause }: RewriteEffect): string {
  const isIndex = relation.kind === 'index' || relation.kind === 'partitioned index'
  const what = isIndex ? `builds ${relationName(relation)} anew` : `rewrites ${relationName(relation)}`
  return `${what} ${rewriteReasons[cause]}`.trimEnd()
}

const scanReasons: Readonly<Record<ScanEffect['reason'], string>> = {
  validate: ' to validate the constraint',
  'build index': ' to build an index',
  rewrite: ' for the rewrite',
  read: '',
}

function describeScan({ relation, reason }: ScanEffect): string {
  return `reads every row of ${relationName(relation)}${scanReasons[reason]}`
}

function describeWrite({ relation, command, reach }: WriteEffect): string {
  const name = relationName(relation)
  if (command === 'INSERT' || command === 'COPY') {
    return `${command} into ${name}${reach === 'bounded' ? ', a bounded number of rows' : ', as many rows as its source gives'}`
  }
  const rows = {
    'all rows': 'every row',
    filtered: 'every row that matches, bounded by no key and no LIMIT',
    bounded: 'a bounded number of rows',
  }[reach]
  return `${command} of ${name}: ${rows}`
}

function describeError({ sqlstate, message, detail, hint }: ErrorEffect): string {
  const more = [detail, hint].flatMap((part) => (part === undefined ? [] : [printableLine(part)]))
  return [`fails with SQLSTATE ${printableLine(sqlstate)}: ${printableLine(message)}`, ...more].join(' — ')
}

function describeCatalog({ object, change }: CatalogEffect): string {
  const on = object.table === undefined ? '' : ` on ${tableName(object.table)}`
  const kind = printableLine(object.kind)
  return describeChange(change, `${kind} ${printableLine(displayName(object))}${on}`, kind)
}

function describeChange(change: CatalogChange, subject: string, kind: string): string {
  switch (change.type) {
    case 'create':
      return `creates ${subject}`
    case 'drop':
      return change.cascaded ? `drops ${subject} too, by CASCADE` : `drops ${subject}`
    case 'alter':
      return `alters ${subject}`
    case 'rename':
      return `renames ${kind} ${printableLine(change.from)} to ${printableLine(change.to)}`
    case 'move schema':
      return `moves ${subject} from schema ${printableLine(change.from)} to ${printableLine(change.to)}`
    case 'rename column':
      return `renames column ${printableLine(change.from)} of ${subject} to ${printableLine(change.to)}`
    case 'add column':
      return describeNewColumn(change.column, subject)
    default:
      return describeColumnChange(change, subject)
  }
}

function describeNewColumn({ name, type, notNull, filled }: ColumnFacts, subject: string): string {
  const traits = `${notNull ? ' NOT NULL' : ''}${filled ? ', filled by default' : ''}`
  return `adds column ${printableLine(name)} ${printableLine(displayType(type))}${traits} to ${subject}`
}

type ColumnChange = Exclude<
  Extract<CatalogChange, { readonly column: unknown }>,
  { readonly type: 'add column' }
>

function describeColumnChange(change: ColumnChange, subject: string): string {
  const column = `column ${printableLine(change.column)} of ${subject}`
  switch (change.type) {
    case 'drop column':
      return `drops ${column}`
    case 'change type':
      return `changes ${column} from ${printableLine(displayType(change.from))} to ${printableLine(displayType(change.to))}`
    case 'set not null':
      return `makes ${column} NOT NULL`
    case 'drop not null':
      return `lets ${column} be NULL`
    case 'set default':
      return `sets the default of ${column}`
    case 'drop default':
      return `drops the default of ${column}`
  }
}

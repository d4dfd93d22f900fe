import { entryKey, type Baseline, type BaselineEntry, type WrittenEntry } from '../core/baseline.ts'
import type { Finding, HarmlessFinding, Span } from '../core/model.ts'
import { isNotAlwaysFound } from './allows.ts'
import { reservedFinding, reservedFindings, type ReservedId } from './reserved.ts'

/** Findings of the engine that may be accepted for good: they are about what migrations and files are, not what changes. */
const acceptable: ReadonlySet<string> = new Set<ReservedId>([
  'down-blocks-up',
  'down-fails',
  'down-leaves-differences',
  'duplicate-version',
  'exceeds-lock-budget',
  'exceeds-run-budget',
  'exceeds-statement-timeout',
  'migration-fails',
  'missing-version',
  'refused-by-tool',
  'silent-change',
  'unreadable-file',
  'unresolved-placeholder',
  'unsafe-retry',
])

/** Of those: what tells which files they are about is the message, not the fingerprint. */
const aboutFiles: ReadonlySet<string> = new Set<ReservedId>([
  'duplicate-version',
  'missing-version',
  'refused-by-tool',
  'unreadable-file',
  'unresolved-placeholder',
])

/** May a baseline accept findings of this rule? Not those about how findings are accepted, nor those about changes. */
export function isBaselineable(ruleId: string): boolean {
  return acceptable.has(ruleId) || reservedFindings.every(({ id }) => id !== ruleId)
}

export interface BaselineUse {
  readonly baseline: Baseline
  /** Did the run look at what the entry is about, so that a missing finding means that it is mended? */
  readonly isJudged: (entry: WrittenEntry) => boolean
}

type Either = Finding | HarmlessFinding

/**
 * Accepts the findings that the baseline lists: as many equal ones of a file as it has entries for, the first ones.
 * Gives the findings, and one for each entry that no longer matches although the run looked. `findings` sorted.
 */
export function applyBaseline<F extends Either>(
  findings: readonly F[],
  { baseline, isJudged }: BaselineUse,
): { readonly findings: readonly F[]; readonly needless: readonly Finding[] } {
  const byKey = new Map(baseline.entries.map((entry) => [entryKey(entry), entry]))
  const matched = new Set<WrittenEntry>()
  const ordinals = new Ordinals()
  const accepted = findings.map((finding) => {
    if (!isBaselineable(finding.ruleId)) return finding
    const entry = byKey.get(entryKey({ fingerprint: ordinals.next(finding), file: finding.span.file }))
    if (entry === undefined || !isSame(entry, finding)) return finding
    matched.add(entry)
    // an allow comment stands closer; what is harmless needs no acceptance
    return finding.allowed !== undefined || 'harmless' in finding ? finding : accept(finding, entry, baseline)
  })
  const needless = baseline.entries
    .filter((entry) => !matched.has(entry) && baseline.removed?.has(entryKey(entry)) !== true)
    .filter((entry) => !isNotAlwaysFound(entry.rule) && isJudged(entry))
    .map((entry) => needlessEntry(entry, baseline.file))
  return { findings: accepted, needless }
}

function isSame(entry: BaselineEntry, { ruleId, message }: Finding): boolean {
  return entry.rule === ruleId && (!aboutFiles.has(ruleId) || entry.message === message)
}

function accept<F extends Either>(finding: F, { reason, author }: BaselineEntry, { file }: Baseline): F {
  return {
    ...finding,
    allowed: { reason, ...(author === undefined ? {} : { author }), baseline: file },
  }
}

function needlessEntry(entry: WrittenEntry, file: string): Finding {
  const { rule, object, line } = entry
  const start = { line, column: 1, offset: 0 }
  const span: Span = { file, start, end: start }
  const about = object === '' ? '' : ` about ${object}`
  return reservedFinding('needless-baseline-entry', {
    message: `The baseline accepts a finding of ${rule}${about} in ${entry.file} that is no longer there.`,
    span,
    object: rule,
    sql: entryKey(entry),
    notes: [`Its reason was: ${entry.reason}`],
    remedy: {
      summary: 'Remove the entry, or let `pgrehearse baseline --prune` do it.',
      migrations: [],
    },
  })
}

/** Counts equal findings of each file. */
class Ordinals {
  private readonly seen = new Map<string, number>()

  /** The fingerprint for the baseline: the same whatever other files are judged. */
  next({ fingerprint, span: { file } }: Finding): string {
    const base = fingerprint.replace(/-\d+$/, '')
    const key = entryKey({ fingerprint: base, file })
    const count = (this.seen.get(key) ?? 0) + 1
    this.seen.set(key, count)
    return count === 1 ? base : `${base}-${count}`
  }
}

export interface BaselineUpdate {
  /** Of the run, which knew the baseline as it is. */
  readonly findings: readonly Finding[]
  readonly baseline: Baseline | undefined
  /** For entries that are new. */
  readonly acceptance: Pick<BaselineEntry, 'reason' | 'author' | 'date' | 'run'>
  /** Drops entries that no longer match. */
  readonly prune: boolean
}

export interface UpdatedBaseline {
  readonly entries: readonly BaselineEntry[]
  readonly added: number
  readonly dropped: number
  /** Entries that no longer match and were kept. */
  readonly needless: number
  /** Findings that no baseline may accept. */
  readonly refused: readonly Finding[]
}

/** The baseline that accepts what the run found. What was in it keeps its reason, author and date. */
export function updateBaseline(update: BaselineUpdate): UpdatedBaseline {
  const { findings, baseline, acceptance, prune } = update
  const old = new Map((baseline?.entries ?? []).map((entry) => [entryKey(entry), entry]))
  const ordinals = new Ordinals()
  const found = new Map<string, BaselineEntry>()
  for (const finding of findings) {
    if (!isBaselineable(finding.ruleId)) continue
    const entry = toEntry(finding, ordinals.next(finding), acceptance)
    if (finding.allowed === undefined || finding.allowed.baseline !== undefined)
      found.set(entryKey(entry), keepAcceptance(entry, old.get(entryKey(entry))))
  }
  const lines = new Set(findings.filter(isNeedless).map(({ span }) => span.start.line))
  const rest = [...old].flatMap(([key, entry]) => (found.has(key) ? [] : [entry]))
  const kept = rest.filter(({ line }) => !prune || !lines.has(line))
  return {
    entries: [...found.values(), ...kept.map(unplaced)].toSorted(compareEntries),
    added: [...found.keys()].filter((key) => !old.has(key)).length,
    dropped: rest.length - kept.length,
    needless: kept.filter(({ line }) => lines.has(line)).length,
    refused: findings.filter((finding) => finding.allowed === undefined && isRefused(finding)),
  }
}

function isNeedless({ ruleId }: Finding): boolean {
  return ruleId === ('needless-baseline-entry' satisfies ReservedId)
}

function isRefused(finding: Finding): boolean {
  return !isNeedless(finding) && !isBaselineable(finding.ruleId)
}

function toEntry(
  { ruleId, object, span, query, message }: Finding,
  fingerprint: string,
  acceptance: BaselineUpdate['acceptance'],
): BaselineEntry {
  return {
    fingerprint,
    rule: ruleId,
    object,
    file: span.file,
    ...(query === undefined ? {} : { query: query.name }),
    message,
    ...acceptance,
  }
}

/** A message about a file that has become another was not what people accepted. */
function keepAcceptance(entry: BaselineEntry, old: BaselineEntry | undefined): BaselineEntry {
  if (old === undefined || (aboutFiles.has(entry.rule) && old.message !== entry.message)) return entry
  const { author: _author, date: _date, ...rest } = entry
  return {
    ...rest,
    reason: old.reason,
    run: old.run,
    ...(old.author === undefined ? {} : { author: old.author }),
    ...(old.date === undefined ? {} : { date: old.date }),
  }
}

function unplaced({ line: _line, gone: _gone, ...entry }: WrittenEntry): BaselineEntry {
  return entry
}

/** By what does not change when others are added: two branches that add entries rarely touch the same lines. */
function compareEntries(a: BaselineEntry, b: BaselineEntry): number {
  for (const key of ['file', 'rule', 'object', 'fingerprint'] as const) {
    if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1
  }
  return 0
}

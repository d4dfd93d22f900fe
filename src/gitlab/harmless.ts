import {
  blockingLocks,
  catalogEffects,
  existingRewrites,
  existingScans,
  relationKey,
} from '../core/effects.ts'
import { groupBy } from '../core/groups.ts'
import { displayType } from '../core/locks.ts'
import { describeEffect, describeEvidence, statementOf } from '../reporters/effects.ts'
import { migrationOf } from '../reporters/migration-of.ts'
import { objectNames } from '../reporters/object-names.ts'
import { list } from '../reporters/words.ts'
import type {
  CatalogEffect,
  EvidencedEffect,
  LockEffect,
  Report,
  ReportMigration,
  ReportStatement,
} from '../core/model.ts'

/** A change that looks as if it could harm, and why it does not. Plain text that holds names of the migration. */
export interface HarmlessChange {
  readonly file: string
  readonly line: number
  /** `changes column name of table users from varchar(50) to varchar(100)` */
  readonly what: string
  /** `no rewrite, no scan` */
  readonly why: string
  /** `measured on PostgreSQL 18.4`, `predicted` */
  readonly evidence: string
  /** What of it are names. */
  readonly names: ReadonlySet<string>
}

/**
 * Statements without a finding that reviewers stop at, with the reason why they are harmless. Only what the effects
 * show is claimed: a statement that reads or rewrites rows under a lock that stops queries, or whose lock is part of
 * somebody else's finding, is not called harmless.
 */
export function harmlessChanges(report: Report): readonly HarmlessChange[] {
  const judged = [...report.findings, ...report.harmless]
  const suspects = new Set(judged.map((finding) => statementOf(report, finding)))
  const blocked = blockedTables(report)
  const findings = groupBy(report.findings, (finding) => migrationOf(report, finding))
  return report.migrations.flatMap((migration) => {
    if (migration.outcome === 'failed') return []
    const own = findings.get(migration) ?? []
    const causes = new Set(own.flatMap(({ because }) => blockingLocks(because).map(lockKey)))
    return migration.statements
      .filter((statement) => !suspects.has(statement) && !isPartOf(causes, statement))
      .filter((statement) => !mayHarm(statement.effects, blocked.get(statement) ?? new Set()))
      .flatMap((statement) => describeStatement(report, migration, statement))
  })
}

/** Tables whose queries wait while a statement runs: by its own locks, and by those its transaction still holds. */
function blockedTables(report: Report): ReadonlyMap<ReportStatement, ReadonlySet<string>> {
  const blocked = new Map<ReportStatement, ReadonlySet<string>>()
  let held = new Set<string>()
  let current: number | undefined
  for (const statement of report.migrations.flatMap(({ statements }) => statements)) {
    if (statement.transaction !== current) held = new Set()
    current = statement.transaction
    const locks = blockingLocks(statement.effects)
    blocked.set(statement, new Set([...held, ...locks.map(({ relation }) => relationKey(relation))]))
    for (const { relation, until } of locks) if (until === 'commit') held.add(relationKey(relation))
  }
  return blocked
}

/** Is a lock of this statement among those under a finding? */
function isPartOf(causes: ReadonlySet<string>, { effects }: ReportStatement): boolean {
  return blockingLocks(effects).some((lock) => causes.has(lockKey(lock)))
}

function lockKey({ relation, mode }: LockEffect): string {
  return JSON.stringify([relationKey(relation), mode])
}

function describeStatement(
  report: Report,
  { file }: ReportMigration,
  statement: ReportStatement,
): readonly HarmlessChange[] {
  const { effects, span } = statement
  const reasons = new Set<string>()
  const subjects = effects.filter((effect): effect is CatalogEffect & EvidencedEffect => {
    const why = effect.kind === 'catalog' ? whyHarmless(effect, statement) : []
    for (const reason of why) reasons.add(reason)
    return why.length > 0
  })
  if (subjects.length === 0) return []
  const what = list(subjects.flatMap((effect) => describeEffect(effect) ?? []))
  return [
    {
      file,
      line: span.start.line,
      what,
      why: [...reasons].join(', '),
      evidence: evidenceOf(report, statement),
      names: objectNames(effects),
    },
  ]
}

/** Rows written or lost, files written anew, rows read while queries wait, things gone that others use, an error. */
function mayHarm(effects: readonly EvidencedEffect[], blocked: ReadonlySet<string>): boolean {
  return (
    effects.some(({ kind }) => kind === 'error') ||
    effects.some(
      (effect) => (effect.kind === 'truncate' || effect.kind === 'write') && effect.relation.existedBefore,
    ) ||
    existingRewrites(effects).length > 0 ||
    existingScans(effects).some(({ relation }) => blocked.has(relation.table ?? relationKey(relation))) ||
    catalogEffects(effects, 'drop', 'drop column', 'rename', 'rename column', 'move schema').some(
      ({ existedBefore }) => existedBefore,
    )
  )
}

/** The reasons why this change of the catalogue is harmless; none when nobody would ask. */
function whyHarmless(
  { object, change, existedBefore }: CatalogEffect,
  { effects, settings }: ReportStatement,
): readonly string[] {
  const scans = existingScans(effects)
  const noScan = scans.length === 0 ? 'no scan' : 'rows are read while reads and writes go on'
  switch (change.type) {
    case 'change type': {
      if (!existedBefore) return []
      const zoned =
        [change.from, change.to].every((type) => displayType(type).startsWith('time')) &&
        change.from !== change.to
      return ['no rewrite', noScan, ...(zoned ? [`with TimeZone ${settings.timeZone}`] : [])]
    }
    case 'add column':
      return existedBefore && change.column.filled ? ['no rewrite', noScan] : []
    case 'set not null':
      return existedBefore ? [noScan] : []
    case 'create':
      return whyHarmlessIndex(object, effects)
    case 'drop':
      return existedBefore || change.cascaded ? [] : ['this run created it']
    case 'drop column':
    case 'rename':
    case 'rename column':
    case 'move schema':
    case 'alter':
    case 'drop not null':
    case 'set default':
    case 'drop default':
      return []
  }
}

/** An index that is built without stopping anybody. Indexes that come with a table of the same statement are no news. */
function whyHarmlessIndex(
  object: CatalogEffect['object'],
  effects: readonly EvidencedEffect[],
): readonly string[] {
  if (!object.kind.includes('index') || object.table === undefined) return []
  const creates = catalogEffects(effects, 'create').some(
    (effect) => effect.object.kind.includes('table') && relationKey(effect.object) === object.table,
  )
  const scans = effects.filter(
    (effect) => effect.kind === 'scan' && relationKey(effect.relation) === object.table,
  )
  if (creates || scans.length === 0) return []
  return scans.every((scan) => 'relation' in scan && !scan.relation.existedBefore)
    ? ['nobody uses the table yet, this run creates it']
    : ['reads and writes go on while it is built']
}

/** How the statement's effects are known; what did not happen is known the same way. */
function evidenceOf(report: Report, { measured, effects }: ReportStatement): string {
  if (!measured) return 'predicted'
  const others = effects
    .filter(({ evidence }) => evidence.by !== 'measured')
    .map(({ evidence }) => describeEvidence(evidence))
  const server = report.server?.version ?? ''
  const base = server === '' ? 'measured' : describeEvidence({ by: 'measured', probe: '', server })
  return list([base, ...new Set(others)])
}

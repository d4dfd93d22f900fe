import { createHash } from 'node:crypto'
import type {
  Finding,
  QueryRef,
  Range,
  Report,
  ReportMigration,
  ReportQuery,
  Severity,
  Span,
  Wait,
} from '../../src/core/model.ts'
import { plan } from '../../src/gitlab/plan.ts'
import type { Action, ReviewInput, ReviewPlan, ThreadPlace } from '../../src/gitlab/model.ts'
import type { MemoryMergeRequest } from './memory-merge-request.ts'

/** A finding in short: what tests vary. */
export interface MadeFinding {
  /** What it is recognised by; equal names make equal fingerprints. */
  readonly name: string
  readonly file?: string
  readonly line?: number
  readonly severity?: Severity
  readonly message?: string
  readonly evidence?: Finding['evidence']
  readonly allowed?: boolean
  /** `false`: no line of the diff holds it. */
  readonly place?: boolean
  readonly suggestion?: boolean
  /** How long others wait in production, with a range around it. */
  readonly waitMs?: number
  /** Names of queries that wait for it. */
  readonly waiting?: readonly string[]
  /** It is about this query, on that line. */
  readonly query?: string
}

export interface MadeMigration {
  readonly file: string
  readonly outcome?: ReportMigration['outcome']
  readonly measured?: boolean
}

export interface MadeReview {
  readonly findings: readonly MadeFinding[]
  readonly migrations?: readonly MadeMigration[]
  readonly notChecked?: Report['notChecked']
  readonly queries?: Report['queries']
  readonly production?: Report['production']
  readonly settings?: Partial<Report['settings']>
  readonly prefix?: string
  readonly maxThreads?: number
  readonly allowBy?: ReviewInput['policy']['allowBy']
  readonly name?: string
  readonly policyChanges?: ReviewInput['policyChanges']
  readonly pipelineId?: number
  readonly diffVersion?: number | undefined
  readonly forbiddenThreads?: ReadonlySet<string>
}

export function fingerprintOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 20)
}

/** The input of a plan: a report of these findings, for the merge request as it is now. */
export function reviewInput(mergeRequest: MemoryMergeRequest, made: MadeReview): ReviewInput {
  const seen = new Map<string, number>()
  const places = new Map<Finding, ThreadPlace>()
  const findings = made.findings.map((each) => {
    const { name, file = 'a.sql', line = 1 } = each
    const ordinal = (seen.get(name) ?? 0) + 1
    seen.set(name, ordinal)
    const finding = makeFinding(each, ordinal)
    const suggestion = finding.suggestion !== undefined
    if (each.place !== false) places.set(finding, { oldPath: file, newPath: file, newLine: line, suggestion })
    return finding
  })
  const files = [...new Set(['a.sql', ...findings.map(({ span }) => span.file)])]
  const migrations = made.migrations ?? files.map((file) => ({ file }))
  const remote = mergeRequest.state()
  return {
    report: {
      schemaVersion: 1,
      harmless: [],
      tool: { name: 'pgrehearse', version: '0.0.0' },
      createdAt: '2026-11-21T00:00:00.000Z',
      evidence: 'measured',
      base: { description: 'origin/main' },
      ...(made.prefix === undefined
        ? {}
        : { project: { prefix: made.prefix, commit: remote.mergeRequest.headSha ?? '' } }),
      historyCount: 0,
      settings: { timeZone: 'UTC', failOn: 'error', requireRehearsal: false, ...made.settings },
      migrations: migrations.map(makeMigration),
      findings,
      ...(made.production === undefined ? {} : { production: made.production }),
      ...(made.queries === undefined ? {} : { queries: made.queries }),
      notChecked: made.notChecked ?? [],
      exitCode: 0,
    },
    pipeline: {
      event: 'detached',
      headSha: mergeRequest.headSha,
      judgedSha: mergeRequest.headSha,
      diffVersion: 'diffVersion' in made ? made.diffVersion : mergeRequest.version.id,
      pipelineId: made.pipelineId ?? 1,
      sourceProjectUrl: 'https://gitlab.test/g/p',
      pipelineUrl: undefined,
    },
    policy: {
      name: made.name ?? 'default',
      maxThreads: made.maxThreads ?? 20,
      allowBy: made.allowBy ?? 'developer',
    },
    policyChanges: made.policyChanges ?? [],
    remote,
    places,
    ...(made.forbiddenThreads === undefined ? {} : { forbiddenThreads: made.forbiddenThreads }),
  }
}

/** The section "Your queries" of one unaffected query. */
export function madeQueries(name: string, file: string, line = 1): NonNullable<Report['queries']> {
  const query: ReportQuery = {
    ...queryOf(name, file, line),
    ...{
      state: 'unchanged',
      verdict: 'unaffected',
      span: spanAt(file, line),
      text: 'select 1;',
      effects: [],
    },
  }
  const none = { broken: 0, 'other result': 0, slower: 0, blocked: 0, 'not checkable': 0 }
  return { list: [query], counts: { ...none, checked: 1, unaffected: 1 } }
}

/** Plans and carries out. */
export function review(mergeRequest: MemoryMergeRequest, made: MadeReview): ReviewPlan {
  const planned = plan(reviewInput(mergeRequest, made))
  mergeRequest.apply(planned.actions)
  return planned
}

/** What would be sent. */
export function writes(mergeRequest: MemoryMergeRequest, made: MadeReview): readonly Action[] {
  return plan(reviewInput(mergeRequest, made)).actions.filter(({ kind }) => kind !== 'keep')
}

/** `create thread, edit sticky`. */
export function kindsOf(actions: readonly Action[]): string {
  return actions
    .map(({ kind }) => kind)
    .filter((kind) => kind !== 'keep')
    .join(', ')
}

function makeFinding(made: MadeFinding, ordinal: number): Finding {
  const { name, file = 'a.sql', line = 1, severity = 'error', evidence = 'measured' } = made
  const fingerprint = fingerprintOf(name)
  return {
    ruleId: 'ban-locks',
    messageId: 'locks',
    severity,
    message: made.message ?? `Locks ${name}.`,
    span: spanAt(file, line),
    object: name,
    evidence,
    because: [],
    notes: [],
    ...(made.suggestion === true
      ? { suggestion: { startLine: line, endLine: line, lines: ['select 1;'] } }
      : {}),
    fingerprint: ordinal === 1 ? fingerprint : `${fingerprint}-${ordinal}`,
    ...(made.waitMs === undefined ? {} : { wait: waitOf(name, made.waitMs) }),
    ...(made.waiting === undefined
      ? {}
      : {
          queries: made.waiting.map((query) => ({
            ...queryOf(query, 'queries/a.sql', line),
            what: 'waits' as const,
          })),
        }),
    ...(made.query === undefined ? {} : { query: queryOf(made.query, file, line) }),
    ...(made.allowed === true ? { allowed: { reason: 'on purpose' } } : {}),
  }
}

function queryOf(name: string, file: string, line: number): QueryRef {
  return { id: `${file}#${name}`, name, style: 'sqlc', file, line, callsPerSecond: 12 }
}

function waitOf(name: string, ms: number): Wait {
  const around = (value: number): Range => ({ low: value * 0.6, expected: value, high: value * 1.7 })
  const sessions = around(ms * 0.12)
  return { blocks: 'writes', ms: around(ms), tables: [name], queue: { perSecond: 120, sessions } }
}

function makeMigration({
  file,
  outcome = 'rehearsed',
  measured = outcome === 'rehearsed',
}: MadeMigration): ReportMigration {
  return {
    file,
    source: 'plain-sql',
    version: null,
    title: file,
    transaction: { mode: 'file', why: 'test' },
    outcome,
    statements: [
      {
        span: spanAt(file, 1),
        tag: 'SelectStmt',
        transaction: 0,
        measured,
        settings: { lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone: 'UTC' },
        effects: [],
      },
    ],
    text: 'select 1;\n',
  }
}

function spanAt(file: string, line: number): Span {
  return {
    file,
    start: { line, column: 1, offset: 0 },
    end: { line, column: 10, offset: 9 },
  }
}

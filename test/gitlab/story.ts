/**
 * A merge request as stories tell it, on any server: somebody pushes SQL, a pipeline judges it and posts its review.
 * The judge is a small one of our own (no parser, no Postgres), so that a story says in its SQL what will be found.
 */
import { fingerprint, numberDuplicates } from '../../src/judge/fingerprint.ts'
import { readDiff } from '../../src/gitlab/diff.ts'
import { review, type ReviewResult, type ReviewSubject } from '../../src/gitlab/execute.ts'
import { parseMarker } from '../../src/gitlab/marker.ts'
import { placeFindings } from '../../src/gitlab/place.ts'
import { policyChanges } from '../../src/gitlab/policy-changes.ts'
import type { Finding, Report } from '../../src/core/model.ts'
import type {
  MarkerKind,
  PipelineFacts,
  RemoteNote,
  RemoteThread,
  ReviewPolicy,
} from '../../src/gitlab/model.ts'
import type { GitLabServer } from '../../src/gitlab/server.ts'
import { by, finding, lock, measured, migration, table } from '../reporters/sample-parts.ts'
import { cleanReport } from '../reporters/sample-report.ts'

/** null deletes. */
export type Files = Readonly<Record<string, string | null>>

/** What a push came to, as a CI job knows it. */
export interface Pushed {
  readonly headSha: string
  /** CI_MERGE_REQUEST_DIFF_ID. */
  readonly diffVersion: number | undefined
  /** `git diff base head` with the flags that readDiff wants. */
  readonly patch: string
  /** All files of the merge request at its head. */
  readonly files: Readonly<Record<string, string>>
}

/** One merge request on a server, real or fake, and the people around it. */
export interface Stage {
  /** The server as the token of the review sees it. */
  readonly bot: GitLabServer
  /** The same as a person with the role Developer sees it, who is not the review's user. */
  readonly person: GitLabServer
  /** Commits to the source branch, pushes, and waits until the server shows the new diff. */
  push(files: Files): Promise<Pushed>
}

export const policy: ReviewPolicy = { name: 'main', maxThreads: 20, allowBy: 'developer' }

let lastPipeline = 990

/** The facts of a new pipeline for a push. */
export function pipelineOf({ headSha, diffVersion }: Pushed, id: number = ++lastPipeline): PipelineFacts {
  return {
    event: 'detached',
    headSha,
    judgedSha: headSha,
    diffVersion,
    pipelineId: id,
    sourceProjectUrl: 'https://gitlab.example.com/shop/backend',
    pipelineUrl: undefined,
  }
}

/** What a job reviews after a push. */
export function subjectOf(
  pushed: Pushed,
  options: { readonly policy?: ReviewPolicy; readonly pipeline?: PipelineFacts } = {},
): ReviewSubject {
  const changes = readDiff(pushed.patch)
  const report = judge(pushed)
  return {
    report,
    pipeline: options.pipeline ?? pipelineOf(pushed),
    policy: options.policy ?? policy,
    policyChanges: policyChanges(changes),
    places: placeFindings(report, changes),
  }
}

/** Posts a review. Running it again is what pressing "retry" on the job does. */
export function post({ bot }: Pick<Stage, 'bot'>, subject: ReviewSubject): Promise<ReviewResult> {
  // waits for what a failed request left behind are for real servers
  return review(subject, { server: bot, sleep: () => Promise.resolve() })
}

/** Posts the review of a push as a new pipeline does. */
export function reviewPush(stage: Stage, pushed: Pushed): Promise<ReviewResult> {
  return post(stage, subjectOf(pushed))
}

/**
 * ALTER TABLE is an error, a CREATE INDEX that is not CONCURRENTLY a warning with a suggestion; everything else is fine.
 * A comment `-- seen: <words>` inside of a statement becomes a part of the message, so that wording can change while the
 * finding stays the same.
 */
export function judge({ files, headSha }: Pick<Pushed, 'files' | 'headSha'>): Report {
  const migrations: Report['migrations'][number][] = []
  const findings: Finding[] = []
  for (const [file, text] of Object.entries(files)) {
    if (!file.endsWith('.sql')) continue
    const statements = [...text.matchAll(/^(?:ALTER|CREATE|SELECT|UPDATE)\b[^;]*;/gim)]
    migrations.push(
      migration(
        {
          file,
          source: 'plain-sql',
          version: null,
          title: file,
          transaction: { mode: 'file', why: 'file says' },
          outcome: 'rehearsed',
          text,
        },
        uniqueStatements(statements.map(([sql]) => sql)).map((sql, transaction) => ({
          sql,
          tag: 'AlterTableStmt',
          transaction,
        })),
      ),
    )
    findings.push(...statements.flatMap((match) => findingOf(file, text, match[0], match.index)))
  }
  const exitCode = findings.some(({ severity }) => severity === 'error') ? 1 : 0
  return {
    ...cleanReport,
    project: { prefix: '', commit: headSha },
    migrations,
    findings: numberDuplicates(findings),
    exitCode,
  }
}

function uniqueStatements(statements: readonly string[]): readonly string[] {
  return [...new Set(statements)]
}

function findingOf(file: string, text: string, sql: string, start: number): readonly Finding[] {
  const seen = /-- seen: (.*)/.exec(sql)?.[1] ?? 'nothing else'
  const isIndex = /^CREATE\s+INDEX\s+(?!CONCURRENTLY)/i.test(sql)
  const named = /\b(?:TABLE|ON)\s+("[^"]*"|[\w.]+)/i.exec(
    sql.replaceAll(/\/\*[^]*?\*\/|--[^\n"]*\n/g, ' '),
  )?.[1]
  if (named === undefined || (!isIndex && !/^ALTER\s/i.test(sql))) return []
  const object = named.startsWith('"') ? named : named.toLowerCase()
  const identity = {
    ruleId: isIndex ? 'require-concurrent-index' : 'require-lock-timeout',
    messageId: isIndex ? 'blocksWrites' : 'instant',
    object: `public.${object}`,
  }
  const found = finding(
    { file, text: text.slice(start), piece: sql },
    {
      ...identity,
      severity: isIndex ? 'warning' : 'error',
      message: `Changing ${object} makes every query on it wait, and ${seen} was seen.`,
      evidence: 'measured',
      because: by(measured, lock(table(object), isIndex ? 'ShareLock' : 'AccessExclusiveLock')),
    },
  )
  const line = text.slice(0, start).split('\n').length
  const span = shifted(found.span, start, line - 1)
  const suggestion = {
    startLine: line,
    endLine: line,
    lines: [(text.split('\n')[line - 1] ?? '').replace('CREATE INDEX', 'CREATE INDEX CONCURRENTLY')],
  }
  return [
    {
      ...found,
      span,
      fingerprint: fingerprint({ ...identity, sql }),
      ...(isIndex ? { suggestion } : {}),
    },
  ]
}

function shifted(span: Finding['span'], offset: number, lines: number): Finding['span'] {
  const move = (at: Finding['span']['start']) => ({
    ...at,
    line: at.line + lines,
    offset: at.offset + offset,
  })
  return { file: span.file, start: move(span.start), end: move(span.end) }
}

/** Notes of the review of one kind, with their threads, oldest first. */
export async function notesOf(
  server: GitLabServer,
  kind: MarkerKind,
): Promise<readonly { readonly thread: RemoteThread; readonly note: RemoteNote }[]> {
  const threads = await server.threads()
  return threads
    .flatMap((thread) => thread.notes.map((note) => ({ thread, note })))
    .filter(({ note }) => parseMarker(note.body)?.kind === kind)
    .sort((a, b) => a.note.id - b.note.id)
}

/** Threads of findings: `open` or `resolved`, and on which line the server shows them. */
export async function findingThreads(server: GitLabServer): Promise<
  readonly {
    readonly id: string
    readonly isOpen: boolean
    readonly path: string | undefined
    readonly line: number | undefined
    readonly notes: readonly RemoteNote[]
  }[]
> {
  const found = await notesOf(server, 'finding')
  return found.map(({ thread, note }) => ({
    id: thread.id,
    isOpen: !note.resolved,
    path: thread.position?.newPath,
    line: thread.position?.newLine,
    notes: thread.notes.filter(({ system }) => !system),
  }))
}

/** The one sticky note. */
export async function stickyOf(server: GitLabServer): Promise<RemoteNote | undefined> {
  const stickies = await notesOf(server, 'sticky')
  if (stickies.length > 1) throw new Error(`there are ${stickies.length} sticky notes`)
  return stickies[0]?.note
}

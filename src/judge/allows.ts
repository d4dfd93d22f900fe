import type { Finding, Span } from '../core/model.ts'
import { nearest } from '../core/suggest.ts'
import { isOpaque } from '../sql/statement-nodes.ts'
import type { AllowComment, AllowComments, MalformedAllowComment } from '../sql/suppressions.ts'
import { reservedFinding, type ReservedId } from './reserved.ts'
import type { PlacedFinding } from './recorder.ts'
import type { PlacedStatement } from './views.ts'

export interface AllowOptions {
  /** ISO date, UTC. */
  readonly today: string
  /** Ids that a comment may name. */
  readonly knownRules: readonly string[]
  /** Is the rule off in the file? An allow for it is neither needed nor needless then. */
  readonly isOff: (ruleId: string, file: string) => boolean
  readonly statements: readonly PlacedStatement[]
  /** Nothing existed before the run (`--all`): comments that wait for rows have nothing to accept. */
  readonly onEmptyDatabase: boolean
  /** Who wrote a line, where that is known. */
  readonly authorOf?: (file: string, line: number) => string | undefined
}

export interface AppliedAllows {
  /** The same findings, those accepted with `allowed`. */
  readonly findings: readonly PlacedFinding[]
  /** What is wrong with the comments themselves. */
  readonly aboutAllows: readonly Finding[]
}

/** Findings of the engine that a comment may accept: they concern a statement. */
export const allowableReserved: readonly ReservedId[] = [
  'branches-collide',
  'down-blocks-up',
  'migration-fails',
  'exceeds-lock-budget',
  'exceeds-run-budget',
  'exceeds-statement-timeout',
  'silent-change',
  'unsafe-retry',
]

/** Trials are not part of every run: `lint`, a budget and flags leave them out. */
const ofTrials: ReadonlySet<string> = new Set<ReservedId>([
  'branches-collide',
  'down-blocks-up',
  'down-fails',
  'down-leaves-differences',
  'silent-change',
  'unsafe-retry',
])

/** May a run miss it although nothing has changed, so that nothing that accepts it is needless? */
export function isNotAlwaysFound(ruleId: string): boolean {
  return aboutDurations.has(ruleId) || ofTrials.has(ruleId)
}

/** Estimates: they change from run to run, and without production's sizes nobody knows them. */
const aboutDurations: ReadonlySet<string> = new Set<ReservedId>([
  'exceeds-lock-budget',
  'exceeds-run-budget',
  'exceeds-statement-timeout',
])

/** Lets allow comments accept findings of their rule at the statement below them, and judges the comments. */
export function applyAllows(
  findings: readonly PlacedFinding[],
  comments: readonly AllowComments[],
  options: AllowOptions,
): AppliedAllows {
  const applied = acceptFindings(
    findings,
    comments.flatMap((file) => file.allows),
    { ...options, concerns, whyNeedless: (allow) => whyNeedless(allow, options) },
  )
  const malformed = comments.flatMap((file) => file.malformed).map(malformedAllow)
  return { ...applied, aboutAllows: [...malformed, ...applied.aboutAllows] }
}

/** What an allow comment says, wherever it stands. */
export type Allow = Pick<AllowComment, 'rule' | 'reason' | 'until' | 'span' | 'file'>

export interface Acceptable {
  readonly finding: Finding
  readonly harmless?: string
}

export interface AcceptOptions<A extends Allow, F extends Acceptable> extends Pick<
  AllowOptions,
  'today' | 'knownRules' | 'authorOf'
> {
  /** Does the comment stand above what the finding is about, and name its rule? */
  readonly concerns: (allow: A, finding: F) => boolean
  /** Why a comment that concerns no finding accepts nothing; undefined where that cannot be told. */
  readonly whyNeedless: (allow: A) => string | undefined
}

/** Lets comments accept the findings that they concern, and judges the comments. */
export function acceptFindings<A extends Allow, F extends Acceptable>(
  findings: readonly F[],
  allows: readonly A[],
  options: AcceptOptions<A, F>,
): { readonly findings: readonly F[]; readonly aboutAllows: readonly Finding[] } {
  const aboutAllows: Finding[] = []
  const accepted = new Map<F, A>()
  for (const allow of allows) {
    const matching = findings.filter((finding) => options.concerns(allow, finding))
    const problem = problemOf(allow, matching, options)
    if (problem !== undefined) aboutAllows.push(problem)
    if (allow.reason === '' || isExpired(allow, options.today)) continue
    for (const finding of matching.filter(counts)) accepted.set(finding, allow)
  }
  const authorOf = ({ file, span }: A): string | undefined => options.authorOf?.(file, span.start.line)
  return {
    findings: findings.map((finding) => withAllow(finding, accepted.get(finding), authorOf)),
    aboutAllows,
  }
}

function concerns(allow: AllowComment, { finding, placed }: PlacedFinding): boolean {
  return finding.ruleId === allow.rule && isBelow(allow, placed.view.statement.span)
}

function isBelow(allow: AllowComment, { file, start }: Span): boolean {
  return file === allow.file && start.offset === allow.statementOffset
}

/** What production's sizes prove harmless needs no comment, and is one it may have: tables grow. */
function counts({ harmless }: Acceptable): boolean {
  return harmless === undefined
}

function isExpired({ until }: Allow, today: string): boolean {
  return until !== undefined && today > until
}

function withAllow<A extends Allow, F extends Acceptable>(
  placed: F,
  allow: A | undefined,
  authorOf: (allow: A) => string | undefined,
): F {
  if (allow === undefined) return placed
  const { reason, until } = allow
  const author = authorOf(allow)
  return {
    ...placed,
    finding: {
      ...placed.finding,
      allowed: {
        reason,
        ...(until === undefined ? {} : { until }),
        ...(author === undefined ? {} : { author }),
      },
    },
  }
}

function problemOf<A extends Allow, F extends Acceptable>(
  allow: A,
  matching: readonly F[],
  options: AcceptOptions<A, F>,
): Finding | undefined {
  if (!options.knownRules.includes(allow.rule)) return unknownRule(allow, options.knownRules)
  if (matching.length === 0) {
    const why = options.whyNeedless(allow)
    return why === undefined ? undefined : needlessAllow(allow, why)
  }
  if (!matching.some(counts)) return undefined
  if (allow.reason === '') return allowWithoutReason(allow)
  return isExpired(allow, options.today) ? expiredAllow(allow) : undefined
}

/**
 * Nothing to accept? Not to be said of code (DO, CALL, functions) that was not executed, because prediction does
 * not see into it, nor of rules that are off, nor where everything is new, nor of durations: without production's
 * sizes nobody knows them, and estimates change from run to run.
 */
function whyNeedless(
  allow: AllowComment,
  { isOff, statements, onEmptyDatabase }: AllowOptions,
): string | undefined {
  if (onEmptyDatabase || isOff(allow.rule, allow.file) || isNotAlwaysFound(allow.rule)) return undefined
  const below = statements.find(({ view: { statement } }) => isBelow(allow, statement.span))
  if (below !== undefined && !below.result.measured && isOpaque(below.view.statement)) return undefined
  return allow.statementIndex === undefined
    ? 'no statement stands below it'
    : `the statement below it has no finding of ${allow.rule}`
}

function allowWithoutReason(allow: Allow): Finding {
  return reservedFinding('allow-without-reason', {
    message: `The allow comment for ${allow.rule} gives no reason, so it has no effect.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    remedy: { summary: `Write why: -- pgrehearse-allow ${allow.rule}: <reason>`, migrations: [] },
  })
}

function expiredAllow(allow: Allow): Finding {
  return reservedFinding('expired-allow', {
    message: `The allow comment for ${allow.rule} expired on ${allow.until}, so the finding below it counts again.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    notes: [`Its reason was: ${allow.reason}`],
    remedy: { summary: 'Mend the cause, or set a new date and say why.', migrations: [] },
  })
}

function needlessAllow(allow: Allow, why: string): Finding {
  return reservedFinding('needless-allow', {
    message: `The allow comment for ${allow.rule} accepts nothing: ${why}.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    remedy: { summary: 'Remove the comment.', migrations: [] },
  })
}

function unknownRule(allow: Allow, known: readonly string[]): Finding {
  const suggestion = nearest(allow.rule, known)
  return reservedFinding('unknown-rule-in-allow', {
    message: `The allow comment names the rule ${allow.rule}, which does not exist, so it has no effect.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    remedy: {
      summary:
        suggestion === undefined ? '`pgrehearse rules` lists all rules.' : `Did you mean ${suggestion}?`,
      migrations: [],
    },
  })
}

function malformedAllow(comment: MalformedAllowComment): Finding {
  return reservedFinding('malformed-allow', {
    message: `This allow comment cannot be read, so it has no effect: ${comment.text}`,
    span: comment.span,
    object: comment.file,
    sql: comment.text,
    remedy: {
      summary: 'The form is -- pgrehearse-allow <rule>[ until 2027-01-31]: <reason>',
      migrations: [],
    },
  })
}

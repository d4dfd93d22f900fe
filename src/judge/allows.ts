import type { Finding } from '../core/model.ts'
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
  /** Ids of rules that are off: an allow for one is neither needed nor needless. */
  readonly rulesOff: ReadonlySet<string>
  readonly statements: readonly PlacedStatement[]
  /** Nothing existed before the run (`--all`): comments that wait for rows have nothing to accept. */
  readonly onEmptyDatabase: boolean
}

export interface AppliedAllows {
  /** The same findings, those accepted with `allowed`. */
  readonly findings: readonly PlacedFinding[]
  /** What is wrong with the comments themselves. */
  readonly aboutAllows: readonly Finding[]
}

/** Findings of the engine that a comment may accept: they concern a statement. */
export const allowableReserved: readonly ReservedId[] = [
  'migration-fails',
  'exceeds-run-budget',
  'exceeds-statement-timeout',
]

const aboutDurations: ReadonlySet<string> = new Set<ReservedId>([
  'exceeds-run-budget',
  'exceeds-statement-timeout',
])

/** Lets allow comments accept findings of their rule at the statement below them, and judges the comments. */
export function applyAllows(
  findings: readonly PlacedFinding[],
  comments: readonly AllowComments[],
  options: AllowOptions,
): AppliedAllows {
  const allows = comments.flatMap((file) => file.allows)
  const aboutAllows = comments.flatMap((file) => file.malformed).map(malformedAllow)
  const accepted = new Map<PlacedFinding, AllowComment>()
  for (const allow of allows) {
    const matching = findings.filter((finding) => concerns(allow, finding))
    const problem = problemOf(allow, matching, options)
    if (problem !== undefined) aboutAllows.push(problem)
    if (allow.reason === '' || isExpired(allow, options.today)) continue
    for (const finding of matching.filter(counts)) accepted.set(finding, allow)
  }
  return { findings: findings.map((finding) => withAllow(finding, accepted.get(finding))), aboutAllows }
}

function concerns(allow: AllowComment, { finding, placed }: PlacedFinding): boolean {
  return (
    finding.ruleId === allow.rule &&
    placed.view.statement.span.file === allow.file &&
    placed.view.statement.index === allow.statementIndex
  )
}

/** What production's sizes prove harmless needs no comment, and is one it may have: tables grow. */
function counts({ harmless }: PlacedFinding): boolean {
  return harmless === undefined
}

function isExpired({ until }: AllowComment, today: string): boolean {
  return until !== undefined && today > until
}

function withAllow(placed: PlacedFinding, allow: AllowComment | undefined): PlacedFinding {
  if (allow === undefined) return placed
  const { reason, until } = allow
  return {
    ...placed,
    finding: { ...placed.finding, allowed: { reason, ...(until === undefined ? {} : { until }) } },
  }
}

function problemOf(
  allow: AllowComment,
  matching: readonly PlacedFinding[],
  options: AllowOptions,
): Finding | undefined {
  if (!options.knownRules.includes(allow.rule)) return unknownRule(allow, options.knownRules)
  if (matching.length === 0) return isNeedless(allow, options) ? needlessAllow(allow) : undefined
  if (!matching.some(counts)) return undefined
  if (allow.reason === '') return allowWithoutReason(allow)
  return isExpired(allow, options.today) ? expiredAllow(allow) : undefined
}

/**
 * Nothing to accept? Not to be said of code (DO, CALL, functions) that was not executed, because prediction does
 * not see into it, nor of rules that are off, nor where everything is new, nor of durations: without production's
 * sizes nobody knows them, and estimates change from run to run.
 */
function isNeedless(allow: AllowComment, { rulesOff, statements, onEmptyDatabase }: AllowOptions): boolean {
  if (onEmptyDatabase || rulesOff.has(allow.rule) || aboutDurations.has(allow.rule)) return false
  const below = statements.find(
    ({ view: { statement } }) =>
      statement.span.file === allow.file && statement.index === allow.statementIndex,
  )
  return below === undefined || below.result.measured || !isOpaque(below.view.statement)
}

function allowWithoutReason(allow: AllowComment): Finding {
  return reservedFinding('allow-without-reason', {
    message: `The allow comment for ${allow.rule} gives no reason, so it has no effect.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    remedy: { summary: `Write why: -- pgrehearse-allow ${allow.rule}: <reason>`, migrations: [] },
  })
}

function expiredAllow(allow: AllowComment): Finding {
  return reservedFinding('expired-allow', {
    message: `The allow comment for ${allow.rule} expired on ${allow.until}, so the finding below it counts again.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    notes: [`Its reason was: ${allow.reason}`],
    remedy: { summary: 'Mend the cause, or set a new date and say why.', migrations: [] },
  })
}

function needlessAllow(allow: AllowComment): Finding {
  const why =
    allow.statementIndex === undefined
      ? 'no statement stands below it'
      : `the statement below it has no finding of ${allow.rule}`
  return reservedFinding('needless-allow', {
    message: `The allow comment for ${allow.rule} accepts nothing: ${why}.`,
    span: allow.span,
    object: allow.rule,
    sql: allow.file,
    remedy: { summary: 'Remove the comment.', migrations: [] },
  })
}

function unknownRule(allow: AllowComment, known: readonly string[]): Finding {
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

import { displayName } from '../core/locks.ts'
import type { Effect, EvidencedEffect, EvidenceKind, Finding, Severity, Statement } from '../core/model.ts'
import type { Harm, ReportFunction, ReportOptions, Rule } from '../rule.ts'
import { fingerprint } from './fingerprint.ts'
import { remedyForTool } from './remedy-for-tool.ts'
import type { PlacedStatement } from './views.ts'

/** A finding together with the statement that it points at. */
export interface PlacedFinding {
  readonly finding: Finding
  readonly placed: PlacedStatement
  readonly secondary: boolean
  /** What its severity follows from where production's sizes are known; absent: they change nothing. */
  readonly harm?: Harm
  /** The configuration gave the severity. */
  readonly configured?: boolean
  /** The configuration switches its rule off here: counted, and not told. */
  readonly off?: boolean
  /** The rule gave this case a severity: nothing makes it more. */
  readonly cap?: Severity
  /** Production's sizes prove it harmless: why, in a sentence. */
  readonly harmless?: string
}

/** What reports are looked up in: the statements and the effects of the run, indexed when somebody first asks. */
export class Run {
  /** In order. */
  readonly statements: readonly PlacedStatement[]
  private placedBy: ReadonlyMap<Statement, PlacedStatement> | undefined
  private recordedBy: ReadonlyMap<Effect, RecordedEffect> | undefined

  constructor(statements: readonly PlacedStatement[]) {
    this.statements = statements
  }

  placed(statement: Statement): PlacedStatement | undefined {
    this.placedBy ??= new Map(this.statements.map((placed) => [placed.view.statement, placed]))
    return this.placedBy.get(statement)
  }

  recorded(effect: Effect): RecordedEffect | undefined {
    this.recordedBy ??= new Map(
      this.statements.flatMap((placed, position) =>
        placed.result.effects.map((one) => [one, { effect: one, placed, position }] as const),
      ),
    )
    return this.recordedBy.get(effect)
  }
}

interface RecordedEffect {
  readonly effect: EvidencedEffect
  /** The statement that has it. */
  readonly placed: PlacedStatement
  /** Of that statement within the run. */
  readonly position: number
}

/** Takes down what one rule reports, and looks up whether its receipts are real. */
export class Recorder {
  readonly findings: PlacedFinding[] = []
  private readonly rule: Rule
  private readonly chosen: (file: string) => 'off' | Severity | undefined
  private readonly run: Run
  private readonly known: 'measured' | 'predicted'

  /**
   * `chosen`: what the configuration says about the rule in a file; `known`: how the schema is known that findings
   * without effects rest on.
   */
  constructor(
    rule: Rule,
    chosen: (file: string) => 'off' | Severity | undefined,
    run: Run,
    known: 'measured' | 'predicted' = 'predicted',
  ) {
    this.rule = rule
    this.chosen = chosen
    this.run = run
    this.known = known
  }

  /** Takes down what the rule reports about a statement. */
  record(
    checked: PlacedStatement | undefined,
    ...[messageId, data, options]: Parameters<ReportFunction<Rule['messages']>>
  ): void {
    const placed = options.at === undefined ? checked : this.run.placed(options.at.statement)
    const message = this.rule.messages[messageId]?.(data)
    if (placed === undefined || message === undefined) {
      throw new Error(
        `Rule ${this.rule.id} reports ${messageId}, which it does not have, or a foreign statement.`,
      )
    }
    const harm = options.harm ?? this.rule.harm
    const chosen = this.chosen(placed.view.statement.span.file)
    const configured = chosen === 'off' ? undefined : chosen
    this.findings.push({
      finding: this.toFinding(messageId, message, options, placed, configured),
      placed,
      secondary: this.rule.secondary === true,
      configured: configured !== undefined,
      ...(chosen === 'off' ? { off: true } : {}),
      ...(harm === undefined || harm === 'other' ? {} : { harm }),
      ...(options.severity === undefined ? {} : { cap: options.severity }),
    })
  }

  private remedyOf(
    { remedy, evidence }: ReportOptions,
    { migration }: PlacedStatement,
  ): Pick<Finding, 'remedy'> {
    if (remedy === undefined) return {}
    const { preset = 'recommended' } = this.rule
    const isAboutSchema = evidence === 'schema' || preset !== 'recommended'
    const fitting = remedyForTool(remedy, migration)
    const changes = isAboutSchema && fitting.migrations.length > 0
    return { remedy: changes ? { ...fitting, changesSchema: true } : fitting }
  }

  private toFinding(
    messageId: string,
    message: string,
    options: ReportOptions,
    placed: PlacedStatement,
    configured: Severity | undefined,
  ): Finding {
    const { statement } = placed.view
    const because = [...new Set(options.because)].map((effect) => this.evidenced(effect))
    const object = objectText(options.on)
    const { id: ruleId } = this.rule
    return {
      ruleId,
      messageId,
      severity: configured ?? options.severity ?? this.rule.severity,
      message,
      span: statement.span,
      object,
      evidence:
        because.length === 0 && options.evidence === 'schema' ? this.known : strongestEvidence(because),
      because,
      notes: options.notes ?? [],
      ...this.remedyOf(options, placed),
      ...(options.preflight === undefined || options.preflight.length === 0
        ? {}
        : { preflight: options.preflight }),
      fingerprint: fingerprint({ ruleId, messageId, object, sql: statement.sql }),
      ...(options.queries === undefined || options.queries.length === 0 ? {} : { queries: options.queries }),
    }
  }

  /** The receipt consists of effects that statements of the run have; anything else is a rule's mistake. */
  private evidenced(effect: Effect): EvidencedEffect {
    const evidenced = this.run.recorded(effect)?.effect
    if (evidenced === undefined) {
      throw new Error(`Rule ${this.rule.id} gives a reason that no statement of the run has.`)
    }
    return evidenced
  }
}

function objectText(on: ReportOptions['on']): string {
  if (on === undefined) return ''
  return typeof on === 'string' ? on : displayName(on)
}

/** Measured before known before predicted; without effects the finding rests on the statement's text alone. */
export function strongestEvidence(because: readonly EvidencedEffect[]): EvidenceKind {
  const kinds = new Set(because.map(({ evidence }) => evidence.by))
  return (['measured', 'known', 'predicted'] as const).find((kind) => kinds.has(kind)) ?? 'predicted'
}

import { displayName } from '../core/locks.ts'
import type {
  Effect,
  EvidencedEffect,
  EvidenceKind,
  Finding,
  Migration,
  Severity,
  Statement,
} from '../core/model.ts'
import type {
  ReportFunction,
  ReportOptions,
  Rule,
  StatementContext,
  StatementView,
  TransactionView,
} from '../rule.ts'
import { fingerprint } from './fingerprint.ts'
import type { PlacedStatement } from './views.ts'

/** Severities from the configuration, by rule id; what is not named has its own. */
export type Severities = Readonly<Record<string, 'off' | Severity>>

/** A finding together with the statement that it points at. */
export interface PlacedFinding {
  readonly finding: Finding
  readonly placed: PlacedStatement
  readonly secondary: boolean
}

/** Calls every rule that is not off for every statement and every transaction. */
export function runRules(
  statements: readonly PlacedStatement[],
  rules: readonly Rule[],
  severities: Severities,
): readonly PlacedFinding[] {
  const run = indexRun(statements)
  const views = statements.map(({ view }) => view)
  const ends = lastOfTransactions(statements)
  return rules.flatMap((rule) => {
    const severity = severities[rule.id]
    if (severity === 'off') return []
    const recorder = new Recorder(rule, severity, run)
    if (rule.statement !== undefined) {
      for (const [index, placed] of statements.entries()) {
        rule.statement(new Context(placed, recorder.reporter(placed), views, index))
      }
    }
    for (const placed of ends) {
      const { transaction, migration } = placed
      rule.transaction?.({ transaction, migration, report: recorder.reporter(placed) })
    }
    return recorder.findings
  })
}

/** A class, because every rule gets one for every statement: thousands of object literals with a getter cost seconds. */
class Context implements StatementContext<Rule['messages']> {
  readonly statement: StatementView['statement']
  readonly effects: StatementView['effects']
  readonly settings: StatementView['settings']
  readonly transaction: TransactionView
  readonly migration: Migration
  readonly report: ReportFunction<Rule['messages']>
  private readonly views: readonly StatementView[]
  private readonly index: number

  constructor(
    placed: PlacedStatement,
    report: ReportFunction<Rule['messages']>,
    views: readonly StatementView[],
    index: number,
  ) {
    this.statement = placed.view.statement
    this.effects = placed.view.effects
    this.settings = placed.view.settings
    this.transaction = placed.transaction
    this.migration = placed.migration
    this.report = report
    this.views = views
    this.index = index
  }

  /** Few rules ask, and copying costs more the longer the run is. */
  get earlier(): readonly StatementView[] {
    return this.views.slice(0, this.index)
  }
}

function lastOfTransactions(statements: readonly PlacedStatement[]): readonly PlacedStatement[] {
  return [...new Map(statements.map((placed) => [placed.transaction, placed])).values()]
}

/** What reports are looked up in: the statements and the effects of the run. */
interface Run {
  readonly placedBy: ReadonlyMap<Statement, PlacedStatement>
  readonly evidencedBy: ReadonlyMap<Effect, EvidencedEffect>
}

function indexRun(statements: readonly PlacedStatement[]): Run {
  const effects = statements.flatMap(({ result }) => result.effects)
  return {
    placedBy: new Map(statements.map((placed) => [placed.view.statement, placed])),
    evidencedBy: new Map(effects.map((effect) => [effect, effect])),
  }
}

class Recorder {
  readonly findings: PlacedFinding[] = []
  private readonly rule: Rule
  private readonly configured: Severity | undefined
  private readonly run: Run

  constructor(rule: Rule, configured: Severity | undefined, run: Run) {
    this.rule = rule
    this.configured = configured
    this.run = run
  }

  reporter(checked: PlacedStatement): ReportFunction<Rule['messages']> {
    return (messageId, data, options) => {
      const placed = options.at === undefined ? checked : this.run.placedBy.get(options.at.statement)
      const message = this.rule.messages[messageId]?.(data)
      if (placed === undefined || message === undefined) {
        throw new Error(
          `Rule ${this.rule.id} reports ${messageId}, which it does not have, or a foreign statement.`,
        )
      }
      this.findings.push({
        finding: this.toFinding(messageId, message, options, placed),
        placed,
        secondary: this.rule.secondary === true,
      })
    }
  }

  private toFinding(
    messageId: string,
    message: string,
    options: ReportOptions,
    placed: PlacedStatement,
  ): Finding {
    const { statement } = placed.view
    const because = [...new Set(options.because)].map((effect) => this.evidenced(effect))
    const object = objectText(options.on)
    const { id: ruleId } = this.rule
    return {
      ruleId,
      messageId,
      severity: this.configured ?? options.severity ?? this.rule.severity,
      message,
      span: statement.span,
      object,
      evidence: strongestEvidence(because),
      because,
      notes: options.notes ?? [],
      ...(options.remedy === undefined ? {} : { remedy: options.remedy }),
      fingerprint: fingerprint({ ruleId, messageId, object, sql: statement.sql }),
    }
  }

  /** The receipt consists of effects that statements of the run have; anything else is a rule's mistake. */
  private evidenced(effect: Effect): EvidencedEffect {
    const evidenced = this.run.evidencedBy.get(effect)
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

import type { Migration, SchemaCatalogs, SessionSettings } from '../core/model.ts'
import { tableFactsByKey, type Production } from '../core/production.ts'
import {
  optionValues,
  type ApplicationTransaction,
  type OptionValues,
  type ReportFunction,
  type Rule,
  type RuleOptions,
  type RunContext,
  type RunStatement,
  type StatementContext,
  type StatementQueries,
  type StatementView,
  type TransactionView,
} from '../rule.ts'
import { causeFinder } from './cause.ts'
import { Recorder, type PlacedFinding, type Run } from './recorder.ts'
import type { ChosenSeverities } from './severities.ts'
import type { PlacedStatement } from './views.ts'

/** Options by rule id, as configured. */
export type ConfiguredOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What rules are told besides the statements. */
export interface RunFacts {
  readonly options: ConfiguredOptions
  readonly applicationTransactions: readonly ApplicationTransaction[]
  readonly sharesSession: boolean
  readonly usualSettings: readonly string[]
  readonly sessionBegins?: SessionSettings
  /** Absent where it is not known. */
  readonly schema?: SchemaCatalogs
  readonly production: Production | undefined
}

/** Calls every rule for every statement and every transaction, and once for the run; what a rule that is off says is marked so. */
export function runRules(
  run: Run,
  rules: readonly Rule[],
  severities: ChosenSeverities,
  facts: RunFacts,
): readonly PlacedFinding[] {
  const { statements } = run
  const views = statements.map(({ view }) => view)
  const contexts = statements.map((placed, index) => new Context(placed, views, index, facts.schema))
  const ends = lastOfTransactions(statements)
  const whole = wholeRun(statements, facts)
  return rules.flatMap((rule) => {
    const recorder = new Recorder(rule, (file) => severities.of(rule.id, file), run, facts.schema?.evidence)
    const options = optionValues(rule.options ?? {}, facts.options[rule.id])
    try {
      callRule(rule, recorder, { options, contexts, ends, facts })
      rule.run?.({ ...whole, options, report: (...said) => recorder.record(undefined, ...said) })
    } catch (error) {
      // somebody may have switched it off for just that
      if (!severities.isOffEverywhere(rule.id)) throw error
    }
    return recorder.findings
  })
}

interface Calls {
  readonly options: OptionValues<RuleOptions>
  readonly contexts: readonly Context[]
  readonly ends: readonly PlacedStatement[]
  readonly facts: RunFacts
}

function callRule(rule: Rule, recorder: Recorder, { options, contexts, ends, facts }: Calls): void {
  if (rule.statement !== undefined) {
    for (const context of contexts) {
      context.recorder = recorder
      context.options = options
      rule.statement(context)
    }
  }
  for (const placed of ends) {
    const { transaction, migration } = placed
    rule.transaction?.({
      options,
      transaction,
      migration,
      applicationTransactions: facts.applicationTransactions,
      ...schemaOf(facts),
      report: (messageId, data, reported) => recorder.record(placed, messageId, data, reported),
    })
  }
}

/**
 * What rules see of one statement. The same object goes to every rule, one rule after the other: a new one for each
 * of 20 rules and thousands of statements costs seconds.
 */
class Context implements StatementContext<Rule['messages']> {
  readonly statement: StatementView['statement']
  readonly effects: StatementView['effects']
  readonly settings: StatementView['settings']
  readonly queries?: StatementQueries
  readonly transaction: TransactionView
  readonly migration: Migration
  readonly schema?: SchemaCatalogs
  readonly report: ReportFunction<Rule['messages']>
  /** Both of the rule whose turn it is. */
  recorder: Recorder | undefined
  options: OptionValues<RuleOptions> = {}
  private readonly views: readonly StatementView[]
  private readonly index: number

  constructor(
    placed: PlacedStatement,
    views: readonly StatementView[],
    index: number,
    schema: SchemaCatalogs | undefined,
  ) {
    if (schema !== undefined) this.schema = schema
    this.statement = placed.view.statement
    this.effects = placed.view.effects
    this.settings = placed.view.settings
    if (placed.view.queries !== undefined) this.queries = placed.view.queries
    this.transaction = placed.transaction
    this.migration = placed.migration
    this.report = (messageId, data, options) => this.recorder?.record(placed, messageId, data, options)
    this.views = views
    this.index = index
  }

  /** Few rules ask, and copying costs more the longer the run is. */
  get earlier(): readonly StatementView[] {
    return this.views.slice(0, this.index)
  }
}

function wholeRun(
  placed: readonly PlacedStatement[],
  facts: RunFacts,
): Omit<RunContext<Rule['messages']>, 'options' | 'report'> {
  const statements = placed.map(({ view, migration, transaction }): RunStatement => ({
    ...view,
    migration,
    transaction,
  }))
  return {
    statements,
    transactions: [...new Set(placed.map(({ transaction }) => transaction))],
    causeOf: causeFinder(statements),
    rowsOf: (table) => tableFactsByKey(facts.production, table)?.rows,
    applicationTransactions: facts.applicationTransactions,
    sharesSession: facts.sharesSession,
    usualSettings: facts.usualSettings,
    ...(facts.sessionBegins === undefined ? {} : { sessionBegins: facts.sessionBegins }),
    ...schemaOf(facts),
  }
}

function schemaOf({ schema }: RunFacts): { readonly schema?: SchemaCatalogs } {
  return schema === undefined ? {} : { schema }
}

function lastOfTransactions(statements: readonly PlacedStatement[]): readonly PlacedStatement[] {
  return [...new Map(statements.map((placed) => [placed.transaction, placed])).values()]
}

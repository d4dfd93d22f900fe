/** What a rule is, what it sees and what it may say. */
import type {
  AffectedQuery,
  Effect,
  IndexUse,
  LockMode,
  Migration,
  PlanSummary,
  Preflight,
  Query,
  QueryCatalog,
  QueryEffect,
  QueryRef,
  QueryState,
  Relation,
  Remedy,
  SchemaCatalogs,
  SessionSettings,
  Severity,
  Statement,
  StatementSettings,
} from '../core/model.ts'
import type { OptionValues, RuleOptions } from './options.ts'

/** A statement with what it does. */
export interface StatementView {
  readonly statement: Statement
  readonly effects: readonly Effect[]
  /** In force when the statement begins. */
  readonly settings: StatementSettings
  /** What it does to the application's queries; absent where these were not looked at. */
  readonly queries?: StatementQueries
}

/** What a statement does to the application's queries. */
export interface StatementQueries {
  /** Effects whose cause it is. */
  readonly impacts: readonly {
    readonly query: QueryRef
    readonly sql: string
    readonly effect: QueryEffect
    /** The code under review has it as it is. */
    readonly stays?: boolean
  }[]
  /** Indexes that it creates or drops. */
  readonly indexes: readonly IndexUse[]
}

/** A query of the application with what is known of it. */
export interface QueryView {
  /** The version under review. */
  readonly query: Query
  readonly ref: QueryRef
  readonly state: QueryState
  readonly effects: readonly QueryEffect[]
  /** On the new schema; absent where nothing was planned. */
  readonly plan?: PlanSummary
  /** The new schema. */
  readonly catalog: QueryCatalog
}

export interface QueryContext<M extends Messages, O extends RuleOptions = RuleOptions> extends QueryView {
  readonly options: OptionValues<O>
  /** Reports on the query's own line; `because` stays empty, the receipt is in `notes`. */
  readonly report: <K extends keyof M & string>(
    messageId: K,
    data: Parameters<M[K]>[0],
    options: QueryReportOptions,
  ) => void
}

export interface QueryReportOptions {
  /** What the finding is about: a name like `orders` or `orders.note`. */
  readonly on?: string
  /** `measured`: Postgres itself says so (it refused the query, or planned it). Absent: `predicted`, from its text. */
  readonly evidence?: 'measured' | 'predicted'
  /** The receipt. */
  readonly notes?: readonly string[]
  readonly remedy?: Remedy
  readonly severity?: Severity
}

/** Everything that commits together, in order. */
export interface TransactionView {
  readonly number: number
  readonly statements: readonly StatementView[]
}

// eslint-style registries need a common supertype of all message functions
// oxlint-disable-next-line typescript/no-explicit-any
export type Messages = Readonly<Record<string, (data: any) => string>>

/**
 * What a finding's consequence grows with.
 * - `wait`: the harm is that others wait for the locks in the receipt, as long as these are held.
 * - `work`: the harm is the time that the statement itself runs: rows stay locked, the transaction stays open.
 */
export type Harm = 'wait' | 'work'

/** Where and why; everything but `because` is optional. */
export interface ReportOptions {
  /** What the finding is about: a relation, or a name like `orders.user_id`. */
  readonly on?: Relation | string
  /** The effects that make it true: the receipt. Must be members of the statements' effects. */
  readonly because: readonly Effect[]
  /** The statement to point at; default: the one being checked (for `transaction`: its last). */
  readonly at?: StatementView
  /** Further facts for the receipt. */
  readonly notes?: readonly string[]
  readonly remedy?: Remedy
  /** Overrides the rule's severity for this one case. Where production's sizes decide, it is the most they can make. */
  readonly severity?: Severity
  /** Queries of the application that it is about, worst first. */
  readonly queries?: readonly AffectedQuery[]
  /** Overrides the rule's harm for this one case; `other`: it does not grow with time. */
  readonly harm?: Harm | 'other'
  /** `schema`: it rests on the schema before and after, not on effects: measured where that was read from a server. */
  readonly evidence?: 'schema'
  /** What to ask production before the deployment, where the outcome depends on its rows. */
  readonly preflight?: readonly Preflight[]
}

export type ReportFunction<M extends Messages> = <K extends keyof M & string>(
  messageId: K,
  data: Parameters<M[K]>[0],
  options: ReportOptions,
) => void

export interface StatementContext<
  M extends Messages,
  O extends RuleOptions = RuleOptions,
> extends StatementView {
  readonly options: OptionValues<O>
  readonly transaction: TransactionView
  readonly migration: Migration
  /** Every statement of the run before this one, also those of earlier migrations. */
  readonly earlier: readonly StatementView[]
  /** Before the first and after the last migration under review, for remedies; absent where it is not known. */
  readonly schema?: SchemaCatalogs
  readonly report: ReportFunction<M>
}

export interface TransactionContext<M extends Messages, O extends RuleOptions = RuleOptions> {
  readonly options: OptionValues<O>
  readonly transaction: TransactionView
  /** As {@link StatementContext.schema}. */
  readonly schema?: SchemaCatalogs
  readonly migration: Migration
  readonly applicationTransactions: readonly ApplicationTransaction[]
  readonly report: ReportFunction<M>
}

/** Where in the run a statement stands. */
export interface RunStatement extends StatementView {
  readonly migration: Migration
  readonly transaction: TransactionView
}

/** What a transaction of the application locks, in its order: from `transactions` of the configuration. */
export interface ApplicationTransaction {
  readonly name: string
  readonly locks: readonly { readonly relation: Pick<Relation, 'schema' | 'name'>; readonly mode: LockMode }[]
}

/** Everything under review at once: one deployment. */
export interface RunContext<M extends Messages, O extends RuleOptions = RuleOptions> {
  readonly options: OptionValues<O>
  /** In order. */
  readonly statements: readonly RunStatement[]
  readonly transactions: readonly TransactionView[]
  /** Absent where it is not known (some of the run could not be rehearsed, and the files do not tell). */
  readonly schema?: SchemaCatalogs
  /**
   * The last statement of the run that created, changed or named this object: for `at`. Undefined when no statement
   * did, as far as is known: then the object is not the review's doing.
   */
  readonly causeOf: (object: ChangedObject) => RunStatement | undefined
  /** Rows of a table (`schema.name`) in production; undefined where that is not known. */
  readonly rowsOf: (table: string) => number | undefined
  readonly applicationTransactions: readonly ApplicationTransaction[]
  /** Do migrations run one after the other in one session, so that SET in one is felt in the next? */
  readonly sharesSession: boolean
  /** Settings, in lower case, that each of the latest migrations before these sets itself before all else. */
  readonly usualSettings: readonly string[]
  /** What sessions begin with; absent where it is not known. */
  readonly sessionBegins?: SessionSettings
  /** `at` has to be given: a run has no statement of its own. */
  readonly report: ReportFunction<M>
}

/** What {@link RunContext.causeOf} looks for. */
export interface ChangedObject {
  /** As in {@link ObjectName}: `table`, `column`, `index`, `constraint`, `trigger`, `policy`, `function`, `extension`, … */
  readonly kind: string
  readonly schema: string
  readonly name: string
  /** Of what hangs on a table: `schema.name`. */
  readonly table?: string
  /** Of a constraint that is one: it is known by this where its name is left to Postgres. `references`: `schema.name`. */
  readonly foreignKey?: { readonly columns: readonly string[]; readonly references: string }
}

/**
 * The set that a rule belongs to. `recommended` is what hurts production or the running application, and always in
 * force; `strict` (house style, conventions) and `security` have to be asked for.
 */
export type Preset = 'recommended' | 'strict' | 'security'

export interface Rule<M extends Messages = Messages, O extends RuleOptions = RuleOptions> {
  /** Folder name; kebab-case, a verb first. */
  readonly id: string
  /** Starts with Require, Avoid, Prefer or Ban; no full stop. */
  readonly title: string
  /** Default severity. */
  readonly severity: Severity
  readonly since: string
  /** Absent: `recommended`. */
  readonly preset?: Preset
  /** What the configuration may say for it besides its severity. */
  readonly options?: O
  /**
   * A secondary rule falls silent where other findings already show all of its effects in their receipts, and
   * speaks only once per migration: for advice that would otherwise be repeated under every finding.
   */
  readonly secondary?: boolean
  /**
   * The rule says that running code breaks: `assumed` without having seen any, `shown` with the queries that do. Where
   * both speak about one statement, the former tells it with the latter's queries and notes; where an allow comment
   * accepts the former, the latter stays: what the comment promises is not so.
   */
  readonly brokenCode?: 'assumed' | 'shown'
  /**
   * Lets production's sizes decide about the severity, where they are known, down to harmless. Absent: what the rule
   * warns of is as bad for a small table (data loss, broken queries, deadlocks, the queue behind a lock that has to be
   * waited for).
   */
  readonly harm?: Harm
  /** Consequence first, the object's own names, one sentence. */
  readonly messages: M
  /** Called for every statement under review. */
  statement?(context: StatementContext<M, O>): void
  /** Called for every transaction that holds a statement under review. */
  transaction?(context: TransactionContext<M, O>): void
  /** Called once, for everything under review together. */
  run?(context: RunContext<M, O>): void
  /** Called for every query of the application that is new or changed, and could be understood. */
  query?(context: QueryContext<M, O>): void
}

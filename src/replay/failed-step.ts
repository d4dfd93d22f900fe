import type { Migration, Span, Statement } from '../core/model.ts'
import { missingExtension, type MissingObject } from './missing-object.ts'

/** A statement that could not be run here, though it ran, or will run, in production. Plain data: the cache keeps it. */
export interface FailedStep {
  readonly span: Span
  /** Empty where the server was not asked. */
  readonly sqlstate: string
  readonly message: string
  /** `refused`: not run here on purpose; `stand-in`: not run because an extension is a stand-in of ours. */
  readonly reason: 'error' | 'refused' | 'too long' | 'stand-in'
  /** Names in the statement, in lower case: what it would have created is among them. */
  readonly mentions: readonly string[]
  /** The relation that the statement is about. */
  readonly about?: string
}

export function failedStep(
  { file }: Pick<Migration, 'file'>,
  statement: Statement,
  failure: Pick<FailedStep, 'sqlstate' | 'message' | 'reason'>,
): FailedStep {
  const { sqlstate, message, reason } = failure
  const about = relationOf(statement)
  return {
    span: { ...statement.span, file },
    sqlstate,
    message: withoutNumbers(message),
    reason,
    mentions: mentionsOf(statement),
    ...(about === undefined ? {} : { about }),
  }
}

/** Triggers of foreign keys are called after their object id, another one in every run: those are one reason. */
export function withoutNumbers(message: string): string {
  return message.replaceAll(/"RI_ConstraintTrigger_[ac]_\d+"/g, 'the trigger of a foreign key')
}

/** Creates nothing that a later statement could miss. */
const createsNothing: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'CopyStmt',
  'TruncateStmt',
  'VariableSetStmt',
  'GrantStmt',
  'CommentStmt',
  'SecLabelStmt',
  'RefreshMatViewStmt',
  'VacuumStmt',
  'DropStmt',
  'NotifyStmt',
  'AlterSystemStmt',
  'AlterDatabaseSetStmt',
])

const maxText = 20_000
const wordPattern = /"((?:[^"]|"")+)"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g

function mentionsOf({ tag, sql }: Statement): readonly string[] {
  if (createsNothing.has(tag)) return []
  // a function's body is not run when it is created
  const text = tag === 'CreateFunctionStmt' ? sql.slice(0, sql.indexOf('(') + 1) : sql
  return [...namesIn(text)]
}

/** Identifiers and words of a text, in lower case. */
function namesIn(text: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [word, quoted] of text.slice(0, maxText).matchAll(wordPattern)) {
    names.add((quoted ?? word).toLowerCase())
  }
  return names
}

function relationOf({ node }: Statement): string | undefined {
  const relation = (node?.['relation'] ?? node?.['view']) as { relname?: unknown } | undefined
  return typeof relation?.relname === 'string' ? relation.relname.toLowerCase() : undefined
}

/**
 * Could the step have made what is missing? A column counts as lost where the step names both it and its table, or,
 * where the error does not tell the table, one that the failing statement is about as well.
 */
export function couldHaveMade(
  step: FailedStep,
  missing: MissingObject,
  { about }: { readonly about?: string | undefined },
): boolean {
  const has = (name: string | undefined): boolean =>
    name !== undefined && step.mentions.includes(name.toLowerCase())
  const extension = missingExtension(step.message)
  if (missing.kind === 'key') return step.about === missing.of?.toLowerCase()
  if (missing.signature.some((type) => type !== extension && has(type) && !isBuiltIn(type))) return true
  if (has(missing.schema) && !has(missing.name)) return isSchemaStep(step, missing.schema)
  if (missing.kind === 'column') return has(missing.name) && hasTable(step, missing.of ?? about)
  if (missing.of !== undefined && !has(missing.of)) return false
  return has(missing.name) || isNameGiven(step, missing.name)
}

function hasTable(step: FailedStep, table: string | undefined): boolean {
  return table === undefined || step.mentions.includes(table.toLowerCase())
}

function isSchemaStep({ message, mentions }: FailedStep, schema = ''): boolean {
  return mentions.includes('schema') || message.includes(`"${schema}"`)
}

/** `items_label_idx`: a name that Postgres gives by itself, made of the table's and the columns' names. */
function isNameGiven({ about, mentions }: FailedStep, name: string): boolean {
  if (about === undefined || !name.startsWith(`${about}_`)) return false
  const rest = name.slice(about.length + 1).replace(/\d*$/, '')
  const ending = /(?:^|_)(?:pkey|key|idx|fkey|check|excl|seq|not_null)$/.exec(rest)?.[0]
  if (ending === undefined) return false
  const columns = rest.slice(0, -ending.length)
  return (
    columns === '' ||
    mentions.includes(columns) ||
    columns.split('_').every((word) => mentions.includes(word))
  )
}

/** Types that every server has say nothing about which step is missing. */
function isBuiltIn(type: string): boolean {
  return builtInTypes.test(type)
}

const builtInTypes =
  /^(?:int[248]?|integer|bigint|smallint|text|uuid|boolean|bool|numeric|real|double|precision|character|varying|varchar|bpchar|date|time|timestamp|timestamptz|with|without|zone|interval|json|jsonb|bytea|unknown|record|anyelement|anyarray|name|oid|regclass|void|trigger|inet|cidr|xml|money|point|float[48]?)$/i

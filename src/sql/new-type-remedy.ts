import type {
  CatalogColumn,
  CatalogConstraint,
  CatalogTable,
  Effect,
  Relation,
  Remedy,
  SchemaCatalogs,
  Statement,
  StatementSettings,
} from '../core/model.ts'
import { catalogEffects, relationKey } from '../core/effects.ts'
import { everyRowTarget, firingTriggers, lastTriggerName } from './batch-table.ts'
import { batchedUpdate } from './batches.ts'
import { differsFrom } from './column-difference.ts'
import { defaultObjectName } from './names.ts'
import { dollarTag, quoteIdent, quoteLiteral, quoteName } from './quote.ts'
import { batchStep, notNullSteps, stepOutsideTransaction, stepWithLockTimeout } from './remedies.ts'
import { columnList, constraintBody, indexBody, type Renames } from './renamed-columns.ts'
import { alterActions, type AlterAction } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/** What the remedy is made from. */
export interface TypeChange {
  readonly statement: Statement
  readonly effects: readonly Effect[]
  readonly settings: StatementSettings
  readonly table: Relation
  readonly schema?: SchemaCatalogs | undefined
}

/**
 * ALTER COLUMN … TYPE without writing the table: a second column that a trigger keeps current, filled in batches, with
 * all that the column has once its type is the new one, which takes its place in one short transaction. Undefined where
 * the schema is not known well enough, or others depend on the column.
 */
export function newTypeRemedy(change: TypeChange): Remedy | undefined {
  const { statement, settings, table, schema } = change
  const actions = alterActions(statement)
  const action = actions.find(({ command }) => command.subtype === 'AT_AlterColumnType')
  const old = action?.command.name
  const after = schema?.after.tables.find((one) => relationKey(one) === relationKey(table))
  const column = after?.columns.find(({ name }) => name === old)
  const target = everyRowTarget(table, schema)
  if (action === undefined || actions.length > 1 || old === undefined) return undefined
  if (schema === undefined || after === undefined || column === undefined || target === undefined)
    return undefined
  const added = defaultObjectName(old, undefined, 'new')
  const parts = partsOf(after, column, added)
  if (parts === undefined || !standsAlone(schema, after, column)) return undefined
  const { type, value } = conversion(action, change)
  const trigger = lastTriggerName(defaultObjectName(table.name, added, 'current'), after)
  if (trigger === undefined) return undefined
  const [name, from, to] = [quoteName(table), quoteIdent(old), quoteIdent(added)]
  const current = keepCurrent(table, trigger, added, value)
  const assigned = { node: undefined, text: value }
  return {
    summary: `Keep a second column of the new type current with a trigger, fill it in batches, give it what the old one has, and let it take its place in one short transaction. It is the last column then, as INSERT without column names notices.${firingTriggers(table, schema)}`,
    migrations: [
      stepWithLockTimeout(settings, `ALTER TABLE ${name} ADD COLUMN ${to} ${type}`, ...current.create),
      batchStep(batchedUpdate(target, `${to} = ${value}`, [differsFrom(to, assigned, plainType(type))])),
      ...parts.indexes.map((sql) => stepOutsideTransaction(sql)),
      ...notNullSteps(settings, table, column.notNull ? [added] : [], {
        add: parts.constraints,
        validate: parts.validate,
        finally: [
          ...current.drop,
          ...parts.beforeSwap,
          `ALTER TABLE ${name} DROP COLUMN ${from}`,
          `ALTER TABLE ${name} RENAME COLUMN ${to} TO ${from}`,
          ...parts.afterSwap,
        ],
      }),
    ],
  }
}

/** Nothing refers to the column from outside of its table, and its rows are in this table alone. */
function standsAlone(
  schema: SchemaCatalogs,
  table: CatalogTable,
  { name, identity, generated }: CatalogColumn,
): boolean {
  const key = relationKey(table)
  const { tables } = schema.after
  return (
    table.kind === 'table' &&
    identity === undefined &&
    generated === undefined &&
    table.partitionOf === undefined &&
    (table.inherits ?? []).length === 0 &&
    typeof (table.replicaIdentity ?? 'default') === 'string' &&
    tables.every(({ inherits = [] }) => !inherits.includes(key)) &&
    tables.every(({ constraints }) =>
      constraints.every(({ references }) => references?.table !== key || !references.columns.includes(name)),
    )
  )
}

/** What the column has, as SQL for the one that takes its place. */
interface Parts {
  readonly indexes: readonly string[]
  /** ADD CONSTRAINT … NOT VALID. */
  readonly constraints: readonly string[]
  readonly validate: readonly string[]
  readonly beforeSwap: readonly string[]
  readonly afterSwap: readonly string[]
}

function partsOf(table: CatalogTable, column: CatalogColumn, added: string): Parts | undefined {
  const renames: Renames = new Map([[column.name, added]])
  const [name, from] = [quoteName(table), quoteIdent(column.name)]
  const constraints = constraintParts(table, column, renames)
  const indexes = indexParts(table, renames)
  if (constraints === undefined || indexes === undefined) return undefined
  const sequence =
    column.default === undefined ? undefined : /^nextval\('(.*)'::regclass\)$/.exec(column.default)?.[1]
  const { comment, grants = [] } = column
  return {
    indexes: [...indexes.create, ...constraints.indexes],
    constraints: constraints.add,
    validate: constraints.validate,
    // a sequence that belongs to the column goes with it
    beforeSwap:
      sequence === undefined
        ? []
        : [`ALTER SEQUENCE ${sequence.replaceAll("''", "'")} OWNED BY ${name}.${quoteIdent(added)}`],
    afterSwap: [
      ...(column.default === undefined
        ? []
        : [`ALTER TABLE ${name} ALTER COLUMN ${from} SET DEFAULT ${column.default}`]),
      ...indexes.rename,
      ...constraints.finally,
      ...(comment === undefined ? [] : [`COMMENT ON COLUMN ${name}.${from} IS ${quoteLiteral(comment)}`]),
      ...grants.map(
        ({ grantee, privileges }) =>
          `GRANT ${privileges.map((privilege) => `${privilege} (${from})`).join(', ')} ON ${name} TO ${grantee === 'PUBLIC' ? grantee : quoteIdent(grantee)}`,
      ),
    ],
  }
}

function indexParts(
  table: CatalogTable,
  renames: Renames,
): { readonly create: readonly string[]; readonly rename: readonly string[] } | undefined {
  const create: string[] = []
  const rename: string[] = []
  for (const index of table.indexes) {
    if (index.constraint !== undefined) continue
    const body = indexBody(index, renames)
    // one that cannot be told apart from those of other columns
    if (body === undefined) return undefined
    if (body === indexBody(index, new Map())) continue
    const helper = defaultObjectName(index.name, undefined, 'new')
    create.push(
      `CREATE ${index.isUnique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY ${quoteIdent(helper)} ON ${quoteName(table)} ${body}`,
    )
    const helperName = quoteName({ schema: index.schema, name: helper })
    rename.push(`ALTER INDEX ${helperName} RENAME TO ${quoteIdent(index.name)}`)
  }
  return { create, rename }
}

interface ConstraintParts {
  readonly indexes: readonly string[]
  readonly add: readonly string[]
  readonly validate: readonly string[]
  readonly finally: readonly string[]
}

function constraintParts(
  table: CatalogTable,
  { name: column }: CatalogColumn,
  renames: Renames,
): ConstraintParts | undefined {
  const parts = table.constraints
    .filter(({ kind, columns }) => kind !== 'not null' && columns.includes(column))
    .map((constraint) =>
      constraint.kind === 'primary key' || constraint.kind === 'unique'
        ? keyParts(table, constraint, renames)
        : checkParts(table, constraint, renames),
    )
  const known = parts.filter((part) => part !== undefined)
  if (known.length < parts.length) return undefined
  return {
    indexes: known.flatMap(({ indexes }) => indexes),
    add: known.flatMap(({ add }) => add),
    validate: known.flatMap(({ validate }) => validate),
    finally: known.flatMap((part) => part.finally),
  }
}

function keyParts(
  table: CatalogTable,
  constraint: CatalogConstraint,
  renames: Renames,
): ConstraintParts | undefined {
  const { name, kind, columns, isDeferrable } = constraint
  const index = table.indexes.find((one) => one.constraint === name)
  // INITIALLY DEFERRED is not known
  if (isDeferrable === true || index === undefined) return undefined
  const helper = quoteIdent(defaultObjectName(name, undefined, 'new'))
  const body = indexBody(index, renames) ?? `(${columnList(columns, renames)})`
  const word = kind === 'primary key' ? 'PRIMARY KEY' : 'UNIQUE'
  return {
    indexes: [`CREATE UNIQUE INDEX CONCURRENTLY ${helper} ON ${quoteName(table)} ${body}`],
    add: [],
    validate: [],
    finally: [
      `ALTER TABLE ${quoteName(table)} ADD CONSTRAINT ${quoteIdent(name)} ${word} USING INDEX ${helper}`,
      ...commentOf(table, constraint),
    ],
  }
}

function checkParts(
  table: CatalogTable,
  constraint: CatalogConstraint,
  renames: Renames,
): ConstraintParts | undefined {
  const { name, isValidated, isEnforced, isInherited } = constraint
  const body = constraintBody(constraint, renames)
  if (body === undefined || !isEnforced || isInherited) return undefined
  const helper = quoteIdent(defaultObjectName(name, undefined, 'new'))
  return {
    indexes: [],
    add: [`ADD CONSTRAINT ${helper} ${body} NOT VALID`],
    validate: isValidated ? [helper] : [],
    finally: [
      `ALTER TABLE ${quoteName(table)} RENAME CONSTRAINT ${helper} TO ${quoteIdent(name)}`,
      ...commentOf(table, constraint),
    ],
  }
}

function commentOf(table: CatalogTable, { name, comment }: CatalogConstraint): readonly string[] {
  if (comment === undefined) return []
  return [`COMMENT ON CONSTRAINT ${quoteIdent(name)} ON ${quoteName(table)} IS ${quoteLiteral(comment)}`]
}

/** Type and value of the new column; between timestamps the time zone counts that was in force. */
function conversion(
  action: AlterAction,
  { effects, settings }: TypeChange,
): { readonly type: string; readonly value: string } {
  const column = quoteIdent(action.command.name ?? '')
  const { type, using } = typeChange(action)
  const change = catalogEffects(effects, 'change type').find(
    (effect) => effect.change.column === action.command.name,
  )
  const [from = '', to = ''] = [change?.change.from, change?.change.to]
  const isZoned = /^timestamp.* with time zone$/
  const changesZone =
    from.startsWith('timestamp') && to.startsWith('timestamp') && isZoned.test(from) !== isZoned.test(to)
  const zoned = `${column} AT TIME ZONE ${quoteLiteral(settings.timeZone)}`
  return { type, value: using ?? (changesZone ? zoned : column) }
}

/** `ALTER COLUMN c [SET DATA] TYPE type [COLLATE …] [USING …]`. */
function typeChange({ text }: AlterAction): { readonly type: string; readonly using: string | undefined } {
  const tokens = tokenize(text)
  const keyword = tokens.findIndex((token, index) => index > 1 && isWord(token, 'TYPE'))
  const using = tokens.find((token, index) => index > keyword && isWord(token, 'USING'))
  const from = tokens[keyword]?.end ?? 0
  return {
    type: text.slice(from, using?.start ?? text.length).trim(),
    using: using === undefined ? undefined : text.slice(using.end).trim(),
  }
}

/** Without COLLATE, which CAST does not take. */
function plainType(type: string): string {
  const collate = tokenize(type).find((token) => isWord(token, 'COLLATE'))
  return collate === undefined ? type : type.slice(0, collate.start).trim()
}

function keepCurrent(
  table: Relation,
  trigger: string,
  column: string,
  expression: string,
): { readonly create: readonly string[]; readonly drop: readonly string[] } {
  const procedure = quoteName({ schema: table.schema, name: trigger })
  const tag = dollarTag('current', [expression, column, table.name].join('\n'))
  const name = quoteName(table)
  return {
    create: [
      `CREATE FUNCTION ${procedure}() RETURNS trigger LANGUAGE plpgsql AS ${tag}\n` +
        `BEGIN\n  NEW.${quoteIdent(column)} := (SELECT ${expression} FROM (SELECT NEW.*) AS ${quoteIdent(table.name)});\n` +
        `  RETURN NEW;\nEND ${tag}`,
      `CREATE TRIGGER ${quoteIdent(trigger)} BEFORE INSERT OR UPDATE ON ${name}\n` +
        `  FOR EACH ROW EXECUTE FUNCTION ${procedure}()`,
    ],
    drop: [`DROP TRIGGER ${quoteIdent(trigger)} ON ${name}`, `DROP FUNCTION ${procedure}()`],
  }
}

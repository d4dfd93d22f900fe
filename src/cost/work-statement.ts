import type {
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint,
  CopyStmt,
  CreateTableAsStmt,
  DoStmt,
  FuncCall,
  IndexStmt,
  RangeVar,
  RefreshMatViewStmt,
  SelectStmt,
  VacuumStmt,
} from '@pgsql/types'
import type { Effect, Relation, Statement } from '../core/model.ts'
import { allOf, as, words } from '../sql/ast.ts'
import { readQuery } from '../sql/query.ts'
import { readDoBlock } from '../sql/routine-body.ts'

/** What the text of a statement adds to its effects. */

/** REFRESH MATERIALIZED VIEW: does it run its query? */
export function refreshOf({ tag, node }: Statement): 'filled' | 'empty' | undefined {
  if (tag !== 'RefreshMatViewStmt') return undefined
  return (node as RefreshMatViewStmt | undefined)?.skipData === true ? 'empty' : 'filled'
}

/** CREATE TABLE AS, CREATE MATERIALIZED VIEW and SELECT INTO keep what their query gives. */
export function createsWithQuery({ tag, node }: Statement): boolean {
  if (tag === 'CreateTableAsStmt') return (node as CreateTableAsStmt).into?.skipData !== true
  return tag === 'SelectStmt' && (node as SelectStmt).intoClause !== undefined
}

/** VACUUM without FULL, also VACUUM ANALYZE. FULL shows as a rewrite. */
export function isPlainVacuum({ tag, node }: Statement): boolean {
  return tag === 'VacuumStmt' && (node as VacuumStmt).is_vacuumcmd === true
}

export function isAnalyze({ tag, node }: Statement): boolean {
  return tag === 'VacuumStmt' && (node as VacuumStmt).is_vacuumcmd !== true
}

export function attachesPartition({ tag, node }: Statement): boolean {
  return commandsOf(tag, node).some(({ subtype }) => subtype === 'AT_AttachPartition')
}

/** COPY FROM a file or program of the server: it may hold any number of rows. */
export function copiesServerFile({ tag, node }: Statement): boolean {
  const copy = node as CopyStmt | undefined
  return tag === 'CopyStmt' && copy?.is_from === true && (copy.filename ?? '') !== ''
}

/** The access method of the index that CREATE INDEX or a new constraint builds. */
export function addedIndexMethod(statement: Statement): string | undefined {
  if (statement.tag === 'IndexStmt') return (statement.node as IndexStmt).accessMethod ?? 'btree'
  const methods = constraintsOf(statement).flatMap(({ contype, access_method: method }) =>
    contype === 'CONSTR_EXCLUSION'
      ? [method ?? 'btree']
      : contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY'
        ? ['btree']
        : [],
  )
  return methods.find((method) => method !== 'btree') ?? methods[0]
}

/** The constraints that an ALTER TABLE adds, also those of new columns. */
function constraintsOf({ tag, node }: Statement): readonly Constraint[] {
  return commandsOf(tag, node).flatMap(({ def }) => {
    const constraint = as<Constraint>(def, 'Constraint')
    if (constraint !== undefined) return [constraint]
    return allOf<Constraint>(as<ColumnDef>(def, 'ColumnDef')?.constraints, 'Constraint')
  })
}

function commandsOf(tag: string, node: Statement['node']): readonly AlterTableCmd[] {
  return tag === 'AlterTableStmt' ? allOf<AlterTableCmd>((node as AlterTableStmt).cmds, 'AlterTableCmd') : []
}

/**
 * Of a statement that checks a foreign key: which of the tables that it reads are the referenced ones, whose rows are
 * only looked up. VALIDATE CONSTRAINT does not say what it validates; RowShareLock is what it takes on the referenced
 * table of a foreign key, and on nothing else (ATExecValidateConstraint, tablecmds.c).
 */
export function foreignKeyTables(
  statement: Statement,
  effects: readonly Effect[],
): { readonly referenced: (relation: Relation) => boolean } | undefined {
  const added = constraintsOf(statement).filter(({ contype }) => contype === 'CONSTR_FOREIGN')
  const own = (statement.node as AlterTableStmt | undefined)?.relation
  if (added.length > 0) {
    const others = added.flatMap(({ pktable }) => (isSame(pktable, own) ? [] : [pktable?.relname]))
    return { referenced: ({ name }) => others.includes(name) }
  }
  const validates = commandsOf(statement.tag, statement.node).some(
    ({ subtype }) => subtype === 'AT_ValidateConstraint',
  )
  if (!validates) return undefined
  const looked = effects.flatMap((effect) =>
    effect.kind === 'lock' && effect.mode === 'RowShareLock' ? [effect.relation.name] : [],
  )
  return looked.length === 0 ? undefined : { referenced: ({ name }) => looked.includes(name) }
}

function isSame(a: RangeVar | undefined, b: RangeVar | undefined): boolean {
  return a?.relname === b?.relname && a?.schemaname === b?.schemaname
}

/** Does a DO block repeat statements? Then a bounded write of it may go through the whole table. */
export function loopsInBlock({ tag, sql }: Statement): boolean {
  return tag === 'DoStmt' && /\bloop\b/i.test(sql)
}

/**
 * May the statement do more than effects tell? Code that is put together at run time, procedures, prepared statements,
 * and functions that ran queries on tables that exist.
 */
export function mayHideWork({ tag, node, sql }: Statement, effects: readonly Effect[]): boolean {
  switch (tag) {
    case 'DoStmt':
      return readDoBlock(node as DoStmt, sql).unknown !== undefined
    case 'CallStmt':
    case 'ExecuteStmt':
    case 'Unparsed':
      return true
    case 'SelectStmt':
      return callsUnknown(node as SelectStmt, effects)
    default:
      return false
  }
}

/** `SELECT f()`: only its effects tell what it does, and queries inside of it leave but their locks. */
function callsUnknown(select: SelectStmt, effects: readonly Effect[]): boolean {
  const { calls, reads } = readQuery({ SelectStmt: select })
  if (calls.every(isHarmless)) return false
  if (select.fromClause === undefined && !effects.some(({ kind }) => kind === 'lock' || kind === 'catalog'))
    return true
  const own = new Set(reads.map(({ relname }) => relname))
  return effects.some(
    (effect) =>
      effect.kind === 'lock' &&
      effect.relation.existedBefore &&
      effect.relation.kind === 'table' &&
      !own.has(effect.relation.name) &&
      queryModes.has(effect.mode),
  )
}

const queryModes: ReadonlySet<string> = new Set(['AccessShareLock', 'RowShareLock', 'RowExclusiveLock'])

/** Functions of Postgres that migrations call and that read no table. */
function isHarmless({ funcname }: FuncCall): boolean {
  const path = words(funcname)
  return path[0] === 'pg_catalog' || harmless.has(path.at(-1) ?? '')
}

const harmless: ReadonlySet<string> = new Set(
  'setval nextval currval lastval set_config current_setting now clock_timestamp count min max sum avg coalesce '
    .concat(
      'pg_sleep pg_notify pg_advisory_lock pg_advisory_xact_lock pg_advisory_unlock pg_try_advisory_lock ',
    )
    .concat(
      'pg_get_serial_sequence version exists lower upper length format concat to_regclass gen_random_uuid',
    )
    .split(' '),
)

import type {
  BoolExpr,
  ColumnRef,
  CommonTableExpr,
  CreateTableAsStmt,
  IndexStmt,
  InsertStmt,
  Node,
  NullTest,
  RangeSubselect,
  SelectStmt,
} from '@pgsql/types'
import type { Effect, Statement, StatementResult } from '../core/model.ts'
import { tableFactsByKey, type ColumnStatistics, type Production } from '../core/production.ts'
import { allOf, as, columnPath, unwrap } from '../sql/ast.ts'
import type { Driver, Drivers } from './drivers.ts'
import { guessedShare } from './guessed-share.ts'

/**
 * How many rows a statement's conditions let through: `values` decide, which nobody has here; or it is a share that
 * statistics tell, and then samples have that share as well.
 */
export type Matching =
  | { readonly by: 'values'; readonly guess: number | undefined }
  | { readonly by: 'statistics'; readonly share: number }

/** What is known of columns. */
export interface KnownColumns {
  readonly production: Production
  /** `schema.table.column` of those that the run itself adds: in samples they hold what they will hold. */
  readonly added: ReadonlySet<string>
}

/** `schema.table.column` of all columns that the statements add. */
export function addedColumns(statements: readonly StatementResult[]): ReadonlySet<string> {
  const added = new Set<string>()
  for (const { effects } of statements) {
    for (const effect of effects) {
      if (effect.kind !== 'catalog' || effect.change.type !== 'add column') continue
      const { schema, name } = effect.object
      added.add(`${schema}.${name}.${effect.change.column.name}`)
    }
  }
  return added
}

/**
 * Does the amount of a statement's work depend on how many rows match? Undefined when all rows are worked on, or when
 * a key or LIMIT says how many.
 */
export function matchingOf(
  { statement, effects }: Pick<StatementResult, 'statement' | 'effects'>,
  drivers: Drivers,
  known: KnownColumns,
): Matching | undefined {
  const { conditions, shapes } = filtersOf(statement, effects)
  if (shapes) return { by: 'values', guess: undefined }
  if (conditions.length === 0) return undefined
  const share = conditions.flatMap(conjuncts).reduce<number | undefined>((product, test) => {
    const own = knownShare(test, drivers, known)
    return product === undefined || own === undefined ? undefined : product * own
  }, 1)
  if (share !== undefined) return { by: 'statistics', share }
  const guesses = conditions.map((one) => guessedShare(one, (name) => statisticsOf(name, drivers, known)))
  const guess = guesses.reduce<number | undefined>(
    (product, one) => (product === undefined || one === undefined ? undefined : product * one),
    1,
  )
  return { by: 'values', guess }
}

interface Filters {
  readonly conditions: readonly Node[]
  /** Joins, groups and the like, also where only effects tell of a condition. */
  readonly shapes: boolean
}

const noFilters: Filters = { conditions: [], shapes: false }

function filtersOf({ tag, node }: Statement, effects: readonly Effect[]): Filters {
  switch (tag) {
    case 'IndexStmt':
      return condition((node as IndexStmt).whereClause)
    case 'CreateTableAsStmt':
      return filtersOfSelect(as<SelectStmt>((node as CreateTableAsStmt).query, 'SelectStmt'))
    case 'InsertStmt':
      return filtersOfInsert(node as InsertStmt, effects)
    case 'UpdateStmt':
    case 'DeleteStmt': {
      const { whereClause, fromClause, usingClause } = node as Readonly<Record<string, Node[] | undefined>>
      if (!writesFiltered(effects)) return noFilters
      const isJoin = (fromClause ?? usingClause) !== undefined
      return isJoin ? { conditions: [], shapes: true } : condition(whereClause as unknown as Node)
    }
    case 'MergeStmt':
      return { conditions: [], shapes: writes(effects, (reach) => reach !== 'bounded') }
    case 'SelectStmt': {
      const select = node as SelectStmt
      const own = select.intoClause === undefined ? noFilters : filtersOfSelect(select)
      return { ...own, shapes: own.shapes || writesFiltered(effects) }
    }
    default:
      return { conditions: [], shapes: writesFiltered(effects) }
  }
}

function filtersOfInsert(insert: InsertStmt, effects: readonly Effect[]): Filters {
  // VALUES and LIMIT bring what they say
  if (!writes(effects, (reach) => reach !== 'bounded')) return noFilters
  const own = filtersOfSelect(as<SelectStmt>(insert.selectStmt, 'SelectStmt'))
  return { ...own, shapes: own.shapes || insert.onConflictClause !== undefined }
}

/** Also of what stands in FROM and WITH. Where rows are joined or grouped, values say how many remain. */
function filtersOfSelect(select: SelectStmt | undefined): Filters {
  if (select === undefined || select.limitCount !== undefined) return noFilters
  const { larg, rarg, op, all, fromClause = [], withClause } = select
  const shapes =
    select.groupClause !== undefined ||
    select.distinctClause !== undefined ||
    select.havingClause !== undefined ||
    fromClause.length > 1 ||
    fromClause.some((item) => !plainSources.has(unwrap(item)?.tag ?? '')) ||
    (op !== undefined && op !== 'SETOP_NONE' && (op !== 'SETOP_UNION' || all !== true))
  const inner = [
    ...[larg, rarg].flatMap((side) => (side === undefined ? [] : [side])),
    ...allOf<RangeSubselect>(fromClause, 'RangeSubselect').map(({ subquery }) => subqueryOf(subquery)),
    ...allOf<CommonTableExpr>(withClause?.ctes, 'CommonTableExpr').map(({ ctequery }) =>
      subqueryOf(ctequery),
    ),
  ].map(filtersOfSelect)
  return {
    conditions: [...condition(select.whereClause).conditions, ...inner.flatMap((one) => one.conditions)],
    shapes: shapes || inner.some((one) => one.shapes),
  }
}

const plainSources: ReadonlySet<string> = new Set(['RangeVar', 'RangeSubselect'])

function subqueryOf(node: Node | undefined): SelectStmt | undefined {
  return as<SelectStmt>(node, 'SelectStmt')
}

function condition(where: Node | undefined): Filters {
  return where === undefined ? noFilters : { conditions: [where], shapes: false }
}

function conjuncts(node: Node): readonly Node[] {
  const bool = as<BoolExpr>(node, 'BoolExpr')
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(conjuncts) : [node]
}

function writesFiltered(effects: readonly Effect[]): boolean {
  return writes(effects, (reach) => reach === 'filtered')
}

function writes(effects: readonly Effect[], is: (reach: string) => boolean): boolean {
  return effects.some((effect) => effect.kind === 'write' && effect.command !== 'COPY' && is(effect.reach))
}

/** Of `column IS [NOT] NULL`, where the snapshot has the column or the run adds it. */
function knownShare(test: Node, drivers: Drivers, known: KnownColumns): number | undefined {
  const nullTest = as<NullTest>(test, 'NullTest')
  const reference = as<ColumnRef>(nullTest?.arg, 'ColumnRef')
  const column = reference === undefined ? undefined : columnPath(reference).at(-1)
  const driver = onlyDriver(drivers)
  if (column === undefined || driver === undefined) return undefined
  if ([driver.table, ...driver.roots].some((table) => known.added.has(`${table}.${column}`))) return 1
  const facts = statisticsOf(column, drivers, known)
  if (facts === undefined) return undefined
  return nullTest?.nulltesttype === 'IS_NOT_NULL' ? 1 - facts.nullFraction : facts.nullFraction
}

function onlyDriver({ main }: Drivers): Driver | undefined {
  return new Set(main.map(({ table }) => table)).size === 1 ? main[0] : undefined
}

function statisticsOf(
  column: string,
  drivers: Drivers,
  { production }: KnownColumns,
): ColumnStatistics | undefined {
  const driver = onlyDriver(drivers)
  if (driver === undefined) return undefined
  return tableFactsByKey(production, driver.table)?.columns?.find(({ name }) => name === column)
}

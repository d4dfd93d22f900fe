import type { DefElem, VacuumRelation, VacuumStmt } from '@pgsql/types'
import type { AstNode, CatalogEffect, Effect, Statement, WriteEffect } from '../core/model.ts'
import { allOf, words } from './ast.ts'
import { queryLevels } from './query-levels.ts'
import { isOpaque } from './statement-nodes.ts'

/**
 * Does the statement ANALYZE the table, and all of these columns of it? Statistics of expressions in indexes are gathered
 * only where no columns are named (do_analyze_rel, analyze.c): `expressions` asks for them too.
 */
export function analyzes(
  statement: Statement,
  table: { readonly schema: string; readonly name: string },
  {
    columns = [],
    expressions = false,
  }: { readonly columns?: readonly string[] | undefined; readonly expressions?: boolean | undefined },
): boolean {
  if (isOpaque(statement)) return /\banalyze\b/i.test(statement.sql) && statement.sql.includes(table.name)
  if (statement.tag !== 'VacuumStmt') return false
  const node = statement.node as VacuumStmt | undefined
  const options = allOf<DefElem>(node?.options, 'DefElem').map(({ defname }) => defname)
  if (node?.is_vacuumcmd === true && !options.includes('analyze')) return false
  const named = allOf<VacuumRelation>(node?.rels, 'VacuumRelation')
  if (named.length === 0) return true
  return named.some(({ relation, va_cols }) => {
    if (relation?.relname !== table.name) return false
    if (relation.schemaname !== undefined && relation.schemaname !== table.schema) return false
    const gathered = words(va_cols)
    return gathered.length === 0 || (!expressions && columns.every((column) => gathered.includes(column)))
  })
}

/** Names of tables that the statement joins with others, or looks up in others. */
export function joinedTables({ tag, node }: Statement): readonly string[] {
  const query = tag === 'CreateTableAsStmt' ? asSelect(node) : { tag, node }
  const sources = queryLevels(query.tag, query.node).flatMap((level) => level.sources)
  const names = new Set(sources.flatMap(({ kind, name }) => (kind === 'table' ? (name ?? []) : [])))
  return names.size > 1 ? [...names] : []
}

function asSelect(node: AstNode | undefined): { readonly tag: string; readonly node: object | undefined } {
  const select = (node?.['query'] as { SelectStmt?: object } | undefined)?.SelectStmt
  return { tag: 'SelectStmt', node: select }
}

/** The effect by which the statement fills a table of this run with as many rows as there happen to be. */
export function fillingOf(
  { tag }: Statement,
  effects: readonly Effect[],
  name: string,
): WriteEffect | CatalogEffect | undefined {
  return effects.find((effect): effect is WriteEffect | CatalogEffect => {
    if (effect.kind === 'write')
      return (
        addsRows.has(effect.command) &&
        effect.reach !== 'bounded' &&
        !effect.relation.existedBefore &&
        effect.relation.name === name
      )
    if (effect.kind !== 'catalog' || tag !== 'CreateTableAsStmt') return false
    return effect.change.type === 'create' && effect.object.name === name
  })
}

/** What changes and deletes rows finds those that are there: few, where nothing else has filled the table. */
const addsRows: ReadonlySet<WriteEffect['command']> = new Set(['INSERT', 'MERGE', 'COPY'])

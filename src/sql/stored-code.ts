/** Queries that a statement keeps in the database: views and functions in SQL. */
import type {
  ColumnRef,
  CreateFunctionStmt,
  CreateTableAsStmt,
  DefElem,
  FunctionParameter,
  Node,
  ResTarget,
  ViewStmt,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, as, unwrap, words } from './ast.ts'
import { relationName, nameFromWords, type QualifiedName } from './names.ts'
import { parseStatements } from './parse.ts'
import { queryLevels, type QueryLevel, type QuerySource } from './query-levels.ts'
import { selectOf } from './query-nodes.ts'

export interface StoredCode {
  /** Columns behind `*` are written out when a view, or a function with BEGIN ATOMIC, is created; else at each call. */
  readonly expands: 'once' | 'at each call'
  readonly kind: 'view' | 'function'
  readonly name: QualifiedName
  /** A function that returns rows of this table or type. */
  readonly returns?: QualifiedName
  /** Its statements; of a function only the last gives the result. */
  readonly statements: readonly (readonly QueryLevel[])[]
}

/** What the statement stores; undefined for other statements, and for code in other languages. */
export function storedCode({ tag, node }: Pick<Statement, 'tag' | 'node'>): StoredCode | undefined {
  if (tag === 'ViewStmt') {
    const { view, query } = node as ViewStmt
    return viewOf(view === undefined ? undefined : relationName(view), query)
  }
  if (tag === 'CreateTableAsStmt') {
    const { objtype, into, query } = node as CreateTableAsStmt
    return objtype === 'OBJECT_MATVIEW' && into?.rel !== undefined
      ? viewOf(relationName(into.rel), query)
      : undefined
  }
  return tag === 'CreateFunctionStmt' ? functionOf(node as CreateFunctionStmt) : undefined
}

function viewOf(name: QualifiedName | undefined, query: Node | undefined): StoredCode | undefined {
  const wrapped = unwrap(query)
  if (name === undefined || wrapped === undefined) return undefined
  return { expands: 'once', kind: 'view', name, statements: [queryLevels(wrapped.tag, wrapped.value)] }
}

function functionOf(statement: CreateFunctionStmt): StoredCode | undefined {
  const options = new Map(allOf<DefElem>(statement.options, 'DefElem').map((one) => [one.defname, one.arg]))
  const language = words([options.get('language') ?? { String: {} }])[0] ?? 'sql'
  if (language.toLowerCase() !== 'sql' && statement.sql_body === undefined) return undefined
  const [text = ''] = words(as<{ items?: Node[] }>(options.get('as'), 'List')?.items)
  const nodes = statement.sql_body === undefined ? parseStatements(text) : bodyNodes(statement.sql_body)
  const returned = returnedRow(statement)
  return {
    expands: statement.sql_body === undefined ? 'at each call' : 'once',
    kind: 'function',
    name: nameFromWords(words(statement.funcname)),
    ...(returned === undefined ? {} : { returns: returned }),
    statements: nodes.map(({ tag, value }) => queryLevels(tag, value)),
  }
}

function returnedRow({ returnType, parameters }: CreateFunctionStmt): QualifiedName | undefined {
  const hasOutputs = allOf<FunctionParameter>(parameters, 'FunctionParameter').some(
    ({ mode }) => mode === 'FUNC_PARAM_TABLE' || mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_INOUT',
  )
  return hasOutputs || returnType === undefined ? undefined : nameFromWords(words(returnType.names))
}

function bodyNodes(node: Node): readonly { readonly tag: string; readonly value: object }[] {
  const items = as<{ items?: Node[] }>(node, 'List')?.items
  if (items !== undefined) return items.flatMap(bodyNodes)
  const wrapped = unwrap(node)
  return wrapped === undefined ? [] : [wrapped]
}

/** The sources that `*` or `alias.*` in the output of a SELECT stands for. */
export function starSources(level: QueryLevel): readonly QuerySource[] {
  return allOf<ResTarget>(selectOf(level)?.targetList, 'ResTarget').flatMap(({ val }) => {
    const fields = as<ColumnRef>(val, 'ColumnRef')?.fields ?? []
    if (as<object>(fields.at(-1), 'A_Star') === undefined) return []
    const alias = words(fields).at(-1)
    return alias === undefined ? level.sources : level.sources.filter((source) => source.alias === alias)
  })
}

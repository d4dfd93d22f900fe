import type {
  AlterFunctionStmt,
  CreateFunctionStmt,
  DefElem,
  FunctionParameter,
  Node,
  ObjectWithArgs,
  TypeName,
  VariableSetStmt,
} from '@pgsql/types'
import { allOf, as, literalText, words } from './ast.ts'
import { formatType, type ColumnType } from './column-type.ts'
import { creationSchema, nameFromWords } from './names.ts'
import type { FunctionRecord } from './schema-records.ts'
import { readType, type ChangeScope } from './schema-scope.ts'

/** CREATE [OR REPLACE] FUNCTION and PROCEDURE. Volatility is VOLATILE unless said otherwise. */
export function createFunction(scope: ChangeScope, statement: CreateFunctionStmt): void {
  const name = nameFromWords(words(statement.funcname))
  const schema = name.schema ?? creationSchema(scope.path)
  const made = readFunction(scope, statement, schema, name.name)
  const overloads = scope.schema.function({ schema, name: name.name }, scope.path)
  const replaced = overloads.find((one) => sameArguments(one.argumentTypes, made.argumentTypes))
  const others = overloads.filter((one) => one !== replaced)
  scope.schema.putFunctions(schema, name.name, [...others, { ...made, id: replaced?.id ?? made.id }])
  const object = { kind: made.isProcedure ? 'procedure' : 'function', schema, name: name.name }
  scope.report?.(object, replaced !== undefined && !replaced.isNew, {
    type: replaced === undefined ? 'create' : 'alter',
  })
}

/** ALTER FUNCTION: what it does not say stays. */
export function alterFunction(scope: ChangeScope, statement: AlterFunctionStmt): void {
  const found = functionsNamed(scope, statement.func)
  const [first] = found
  if (first === undefined || found.length > 1) return
  const options = optionsOf(statement.actions)
  const altered: FunctionRecord = {
    ...first,
    ...(options.has('security') ? { isSecurityDefiner: isTrue(options.get('security')) } : {}),
    ...(options.has('strict') ? { isStrict: isTrue(options.get('strict')) } : {}),
    ...(options.has('volatility') ? { volatility: volatilityOf(options) } : {}),
    config: configOf(statement.actions, first.config),
  }
  const overloads = scope.schema.function({ schema: first.schema, name: first.name }, scope.path)
  scope.schema.putFunctions(
    first.schema,
    first.name,
    overloads.map((one) => (one === first ? altered : one)),
  )
}

/** The functions that a name with or without arguments means. */
export function functionsNamed(
  scope: ChangeScope,
  object: ObjectWithArgs | undefined,
): readonly FunctionRecord[] {
  const overloads = scope.schema.function(nameFromWords(words(object?.objname)), scope.path)
  if (object === undefined || object.args_unspecified === true) return overloads
  const wanted = allOf<TypeName>(object.objargs, 'TypeName').map((type) => readType(scope, type))
  return overloads.filter(({ argumentTypes }) => sameArguments(argumentTypes, wanted))
}

/** The length of a varchar does not count. */
function sameArguments(left: readonly ColumnType[], right: readonly ColumnType[]): boolean {
  const bare = (types: readonly ColumnType[]): string =>
    types.map((type) => formatType({ ...type, modifiers: [] })).join()
  return left.length === right.length && bare(left) === bare(right)
}

function readFunction(
  scope: ChangeScope,
  statement: CreateFunctionStmt,
  schema: string,
  name: string,
): FunctionRecord {
  const options = optionsOf(statement.options)
  const body = words(as<{ items?: Node[] }>(options.get('as'), 'List')?.items)
  const inputs = allOf<FunctionParameter>(statement.parameters, 'FunctionParameter').filter(
    ({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE',
  )
  return {
    id: scope.schema.newId(),
    schema,
    name,
    isNew: scope.isUnderReview,
    isProcedure: statement.is_procedure === true,
    volatility: volatilityOf(options),
    language: textOf(options, 'language').toLowerCase() || 'sql',
    argumentCount: inputs.length,
    argumentTypes: inputs.map(({ argType }) => ({ ...readType(scope, argType), modifiers: [] })),
    defaults: inputs.filter(({ defexpr }) => defexpr !== undefined).length,
    isVariadic: inputs.some(({ mode }) => mode === 'FUNC_PARAM_VARIADIC'),
    isSecurityDefiner: isTrue(options.get('security')),
    isStrict: isTrue(options.get('strict')),
    config: configOf(statement.options, []),
    ...returnsOf(scope, statement),
    ...(scope.sql === undefined ? {} : { definition: scope.sql }),
    ...(body[0] === undefined ? {} : { body: body[0] }),
    ...(statement.sql_body === undefined ? {} : { sqlBody: statement.sql_body }),
  }
}

/** Not told where OUT arguments or the columns of a relation make it up. */
function returnsOf(
  scope: ChangeScope,
  { returnType, parameters }: CreateFunctionStmt,
): Pick<FunctionRecord, 'returns'> {
  const isMadeUp = allOf<FunctionParameter>(parameters, 'FunctionParameter').some(
    ({ mode }) => mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_INOUT' || mode === 'FUNC_PARAM_TABLE',
  )
  const names = words(returnType?.names)
  if (returnType === undefined || isMadeUp) return {}
  if (scope.schema.lookup(nameFromWords(names), scope.path) !== undefined) return {}
  return { returns: { ...readType(scope, returnType), isSet: returnType.setof === true } }
}

type Options = ReadonlyMap<string | undefined, Node | undefined>

function optionsOf(nodes: readonly Node[] | undefined): Options {
  return new Map(allOf<DefElem>(nodes, 'DefElem').map((one) => [one.defname, one.arg]))
}

function textOf(options: Options, key: string): string {
  return words([options.get(key) ?? { String: {} }])[0] ?? ''
}

function isTrue(node: Node | undefined): boolean {
  return as<{ boolval?: boolean }>(node, 'Boolean')?.boolval === true
}

function volatilityOf(options: Options): FunctionRecord['volatility'] {
  const said = textOf(options, 'volatility')
  return said === 'immutable' || said === 'stable' ? said : 'volatile'
}

/** SET and RESET among the options, after those that there were. */
function configOf(nodes: readonly Node[] | undefined, before: readonly string[]): readonly string[] {
  const settings = new Map(before.map((entry) => [entry.slice(0, entry.indexOf('=')), entry]))
  for (const { defname, arg } of allOf<DefElem>(nodes, 'DefElem')) {
    const set = defname === 'set' ? as<VariableSetStmt>(arg, 'VariableSetStmt') : undefined
    if (set === undefined) continue
    const { kind, name = '', args = [] } = set
    if (kind === 'VAR_RESET_ALL') settings.clear()
    else if (kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT') settings.delete(name)
    else if (kind === 'VAR_SET_VALUE') settings.set(name, `${name}=${valueOf(name, args)}`)
  }
  return [...settings.values()].toSorted()
}

/** Lists of names are quoted where they have to be (flatten_set_variable_args, guc_funcs.c). */
function valueOf(name: string, args: readonly Node[]): string {
  const values = args.map((node) => literalText(node) ?? '')
  if (!listSettings.has(name)) return values.join(', ')
  return values.map((value) => (/^[a-z_][a-z0-9_$]*$/.test(value) ? value : `"${value}"`)).join(', ')
}

const listSettings: ReadonlySet<string> = new Set([
  'search_path',
  'temp_tablespaces',
  'session_preload_libraries',
])

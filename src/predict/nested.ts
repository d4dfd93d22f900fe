import type { CallStmt, DoStmt } from '@pgsql/types'
import { words } from '../sql/ast.ts'
import { nameFromWords, type QualifiedName } from '../sql/names.ts'
import { readDoBlock, readFunctionBody, type RoutineBody } from '../sql/routine-body.ts'
import type { TableRecord } from '../sql/schema-records.ts'
import type { PredictContext } from './context.ts'

/** Functions that call functions that call … end here. */
const maximumDepth = 8

/** DO: the statements that stand in the block. */
export function predictDo(context: PredictContext, node: object): void {
  runBody(context, readDoBlock(node as DoStmt, context.sql ?? ''), 'the DO block')
}

/** CALL of a procedure that the files create. */
export function predictCall(context: PredictContext, node: object): void {
  const call = (node as CallStmt).funccall
  if (call === undefined) return
  const name = nameFromWords(words(call.funcname))
  if (context.schema.function(name, context.path).length === 0) {
    context.effects.unknown ??= `no file creates the procedure ${name.name}()`
    return
  }
  runFunction(context, name, call.args?.length ?? 0)
}

/** A call of a function: its statements, when the files create it and its language is one we read. */
export function runFunction(context: PredictContext, name: QualifiedName, argumentCount: number): void {
  const overloads = context.schema.function(name, context.path)
  const routine = overloads.find((one) => one.argumentCount === argumentCount) ?? overloads[0]
  if (routine === undefined) return
  const key = `${routine.schema}.${routine.name}`
  if (context.callStack.includes(key) || context.callStack.length >= maximumDepth) return
  const inner: PredictContext = { ...context, callStack: [...context.callStack, key] }
  runBody(inner, readFunctionBody(routine), `the function ${routine.name}()`)
}

/** pg_trigger.tgtype bits (TRIGGER_TYPE_*). */
const eventBits = { INSERT: 4, DELETE: 8, UPDATE: 16 } as const

/** What the table's triggers do when rows are written. */
export function runTriggers(
  context: PredictContext,
  table: TableRecord,
  event: keyof typeof eventBits,
): void {
  for (const trigger of table.triggers) {
    if ((trigger.events & eventBits[event]) === 0) continue
    runFunction(context, nameFromWords(trigger.function.split('.')), 0)
  }
}

function runBody(context: PredictContext, body: RoutineBody, what: string): void {
  if (body.unknown !== undefined) context.effects.unknown ??= `${what} ${body.unknown}`
  for (const { tag, value } of body.statements) context.run(context, tag, value)
}

import type { BreakReason } from '../core/query-model.ts'
import type { QueryShape } from './query-shape.ts'
import type { Refusal } from './query-state.ts'
import type { TableFacts } from './table-facts.ts'

/** What it stumbles over, by SQLSTATE (errcodes.txt) and, where one stands for several things, by the message. */
export function breakReason({ sqlstate, message, reason }: Refusal, shape: QueryShape): BreakReason {
  if (reason !== undefined) return reason
  if (shape.hasConflictTarget && isLostTarget(sqlstate, message)) return 'conflict target lost'
  if (sqlstate === '42883' && message.startsWith('operator')) return 'type mismatch'
  if (sqlstate === '42704') return message.startsWith('type ') ? 'missing type' : 'other'
  return reasons[sqlstate] ?? 'other'
}

function isLostTarget(sqlstate: string, message: string): boolean {
  return sqlstate === '42P10' || (sqlstate === '42704' && message.startsWith('constraint '))
}

const reasons: Readonly<Record<string, BreakReason>> = {
  '42P01': 'missing relation',
  '3F000': 'missing relation',
  '42703': 'missing column',
  '42883': 'missing function',
  '42804': 'type mismatch',
  '42846': 'type mismatch',
  '22P02': 'type mismatch',
  '42P08': 'type mismatch',
  '42P18': 'type mismatch',
  '42702': 'ambiguous name',
  '42725': 'ambiguous name',
  '42P09': 'ambiguous name',
  '42501': 'permission',
}

/**
 * What it stumbles over: `public.orders.status` where the schema on which it works tells whose column it is, else the
 * name in the message.
 */
export function brokenObject(refusal: Refusal, tables: readonly TableFacts[]): string | undefined {
  const { object, sqlstate, message } = refusal
  if (object !== undefined) return object
  const name = nameIn(message)
  if (name === undefined) return undefined
  const word = (name.split('.').at(-1) ?? name).replaceAll('"', '')
  if (sqlstate === '42703') {
    const holders = tables.filter(({ columns }) => columns.some((column) => column.name === word))
    const [only] = new Set(holders.map((table) => `${table.schema}.${table.name}.${word}`))
    return new Set(holders.map(({ oid }) => oid)).size === 1 ? only : name
  }
  if (sqlstate === '42P01') {
    const table = tables.find((one) => one.name === word)
    return table === undefined ? name : `${table.schema}.${table.name}`
  }
  return name
}

/** As Postgres writes it: `o.status`, `orders.status`, `audit_log`. */
function nameIn(message: string): string | undefined {
  const ofRelation = /^column "(.+?)" of relation "(.+?)" does not exist/.exec(message)
  if (ofRelation !== null) return `${ofRelation[2]}.${ofRelation[1]}`
  const quoted = /^(?:relation|schema|type|column(?: reference)?|constraint) "(.+?)"/.exec(message)?.[1]
  const plain = /^(?:column|function) (.+?) does not exist/.exec(message)?.[1]
  return quoted ?? plain ?? /^operator does not exist: (.+)$/.exec(message)?.[1]
}

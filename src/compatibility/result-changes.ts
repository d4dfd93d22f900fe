import type { ResultChange } from '../core/query-model.ts'
import type { StateColumn } from './query-state.ts'

/** What changes for code that reads the result by names or by positions. */
export function resultChanges(
  before: readonly StateColumn[],
  after: readonly StateColumn[],
): readonly ResultChange[] {
  const pairs = matchColumns(before, after)
  const matched = new Set(pairs.map(([, one]) => one))
  const old = new Set(pairs.map(([one]) => one))
  return [
    ...before.filter((column) => !old.has(column)).map((column) => gone(column)),
    ...pairs.flatMap(([one, other]) => changesOf(one, other)),
    ...after
      .filter((column) => !matched.has(column))
      .map(({ name, type }): ResultChange => ({ type: 'column added', column: name, columnType: type })),
    ...orderChange(pairs, after),
  ]
}

type Pair = readonly [StateColumn, StateColumn]

function gone({ name, type }: StateColumn): ResultChange {
  return { type: 'column removed', column: name, columnType: type }
}

/** By name, the first with the first; then by the table's column, under another name. */
function matchColumns(before: readonly StateColumn[], after: readonly StateColumn[]): readonly Pair[] {
  const pairs = new Map<StateColumn, StateColumn>()
  const taken = new Set<StateColumn>()
  const match = (isSame: (one: StateColumn, other: StateColumn) => boolean): void => {
    for (const one of before) {
      if (pairs.has(one)) continue
      const other = after.find((candidate) => !taken.has(candidate) && isSame(one, candidate))
      if (other === undefined) continue
      pairs.set(one, other)
      taken.add(other)
    }
  }
  match((one, other) => one.name === other.name && one.origin === other.origin)
  match((one, other) => one.name === other.name)
  match((one, other) => one.origin !== undefined && one.origin === other.origin)
  return before.flatMap((one) => {
    const other = pairs.get(one)
    return other === undefined ? [] : [[one, other] as const]
  })
}

function changesOf(one: StateColumn, other: StateColumn): readonly ResultChange[] {
  const column = other.name
  const changes: ResultChange[] = []
  if (one.name !== other.name) changes.push({ type: 'column renamed', column: one.name, to: other.name })
  if (meaning(one.type) !== meaning(other.type)) {
    changes.push({ type: 'type changed', column, from: one.type, to: other.type })
  }
  if (one.nullable !== undefined && other.nullable !== undefined && one.nullable !== other.nullable) {
    changes.push({ type: other.nullable ? 'nullable now' : 'never null now', column })
  }
  return changes
}

/** Drivers give text and varchar, and longer or shorter ones, alike; not so a scale or a padding. */
function meaning(type: string): string {
  return type
    .replace(/^(character varying|bit varying)(?:\(\d+\))?/, (_, name: string) =>
      name === 'bit varying' ? name : 'text',
    )
    .replace(/^numeric\(\d+,(-?\d+)\)/, 'numeric(,$1)')
}

/** Of the columns that both have. */
function orderChange(pairs: readonly Pair[], after: readonly StateColumn[]): readonly ResultChange[] {
  const positions = pairs.map(([, other]) => after.indexOf(other))
  if (positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? -1))) return []
  return [{ type: 'order changed', columns: after.map(({ name }) => name) }]
}

import type { Snapshot } from './format.ts'

/**
 * The file's text: keys in the schema's order, tables by name, a line for each column, index and statement, so that a
 * change of one table is a change of its lines.
 */
export function printSnapshot(snapshot: Snapshot): string {
  const { tables, statements, ...head } = snapshot
  return `${print({ ...head, statements, tables }, 0)}\n`
}

function print(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Array.isArray(value)
    ? value.map((item: unknown) => print(item, depth + 1))
    : Object.entries(value)
        .filter(([, child]) => child !== undefined)
        .map(([key, child]) => `${JSON.stringify(key)}: ${print(child, depth + 1)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) return open + close
  if (depth > 1 && isShort(value)) {
    return Array.isArray(value) ? `[${entries.join(', ')}]` : `{ ${entries.join(', ')} }`
  }
  const indent = '  '.repeat(depth + 1)
  return `${open}\n${entries.map((entry) => indent + entry).join(',\n')}\n${'  '.repeat(depth)}${close}`
}

/** A list of numbers or texts, or an object that holds no list of objects: one line. Tables take more, also small ones. */
function isShort(value: object): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object')
  return (
    !('indexes' in value) && Object.values(value).every((child) => !Array.isArray(child) || isShort(child))
  )
}

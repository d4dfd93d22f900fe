/** Compares what two servers answered: which fields of which types, not which values. */
import type { Exchange } from './recorder.ts'

/** Field paths with their types, by `METHOD endpoint status`. */
export type Shapes = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

export function shapesOf(exchanges: readonly Exchange[]): Shapes {
  const shapes = new Map<string, Map<string, Set<string>>>()
  for (const { method, endpoint, status, response } of exchanges) {
    const name = `${method} ${endpoint} ${status}`
    const fields = shapes.get(name) ?? new Map<string, Set<string>>()
    shapes.set(name, fields)
    for (const [path, type] of fieldsOf(response, ''))
      fields.set(path, (fields.get(path) ?? new Set<string>()).add(type))
  }
  return shapes
}

/**
 * One line per difference. Answers that only one server gave are not compared: they depend on what happened. A field
 * that the fake leaves out is reported too, although a client may not miss it.
 */
export function differences(real: Shapes, fake: Shapes): readonly string[] {
  const found: string[] = []
  for (const [name, realFields] of real) {
    const fakeFields = fake.get(name)
    if (fakeFields === undefined) {
      found.push(`${name}: answered by the real server only`)
      continue
    }
    for (const [path, types] of realFields) {
      const faked = fakeFields.get(path)
      if (faked === undefined) found.push(`${name}: ${path} (${words(types)}) is missing in the fake`)
      else if (![...types].some((type) => faked.has(type)))
        found.push(`${name}: ${path} is ${words(types)}, in the fake ${words(faked)}`)
    }
    for (const path of fakeFields.keys())
      if (!realFields.has(path)) found.push(`${name}: ${path} is in the fake only`)
  }
  return found.toSorted()
}

function fieldsOf(value: unknown, path: string): readonly (readonly [string, string])[] {
  const at = path === '' ? 'body' : path
  if (Array.isArray(value)) return [[at, 'array'], ...value.flatMap((item) => fieldsOf(item, `${path}[]`))]
  if (typeof value !== 'object' || value === null) return [[at, value === null ? 'null' : typeof value]]
  const inner = Object.entries(value).flatMap(([key, part]) => fieldsOf(part, `${path}.${key}`))
  return [[at, 'object'], ...inner]
}

function words(types: ReadonlySet<string>): string {
  return [...types].toSorted().join(' or ')
}

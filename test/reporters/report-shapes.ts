export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The value with one entry of each shape in its lists, of the same keys, kind and type: enough to compare schemas, and quick. */
export function shapesOnly(value: Json): Json {
  if (Array.isArray(value)) {
    const shapes = new Map<string, Json>()
    for (const item of value as readonly Json[]) {
      const shape = JSON.stringify(item, (key, part: unknown) =>
        typeof part === 'object' || ['kind', 'type', 'by'].includes(key) ? part : typeof part,
      )
      shapes.set(shape, item)
    }
    return [...shapes.values()].map(shapesOnly)
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapesOnly(part)]))
}

/** How a configuration and what it extends become one, before it is validated. */

/** Lists that grow; all others are replaced. */
const appended: ReadonlySet<string> = new Set([
  'overrides',
  'customRules',
  'customSources',
  'customReporters',
])

/**
 * Values of configuration files as one value; later ones win. Objects are merged key by key, `rules` rule by rule; the
 * lists of `overrides` and of custom parts are put behind one another, every other list and value is replaced.
 * `extends` is gone.
 */
export function mergeConfigs(values: readonly unknown[]): unknown {
  const merged = values.map(withoutEmpty).reduce(mergeTop, {})
  if (!isPlainObject(merged)) return merged
  const { extends: _, ...rest } = merged
  return rest
}

function mergeTop(base: unknown, top: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(top)) return top
  const merged = Object.entries(top).map(([key, value]): [string, unknown] => {
    const known = Object.hasOwn(base, key) ? base[key] : undefined
    if (appended.has(key) && Array.isArray(known) && Array.isArray(value)) {
      return [key, [...(known as unknown[]), ...(value as unknown[])]]
    }
    // a rule's severity and its reason belong together
    if (key === 'rules' && isPlainObject(known) && isPlainObject(value)) return [key, { ...known, ...value }]
    return [key, mergeValues(known, value)]
  })
  return { ...base, ...Object.fromEntries(merged) }
}

function mergeValues(base: unknown, top: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(top)) return top
  const merged = Object.entries(top).map(([key, value]) => [
    key,
    mergeValues(Object.hasOwn(base, key) ? base[key] : undefined, value),
  ])
  return { ...base, ...(Object.fromEntries(merged) as object) }
}

/**
 * A key without a value (its children are commented out in YAML, or undefined in TypeScript) is as good as
 * no key. Only plain objects: rules and sources of the user's own are left alone.
 */
export function withoutEmpty(value: unknown): unknown {
  if (value === null || value === undefined) return {}
  if (!isPlainObject(value)) return value
  const entries = Object.entries(value).filter(([, child]) => child !== null && child !== undefined)
  return Object.fromEntries(
    entries.map(([key, child]) => [key, isPlainObject(child) ? withoutEmpty(child) : child]),
  )
}

/** Not an instance of a class, not a list. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object made in another realm, as configuration code may be, has another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

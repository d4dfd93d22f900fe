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
    if (key === 'rules' && isPlainObject(known) && isPlainObject(value))
      return [key, mergeRules(known, value)]
    return [key, mergeValues(known, value)]
  })
  return { ...base, ...Object.fromEntries(merged) }
}

/**
 * What is said twice of rules, by their ids. A severity and its reason belong together: what is said last counts.
 * Options are merged one by one, and who says only options changes nothing else.
 */
export function mergeRules<R>(
  base: Readonly<Record<string, R>>,
  top: Readonly<Record<string, R>>,
): Record<string, R> {
  const merged = Object.entries(top).map(([id, said]) => [
    id,
    Object.hasOwn(base, id) ? mergeRule(base[id], said) : said,
  ])
  return { ...base, ...(Object.fromEntries(merged) as Record<string, R>) }
}

function mergeRule(base: unknown, top: unknown): unknown {
  const options = isPlainObject(base) ? base['options'] : undefined
  if (typeof top === 'string') return options === undefined ? top : { severity: top, options }
  if (!isPlainObject(top)) return top
  const saysLevel = top['severity'] !== undefined || top['reason'] !== undefined
  const level = saysLevel ? {} : isPlainObject(base) ? base : { severity: base }
  const isMerged = isPlainObject(options) && (top['options'] === undefined || isPlainObject(top['options']))
  return { ...level, ...top, ...(isMerged ? { options: { ...options, ...(top['options'] as object) } } : {}) }
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

import type { Settings } from './flyway-settings.ts'
import { yamlValues } from './yaml.ts'

/** Keys below `prefix`, in camel case (Spring writes `sql-migration-prefix`); undefined when there are none. */
export function settingsBelow(
  settings: Settings,
  prefix: string,
  isFree: (name: string) => boolean,
): Settings | undefined {
  const own = new Map<string, string>()
  for (const [key, value] of settings) {
    if (!key.startsWith(prefix)) continue
    const name = key.slice(prefix.length)
    own.set(isFree(name) ? name : camelCase(name), expandDefault(value))
  }
  return own.size === 0 ? undefined : own
}

/** `sql-migration-prefix` -> `sqlMigrationPrefix`. */
export function camelCase(key: string): string {
  return key.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** `${DB_SCHEMA:shop}` is Spring for "the environment's DB_SCHEMA, else shop"; we take the default. */
function expandDefault(value: string): string {
  return value.replaceAll(/\$\{[^}:]{0,200}:([^}]{0,1000})\}/g, '$1')
}

/** The documents of a YAML file that hold for every profile, flattened to dotted keys. */
export async function parseYamlSettings(text: string): Promise<Settings> {
  const settings = new Map<string, string>()
  for (const document of await yamlValues(text)) {
    const flat = new Map<string, string>()
    flatten(document, '', flat)
    const isForProfile = flat.has('spring.config.activate.on-profile') || flat.has('spring.profiles')
    if (!isForProfile) for (const [key, value] of flat) settings.set(key, value)
  }
  return settings
}

function flatten(value: unknown, key: string, into: Map<string, string>): void {
  if (Array.isArray(value)) into.set(key, value.map(String).join(','))
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value))
      flatten(inner, key === '' ? name : `${key}.${name}`, into)
  } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.set(key, String(value))
  }
}

import type { GraphileMigrateConfig } from './graphile-migrate-config.ts'

/** Where values come from: the tool's configuration, and ours, by name with or without the colon. */
export interface GraphileValues {
  readonly config: GraphileMigrateConfig | undefined
  readonly given: Readonly<Record<string, string>>
}

/** What the database and its owner are called where nobody says; the tool takes them from its connection. */
const usual: Readonly<Record<string, string>> = { ':DATABASE_NAME': 'app', ':DATABASE_OWNER': 'app_owner' }

/**
 * Fills in placeholders as generatePlaceholderReplacement in migration.js of graphile-migrate does: the names as they
 * stand, before a word boundary, in comments and strings too. Lines stay.
 * @returns the text, and the names that only the environment has
 */
export function fillGraphile(
  text: string,
  { config, given }: GraphileValues,
): { readonly text: string; readonly missing: readonly string[] } {
  const values = new Map<string, string | undefined>([
    ...Object.entries(usual),
    ...(config?.placeholders ?? []),
  ])
  for (const [name, value] of Object.entries(given)) values.set(`:${name.replace(/^:/, '')}`, value)
  const missing = new Set<string>()
  const filled = text.replaceAll(/:[A-Z][0-9A-Z_]*\b/g, (name) => {
    if (!values.has(name)) return name
    const value = values.get(name)
    if (value === undefined) missing.add(name)
    return value ?? name
  })
  return { text: filled, missing: [...missing] }
}

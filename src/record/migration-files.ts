/** Which files of a project are migrations of a tool that runs code. */
import type { CandidateFile } from './model.ts'

/** Folders that migration tools read, wherever they are in the project. */
const folders =
  /(?:^|\/)(?:migrations?|migrate|alembic\/versions|versions|changelogs?|changesets|evolutions|drizzle|flyway|liquibase)\//i

/** Languages that migrations are written in. */
const languages =
  /\.(?:rb|py|[cm]?[jt]s|java|kt|kts|scala|groovy|cs|fs|go|php|exs?|rs|pl|clj|swift|dart|sql|xml|ya?ml|json|sh)$/i

/** Stand in such folders and are not migrations, or not those of the way up. */
const others =
  /(?:^|\/)(?:__init__\.py|env\.py|conftest\.py|[^/]*\.d\.[cm]?ts|[^/]*Designer\.cs|[^/]*ModelSnapshot\.cs|[^/]*\.(?:down|undo|revert)\.\w+|down\.\w+|undo\.\w+|[^/]*_?journal\.json|[^/]*snapshot\.json|migration_lock\.toml|schema\.rb|structure\.sql|atlas\.sum)$|(?:^|\/)(?:node_modules|site-packages|dist-packages|__pycache__|\.git)\//i

/** Below `dir`, where the configuration names one; else below a folder that tools read. */
export function isMigrationFile(path: string, dir: string | undefined): boolean {
  if (!languages.test(path) || others.test(path)) return false
  if (dir === undefined) return folders.test(path)
  const folder = dir.replace(/^\.\/|\/+$/g, '')
  return folder === '' || folder === '.' || path.startsWith(`${folder}/`)
}

/** Of this much text at most is looked at. */
const mostBytes = 20 * 1024 * 1024

/** Reads files, as far as they are text and not too much of it. */
export async function readCandidates(
  paths: readonly string[],
  read: (path: string) => Promise<Uint8Array | undefined>,
): Promise<readonly CandidateFile[]> {
  const files: CandidateFile[] = []
  const apps = new Map<string, readonly string[] | undefined>()
  let total = 0
  for (const path of paths) {
    const bytes = await read(path)
    total += bytes?.length ?? 0
    if (bytes === undefined || total > mostBytes) continue
    const module = appModule(path)
    if (module !== undefined && !apps.has(module)) apps.set(module, labelsIn(await read(module)))
    const labels = module === undefined ? undefined : apps.get(module)
    const file = { path, text: new TextDecoder().decode(bytes) }
    files.push(labels === undefined ? file : { ...file, apps: labels })
  }
  return files
}

/** Where Django's app of a migration is configured. */
function appModule(path: string): string | undefined {
  const folder = /^(.*\/)?migrations\/[^/]+\.py$/.exec(path)
  return folder === null ? undefined : `${folder[1] ?? ''}apps.py`
}

/** `AppConfig.label`, which is the last part of `AppConfig.name` by default (docs.djangoproject.com/en/5.2/ref/applications). */
function labelsIn(bytes: Uint8Array | undefined): readonly string[] | undefined {
  if (bytes === undefined || bytes.length > mostBytesOfApp) return undefined
  const text = new TextDecoder().decode(bytes)
  const valuesOf = (name: string): readonly string[] =>
    [...text.matchAll(new RegExp(`^[ \\t]+${name}\\s*(?::\\s*str\\s*)?=\\s*['"]([\\w.]+)['"]`, 'gm'))].map(
      ([, value = '']) => value.slice(value.lastIndexOf('.') + 1),
    )
  const labels = valuesOf('label')
  const found = labels.length > 0 ? labels : valuesOf('name')
  return found.length === 0 ? undefined : [...new Set(found)]
}

const mostBytesOfApp = 100_000

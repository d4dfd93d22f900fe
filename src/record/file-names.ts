/** What a migration tool may write down when it has run a file. */
import { createHash } from 'node:crypto'
import type { CandidateFile } from './model.ts'

/** Names of one file, the surest first. */
export interface FileNames {
  readonly file: CandidateFile
  /** Nothing else is called so: whole names, revisions, classes, hashes. */
  readonly sure: ReadonlySet<string>
  /** Versions: digits at the start of the name. */
  readonly versions: ReadonlySet<string>
  /** Versions without leading zeros, as tools that keep numbers write them. */
  readonly numbers: ReadonlySet<string>
  /** What Django calls the app that it belongs to: in doubt one of several. */
  readonly apps: readonly string[]
}

export function namesOf(file: CandidateFile): FileNames {
  const parts = file.path.split('/')
  const base = parts.at(-1) ?? ''
  // diesel, Prisma and others name the folder
  const isGeneric = /^(?:up|down|migration|index|run|upgrade|deploy)\.\w+$/i.test(base)
  const named = isGeneric ? (parts.at(-2) ?? base) : base
  const stem = isGeneric ? named : named.replace(/(?:\.(?:up|do|auto))?\.\w+$/, '')
  const digits = /^[VBRU]?(\d[\d._-]*)/i.exec(stem)?.[1]?.replace(/[._-]+$/, '')
  // Directus has several a day: 20230401A-update-material-icons.js
  const lettered = /^(\d{6,}[A-Za-z])[-_]/.exec(stem)?.[1]
  const versions =
    lettered !== undefined
      ? [lettered]
      : digits === undefined
        ? []
        : [digits, digits.replaceAll(/\D/g, ''), digits.replaceAll('_', '.')]
  return {
    file,
    sure: new Set([
      ...[file.path, base, named, stem, ...namedWithin(file)].filter((name) => name.length > 2),
      ...revisionOf(file),
    ]),
    versions: new Set(versions),
    numbers: new Set(versions.filter((one) => /^\d+$/.test(one)).map((one) => one.replace(/^0+(?=\d)/, ''))),
    apps: file.apps ?? folderOfApp(file.path),
  }
}

/** Django's app is called after its folder, where `apps.py` says nothing else. */
function folderOfApp(path: string): readonly string[] {
  const folder = /(?:^|\/)([^/]+)\/migrations\/[^/]+\.py$/.exec(path)?.[1]
  return folder === undefined ? [] : [folder]
}

/** Alembic's, however short: `01`. */
function revisionOf({ path, text }: CandidateFile): readonly string[] {
  if (!path.endsWith('.py')) return []
  const revision = writtenIn(text, 'revision')
  return revision === undefined ? [] : [revision]
}

/** What a migration of Alembic's says: `down_revision: str | None = "a1"`. */
export function writtenIn(text: string, name: 'revision' | 'down_revision'): string | undefined {
  return new RegExp(`^${name}(?:\\s*:[^=\\n]*|\\s*)=\\s*['"]([^'"]+)['"]`, 'm').exec(text)?.[1]
}

/** What code says of itself. */
function namedWithin({ path, text }: CandidateFile): readonly string[] {
  const found: string[] = []
  for (const pattern of [
    // TypeORM: the class, or the name that it gives itself
    /\bname\s*(?::\s*string\s*)?=\s*['"]([^'"]+)['"]/,
    /\bclass\s+(\w*\d{8,}\w*)/,
    // Entity Framework
    /\[Migration\("([^"]+)"\)\]/,
  ]) {
    const name = pattern.exec(text)?.[1]
    if (name !== undefined) found.push(name)
  }
  // Liquibase writes it down in the place of the path
  for (const [, name] of text.matchAll(/\blogicalFilePath\s*[:=]\s*["']?([^"'\s,>]+)/gi))
    if (name !== undefined) found.push(name)
  for (const [, name] of text.matchAll(/--\s*changeset\s+(\S+:\S+)/gi))
    if (name !== undefined) found.push(name)
  // Drizzle keeps the hash of the text
  if (path.endsWith('.sql')) found.push(createHash('sha256').update(text).digest('hex'))
  return found
}

/** The file that these values, written into the tool's own table, speak of. */
export function fileOf(values: readonly string[], files: readonly FileNames[]): CandidateFile | undefined {
  // a whole path says more than its last part, which another folder may have too
  return fileCalled(values, values, files) ?? fileCalled(values.map(lastPart), values, files)
}

/** Is one of these the name of files in several folders, so that it is not known which is meant? */
export function namesSeveral(values: readonly string[], files: readonly FileNames[]): boolean {
  const named = values.map(lastPart).filter((value) => /[\d.]/.test(value))
  return named.some((value) => files.filter(({ sure }) => sure.has(value)).length > 1)
}

/**
 * The file of a row of `django_migrations`. Each app has a `0001_initial`: a name says little without its app, which is
 * called otherwise than its folder where `apps.py` says so.
 */
export function fileOfDjango(
  { app, name }: DjangoMigration,
  files: readonly FileNames[],
): CandidateFile | undefined {
  const named = files.filter(({ sure }) => sure.has(name))
  const ofApp = named.filter(({ apps }) => apps.includes(app))
  if (ofApp.length === 1) return ofApp[0]?.file
  const other = named.find(({ file }) => file.apps === undefined)
  return named.length === 1 && !/^\d+_initial$/.test(name) ? other?.file : undefined
}

export interface DjangoMigration {
  readonly app: string
  readonly name: string
}

function fileCalled(
  candidates: readonly string[],
  values: readonly string[],
  files: readonly FileNames[],
): CandidateFile | undefined {
  for (const tier of ['sure', 'versions', 'numbers'] as const) {
    const matching = files.filter((names) => candidates.some((value) => names[tier].has(value)))
    const ofApp = matching.filter(({ apps }) => apps.some((app) => values.includes(app)))
    const [only] = ofApp.length > 0 ? ofApp : matching
    if (only !== undefined && (matching.length === 1 || ofApp.length === 1)) return only.file
  }
  return undefined
}

function lastPart(value: string): string {
  return value.slice(value.lastIndexOf('/') + 1)
}

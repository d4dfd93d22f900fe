import type { FileTree, SourceProblem } from '../core/source.ts'
import { joinPath } from './paths.ts'
import { readSettings } from './read.ts'

/** One migration of meta/_journal.json. */
export interface JournalEntry {
  readonly tag: string
  /** Milliseconds since 1970, by which Drizzle tells what a database has. */
  readonly when: number
  readonly file: string
}

/** The journal's entries in its order; what makes it unusable. */
export interface Journal {
  readonly entries: readonly JournalEntry[]
  readonly problems: readonly SourceProblem[]
}

/** Reads meta/_journal.json of a folder; undefined when it has none. */
export async function readJournal(dir: string, files: FileTree): Promise<Journal | undefined> {
  const file = joinPath(dir, 'meta/_journal.json')
  const text = await readSettings(files, file)
  if (text === undefined) return undefined
  const entries = parseEntries(text)
  if (entries === undefined) return { entries: [], problems: [unusable(file)] }
  return {
    entries: unique(entries).map((entry) => ({ ...entry, file: joinPath(dir, `${entry.tag}.sql`) })),
    problems: [],
  }
}

/** A tag that is there twice, as after a bad merge, is one file to us. */
function unique<Entry extends { readonly tag: string }>(entries: readonly Entry[]): readonly Entry[] {
  return [...new Map(entries.map((entry) => [entry.tag, entry])).values()]
}

function parseEntries(text: string): readonly Omit<JournalEntry, 'file'>[] | undefined {
  let journal: { readonly entries?: unknown } | null
  try {
    journal = JSON.parse(text) as typeof journal
  } catch {
    return undefined
  }
  const entries: unknown = journal?.entries
  return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined
}

function isEntry(value: unknown): value is { readonly tag: string; readonly when: number } {
  if (typeof value !== 'object' || value === null) return false
  const entry = value as { readonly tag?: unknown; readonly when?: unknown }
  return typeof entry.tag === 'string' && typeof entry.when === 'number'
}

function unusable(file: string): SourceProblem {
  return {
    code: 'unreadable-file',
    file,
    message: `${file} cannot be read as Drizzle’s journal: it needs a list \`entries\` with \`tag\` and \`when\`, and no merge conflict in it.`,
    remedy: 'Resolve the conflict, or generate the migration again on top of the target branch.',
  }
}

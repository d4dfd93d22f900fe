import type { Limit, Query } from '../core/model.ts'
import type { FileTree } from '../core/source.ts'
import { loadParser } from '../sql/parse.ts'
import { fileNotChecked, notChecked, Room, type FoundQueries, type QuerySettings } from './found.ts'
import { makeQueries } from './make-queries.ts'
import { queryFiles, type Candidate } from './query-files.ts'
import { readSource } from './read-source.ts'
import { readSqlFile } from './sql-file.ts'
import { hasMarkers } from './sql-markers.ts'
import { tagPattern, usualTags } from './template-tags.ts'

export type { FoundQueries, QuerySettings } from './found.ts'

/** Of one run; a project with more has something generated in it. */
const mostQueries = 10_000
const mostLimits = 200

/** The contents that a file's queries were found in. */
interface Read {
  readonly bytes: Uint8Array
  readonly found: FoundQueries
}

/** So that a second revision need not parse what is the same in both. */
const readBefore = new WeakMap<FoundQueries, ReadonlyMap<string, Read>>()

/**
 * The application's queries in a tree of files: sqlc, PgTyped, yesql, HugSQL, aiosql, and tagged templates of TypeScript
 * and JavaScript; what the configuration names may be plain SQL as well. What cannot be understood is a limit each.
 * Migrations are left out. Loads the parser when there is something to parse; reads nothing but the tree.
 * `other` is what another revision gave with the same settings: files that are the same are not parsed again.
 */
export async function findQueries(
  files: FileTree,
  settings: QuerySettings,
  isMigration: (path: string) => boolean,
  other?: FoundQueries,
): Promise<FoundQueries> {
  const candidates = await queryFiles(files, settings, isMigration)
  const tags = settings.tags ?? usualTags
  const search: Search = {
    files,
    tags,
    pattern: tagPattern(tags),
    before: other && readBefore.get(other),
    room: new Room(),
  }
  const read = new Map<string, Read>()
  const queries: Query[] = []
  const limits: Limit[] = [...candidates.limits]
  for (const candidate of candidates.files) {
    const one = await readCandidate(search, candidate)
    if (one === undefined) continue
    read.set(candidate.file, one)
    for (const query of one.found.queries) queries.push(query)
    for (const limit of one.found.limits) limits.push(limit)
    if (queries.length > mostQueries) {
      limits.push(tooMany(candidate.file))
      break
    }
  }
  const result = { queries: queries.slice(0, mostQueries), limits: shortened(limits) }
  readBefore.set(result, read)
  return result
}

function tooMany(file: string): Limit {
  return notChecked(`More than ${mostQueries} queries were found; those behind ${file} are not looked at.`)
}

interface Search {
  readonly files: FileTree
  readonly tags: readonly string[]
  readonly pattern: RegExp
  readonly before: ReadonlyMap<string, Read> | undefined
  readonly room: Room
}

/** Undefined where nothing looks like queries. */
async function readCandidate(
  { files, tags, pattern, before, room }: Search,
  { file, kind, isNamed }: Candidate,
): Promise<Read | undefined> {
  const bytes = await files.read(file)
  // a link that leads out of the project; nobody knows whether it holds queries unless somebody says so
  if (bytes === undefined) return isNamed ? unreadable(file) : undefined
  const known = before?.get(file)
  if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0) return known
  const source = readSource(file, bytes, (start) => mayHold(start, kind, isNamed, pattern))
  if (source === undefined) return undefined
  if ('problem' in source)
    return { bytes, found: { queries: [], limits: [fileNotChecked(file, source.problem)] } }
  await loadParser()
  if (kind === 'SQL') return { bytes, found: makeQueries(source, readSqlFile(source), room) }
  const { readTemplateFile } = await import('./template-file.ts')
  return { bytes, found: makeQueries(source, await readTemplateFile(source, tags), room) }
}

function unreadable(file: string): Read {
  const found = { queries: [], limits: [fileNotChecked(file, 'it cannot be read')] }
  return { bytes: new Uint8Array(), found }
}

function mayHold(bytes: string, kind: Candidate['kind'], isNamed: boolean, pattern: RegExp): boolean {
  if (kind === 'code') return pattern.test(bytes)
  return isNamed || hasMarkers(bytes)
}

function shortened(limits: readonly Limit[]): readonly Limit[] {
  if (limits.length <= mostLimits) return limits
  const more = limits.length - mostLimits
  return [...limits.slice(0, mostLimits), notChecked(`${more} more queries or files were not understood.`)]
}

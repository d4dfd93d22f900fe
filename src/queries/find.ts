import type { Limit, Query } from '../core/model.ts'
import type { FileTree } from '../core/source.ts'
import { loadParser } from '../sql/parse.ts'
import { fileNotChecked, notChecked, type FoundQueries, type QuerySettings } from './found.ts'
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

/**
 * The application's queries in a tree of files: sqlc, PgTyped, yesql, HugSQL, aiosql, and tagged templates of TypeScript
 * and JavaScript; what the configuration names may be plain SQL as well. What cannot be understood is a limit each.
 * Migrations are left out. Loads the parser when there is something to parse; reads nothing but the tree.
 */
export async function findQueries(
  files: FileTree,
  settings: QuerySettings,
  isMigration: (path: string) => boolean,
): Promise<FoundQueries> {
  const candidates = await queryFiles(files, settings, isMigration)
  const tags = settings.tags ?? usualTags
  const pattern = tagPattern(tags)
  const queries: Query[] = []
  const limits: Limit[] = [...candidates.limits]
  for (const candidate of candidates.files) {
    const found = await readCandidate(files, candidate, tags, pattern)
    queries.push(...(found?.queries ?? []))
    limits.push(...(found?.limits ?? []))
    if (queries.length > mostQueries) {
      limits.push(
        notChecked(
          `More than ${mostQueries} queries were found; those behind ${candidate.file} are not looked at.`,
        ),
      )
      break
    }
  }
  return { queries: queries.slice(0, mostQueries), limits: shortened(limits) }
}

async function readCandidate(
  files: FileTree,
  { file, kind, isNamed }: Candidate,
  tags: readonly string[],
  pattern: RegExp,
): Promise<FoundQueries | undefined> {
  const source = await readSource(files, file, (bytes) => mayHold(bytes, kind, isNamed, pattern))
  if (source === undefined) return undefined
  if ('problem' in source) return { queries: [], limits: [fileNotChecked(file, source.problem)] }
  await loadParser()
  if (kind === 'SQL') return makeQueries(source, readSqlFile(source))
  const { readTemplateFile } = await import('./template-file.ts')
  return makeQueries(source, await readTemplateFile(source, tags))
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

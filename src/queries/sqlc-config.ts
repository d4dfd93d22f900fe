import { matchesGlob } from '../core/glob.ts'
import type { Limit } from '../core/model.ts'
import type { FileTree } from '../core/source.ts'
import { fileNotChecked } from './found.ts'
import { decode } from './read-source.ts'

/** What the configurations of sqlc say about the project's files. */
export interface SqlcFiles {
  /** Queries of PostgreSQL. */
  readonly isQueries: (path: string) => boolean
  /** Queries of another database. */
  readonly isForeign: (path: string) => boolean
  readonly limits: readonly Limit[]
}

/** Reading YAML with an alias for every anchor takes the square of that. */
const mostBytes = 200 * 1024

const configName = /(?:^|\/)sqlc\.(?:ya?ml|json)$/

/** Reads sqlc.yaml and its like, versions 1 and 2 (https://docs.sqlc.dev/en/stable/reference/config.html). */
export async function readSqlcConfigs(files: FileTree, paths: readonly string[]): Promise<SqlcFiles> {
  const queries: string[] = []
  const foreign: string[] = []
  const limits: Limit[] = []
  for (const file of paths.filter((path) => configName.test(path))) {
    const source = decode(file, (await files.read(file)) ?? new Uint8Array(), mostBytes)
    if ('problem' in source) {
      limits.push(fileNotChecked(file, source.problem))
      continue
    }
    const entries = await parseEntries(source.text)
    if (entries === undefined) limits.push(fileNotChecked(file, 'it is neither YAML nor JSON'))
    const folder = file.slice(0, file.lastIndexOf('/') + 1)
    for (const { engine, patterns } of entries ?? []) {
      const group = engine === 'postgresql' ? queries : foreign
      group.push(...patterns.flatMap((pattern) => resolved(folder, pattern) ?? []))
    }
  }
  const isIn =
    (patterns: readonly string[]) =>
    (path: string): boolean =>
      patterns.some((pattern) => matchesGlob(path, pattern))
  const isQueries = isIn(queries)
  const isOther = isIn(foreign)
  return { isQueries, isForeign: (path) => isOther(path) && !isQueries(path), limits }
}

interface Entry {
  readonly engine: string
  readonly patterns: readonly string[]
}

/** Version 1 has `packages`, version 2 has `sql`; a path is a file, a folder or a glob. */
async function parseEntries(text: string): Promise<readonly Entry[] | undefined> {
  const { parse } = await import('yaml')
  let value: unknown
  try {
    // comparing all keys with each other takes too long for some files
    value = parse(text, { logLevel: 'error', uniqueKeys: false })
  } catch {
    return undefined
  }
  const { sql, packages } = (value ?? {}) as { readonly sql?: unknown; readonly packages?: unknown }
  return [...listOf(sql), ...listOf(packages)].flatMap((item): readonly Entry[] => {
    if (typeof item !== 'object' || item === null) return []
    const { engine, queries } = item as { readonly engine?: unknown; readonly queries?: unknown }
    const patterns = [queries].flat().filter((pattern) => typeof pattern === 'string')
    return [{ engine: typeof engine === 'string' ? engine : 'postgresql', patterns }]
  })
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A path of a configuration, from the root of the project; undefined when it leads out of it. */
function resolved(folder: string, pattern: string): string | undefined {
  const parts: string[] = []
  for (const part of `${folder}${pattern}`.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.length === 0 ? '**' : parts.join('/')
}

import type { SkippedFile, SourceRoot } from '../core/source.ts'
import type { FlywayConfig } from './flyway-config.ts'
import type { FlywayCallback } from './flyway-callbacks.ts'
import { parseFlywayName } from './flyway-names.ts'
import { folderOf, isInside, nameOf } from './paths.ts'

/** Folders of other databases beside Postgres' own (Spring's `{vendor}`). */
export const otherVendors =
  /(?:^|\/)(?:h2|hsqldb|mysql|mariadb|oracle|sqlserver|mssql|sqlite|db2|derby)(?:\/|$)/i
/** A script by its name alone. */
export interface FlywayEntry {
  readonly file: string
  readonly title: string
  readonly version: readonly bigint[] | undefined
  readonly text: string | null
}

/** What lies below a root, in no order yet. */
export interface FlywayFolder {
  readonly versioned: FlywayEntry[]
  readonly baselines: FlywayEntry[]
  readonly repeatable: FlywayEntry[]
  readonly callbacks: FlywayCallback[]
  /** What undoes versioned ones. */
  readonly undo: FlywayEntry[]
  readonly skipped: SkippedFile[]
}

/** Does the root, or one of its further locations, hold the path? */
export function holds(root: SourceRoot, path: string): boolean {
  return [root.dir, ...(root.otherDirs ?? [])].some((dir) => isInside(path, dir))
}

/** Sorts the files of a root by what their names make of them. */
export function readFlywayFolder(
  root: SourceRoot,
  paths: readonly string[],
  config: FlywayConfig,
): FlywayFolder {
  const folder: FlywayFolder = {
    ...{ versioned: [], baselines: [], repeatable: [], callbacks: [] },
    ...{ undo: [], skipped: [] },
  }
  const skip = (file: string, reason: string, affectsOthers = false): unknown =>
    folder.skipped.push({ file, reason, affectsOthers })
  for (const file of paths) {
    if (!holds(root, file)) {
      if (isJavaMigration(file)) skip(file, 'Java migrations are not run', true)
      continue
    }
    const name = parseFlywayName(nameOf(file), config.naming)
    if (name === undefined) continue
    if (otherVendors.test(folderOf(file).slice(root.dir.length))) skip(file, 'made for another database')
    else if (name.kind === 'ignored') skip(file, name.reason)
    else if (name.kind === 'callback') {
      const { event, title } = name
      folder.callbacks.push({ file, event, title, version: undefined, text: null })
    } else {
      const versioned = name.kind === 'repeatable' ? undefined : name
      const entry = { file, title: name.title, version: versioned?.version, text: versioned?.text ?? null }
      if (name.kind === 'undo') {
        skip(file, 'undo migrations run only on a rollback')
        folder.undo.push(entry)
      } else if (name.kind === 'versioned') folder.versioned.push(entry)
      else if (name.kind === 'baseline') folder.baselines.push(entry)
      else folder.repeatable.push(entry)
    }
  }
  return folder
}

function isJavaMigration(file: string): boolean {
  return /(?:^|\/)src\/main\/(?:java|kotlin)\/(?:.*\/)?migrations?\/[VR][^/]*__[^/]*\.(?:java|kt)$/.test(file)
}

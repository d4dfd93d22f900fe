import { UsageError } from '../core/errors.ts'
import type { Limit } from '../core/model.ts'
import type { SourceRoot } from '../core/source.ts'
import type { UnsupportedFolder } from '../sources/owners.ts'
import { codeToolHint } from './code-tools.ts'
import { supportedTools, unsupportedTool, type FoundRoots } from './roots.ts'

/** Roots that were left alone although they hold something. */
export function otherRoots(roots: readonly SourceRoot[], what: string): readonly Limit[] {
  if (roots.length === 0) return []
  return [
    {
      code: 'other-migrations',
      message: `There are ${what} in ${describeRoots(roots)}, which were not looked at.`,
      hint: 'Name that folder on the command line, or in the configuration.',
    },
  ]
}

/** Folders of tools that we do not know yet, or for other databases (`goose for another database than Postgres`); `consequence` ends the sentence. */
export function unsupportedLimits(
  folders: readonly UnsupportedFolder[],
  consequence = 'it was not looked at',
): readonly Limit[] {
  return folders.map(({ tool, dir, because }) => ({
    code: 'unsupported-tool',
    message: `${dir === '' ? 'The project root' : dir} looks like ${tool} (${because})${tool.includes(' for ') ? '' : ', which is not supported yet'}, so ${consequence}.`,
  }))
}

/** The one root there is. Throws UsageError when there is none, or more than one to choose from. */
export function onlyRoot(roots: readonly SourceRoot[], found: FoundRoots): SourceRoot {
  const [root] = roots
  if (root === undefined) throw noMigrations(found)
  if (roots.length === 1) return root
  throw new UsageError(`There is more than one folder of migrations to judge: ${describeRoots(roots)}.`, {
    hint: 'Run pgrehearse once for each, in a folder that holds only that one, or name one as migrations.dir in the configuration.',
  })
}

/** Nothing anywhere: says what was looked for, and which tool's files were met instead. */
export function noMigrations({ unsupported, code }: FoundRoots): UsageError {
  if (code !== undefined)
    return new UsageError(
      `No migrations in SQL were found. This looks like ${code.tool} (${code.because}), whose migrations are code.`,
      { hint: codeToolHint(code) },
    )
  if (unsupported.length > 0) return unsupportedTool(unsupported)
  return new UsageError('No migrations were found.', {
    hint: whatWasLookedFor,
  })
}

/** The hint where no migrations were found. */
export const whatWasLookedFor =
  `Looked for ${supportedTools} (migrations/001_title.sql). ` +
  'Name the files or their folder on the command line, or in the configuration.'

/** Without git nothing tells new from old. */
export function nothingToCompareWith(reason: string): UsageError {
  return new UsageError(`What is new cannot be told: ${reason}.`, {
    hint: 'Name the new migration files or their folder on the command line, or judge every migration with --all.',
  })
}

/** `db/migrate (golang-migrate), sql (plain-sql)`; ten at most. */
function describeRoots(roots: readonly SourceRoot[]): string {
  const named = roots.slice(0, 10).map(({ dir, source }) => `${dir === '' ? '.' : dir} (${source})`)
  const more = roots.length > 10 ? ` and ${roots.length - 10} more` : ''
  return named.join(', ') + more
}

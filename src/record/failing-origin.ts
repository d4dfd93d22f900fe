/** Which migration a command failed at: its tool has not written it down. */
import type { AttributionContext } from './attribution.ts'
import { fileOfDjango, writtenIn, type FileNames } from './file-names.ts'
import type { CandidateFile } from './model.ts'
import type { Origin } from './transcript.ts'
import type { VersionRecord } from './version-records.ts'

/** As the tool announced it; else the one that follows the last one that was run; else the first that was not. */
export function failingOrigin(
  records: readonly VersionRecord[],
  names: readonly FileNames[],
  { underReview, files, output, direction }: AttributionContext,
): (Origin & { readonly knownBy: string }) | undefined {
  const text = output.map((line) => line.text).join('\n')
  const announced = djangoBegan(text, names) ?? alembicBegan(text, names)
  if (announced !== undefined) return { ...announced, knownBy: 'named last in the output' }
  const done = new Set(records.map(({ file }) => file?.path))
  const next = direction === 'down' ? undefined : following(records.at(-1)?.file, names, done)
  if (next !== undefined) return { file: next, knownBy: 'it follows the last one that is recorded as run' }
  const inOrder = direction === 'down' ? underReview.toReversed() : underReview
  const first = files.find(({ path }) => path === inOrder.find((one) => !done.has(one)))
  return first === undefined
    ? undefined
    : { file: first, knownBy: 'the first file under review that is not recorded as run' }
}

/** `Applying shop.0002_note...`, and ` OK` behind it when that is done (django/core/management/commands/migrate.py). */
function djangoBegan(text: string, names: readonly FileNames[]): Origin | undefined {
  const [, app, name] = [...text.matchAll(/\b(?:Applying|Unapplying) (\w+)\.(\w+)\.\.\./g)].at(-1) ?? []
  if (app === undefined || name === undefined) return undefined
  const file = fileOfDjango({ app, name }, names)
  return file === undefined ? { recordedAs: `${app}.${name}` } : { file }
}

/** `Running upgrade a1 -> b2, note`, of several heads `a1, c3 -> b2` (alembic/runtime/migration.py). */
function alembicBegan(text: string, names: readonly FileNames[]): Origin | undefined {
  const [, way, from = '', to = ''] =
    [...text.matchAll(/\bRunning (upgrade|downgrade) ([\w, ]*) -> (\w*)/g)].at(-1) ?? []
  if (way === undefined) return undefined
  const revision = way === 'upgrade' ? to : from
  const file = names.find(({ sure }) => sure.has(revision))?.file
  return file === undefined ? { recordedAs: revision } : { file }
}

/** Alembic's revisions say which they stand on. */
function following(
  last: CandidateFile | undefined,
  names: readonly FileNames[],
  done: ReadonlySet<string | undefined>,
): CandidateFile | undefined {
  const revision = last === undefined ? undefined : writtenIn(last.text, 'revision')
  if (revision === undefined) return undefined
  const found = names.filter(
    ({ file }) => !done.has(file.path) && writtenIn(file.text, 'down_revision') === revision,
  )
  return found.length === 1 ? found[0]?.file : undefined
}

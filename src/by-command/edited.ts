/** Migrations that the tool has run in the base revision, and that are others now, or gone. */
import type { EditedScript } from '../core/source.ts'
import type { RecordedReview } from './review.ts'
import type { Book } from '../record/book.ts'

/** Only files that the tool's own records name: others of the folder are no migrations. What runs again is none either. */
export function editedMigrations(
  { old = [], files }: Pick<RecordedReview, 'old' | 'files'>,
  history: Book | undefined,
  book: Pick<Book, 'chapters'>,
): readonly EditedScript[] {
  if (history === undefined) return []
  const runNow = new Set(book.chapters.map(({ file }) => file?.path))
  return old.flatMap(({ path, text }): readonly EditedScript[] => {
    const at = history.chapters.findIndex(
      ({ file, knownBy = '' }) => file?.path === path && knownBy.startsWith('recorded in'),
    )
    const script = history.transcripts[at]?.script
    if (script === undefined || runNow.has(path)) return []
    const now = files.find((file) => file.path === path)
    if (now !== undefined) return code(now.text) === code(text) ? [] : [{ script, change: 'edited' }]
    const copy = files.find((file) => file.text === text)
    if (copy === undefined) return [{ script, change: 'deleted' }]
    // tools know it by its name, wherever it is
    return nameOf(copy.path) === nameOf(path) ? [] : [{ script, change: 'deleted', renamedTo: copy.path }]
  })
}

/** Without what changes nothing: comments on lines of their own, and white space. */
function code(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:#|\/\/|--|\*|\/\*)/.test(line))
    .join('\n')
    .replaceAll(/\s+/g, ' ')
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

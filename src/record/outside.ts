/** Migrations of libraries, which a tool runs as well: Django's own apps, engines of Rails. */
import type { Limit } from '../core/model.ts'
import type { AttributedChapter } from './attribution.ts'

/**
 * Those that the tool has written down and that are no files of the project. None where nothing is the project's: then the
 * command was not run for files.
 */
export function outsideProject(chapters: readonly AttributedChapter[]): readonly AttributedChapter[] {
  if (chapters.every(({ file }) => file === undefined)) return []
  return chapters.filter(({ recordedAs }) => recordedAs !== undefined)
}

/** Says which they are, and when they would be judged. */
export function outsideLimit(command: string, names: readonly string[]): readonly Limit[] {
  if (names.length === 0) return []
  const [subject, are] = names.length === 1 ? ['One migration', 'is'] : [`${names.length} migrations`, 'are']
  return [
    {
      code: 'outside-project',
      message: `${subject} that \`${command}\` ran ${are} no file of this project, and not under review: ${listed(names)}.`,
      hint: 'What a library brings along is judged where it is new: with a history (`--base`, `--history`), and in `check`.',
    },
  ]
}

/** Django's by their apps. */
function listed(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) {
    const app = /^(\w+)\.\d/.exec(name)?.[1] ?? name
    counts.set(app, (counts.get(app) ?? 0) + 1)
  }
  const shown = [...counts]
    .slice(0, mostShown)
    .map(([app, count]) => (count === 1 ? app : `${app} (${count})`))
  const more = counts.size - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

const mostShown = 12

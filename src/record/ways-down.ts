/** Ways down that stand in a file of their own, beside that of the way up. */
import { isMigrationFile } from './migration-files.ts'
import type { CandidateFile } from './model.ts'

const names = ['down', 'undo', 'revert'] as const

/** `1_a.down.sql`, `2_b/down.sql`; folders as for isMigrationFile(). */
export function isWayDownFile(path: string, dir: string | undefined): boolean {
  const up = path.replace(/(?:\.(?:down|undo|revert)|(?<=\/)(?:down|undo|revert))(?=\.\w+$)/i, (name) =>
    name.startsWith('.') ? '' : 'up',
  )
  return up !== path && isMigrationFile(up, dir)
}

/** Where the way down of a migration may stand: beside `up.sql`, `1_a.up.sql`, `1_a.do.sql`, `1_a.sql`. */
export function waysDownOf(path: string): readonly string[] {
  const [, stem = path, extension = ''] = /^(.*?)(?:\.(?:up|do))?(\.\w+)$/i.exec(path) ?? []
  if (/\/up$/i.test(stem)) return names.map((name) => `${stem.slice(0, -2)}${name}${extension}`)
  return names.map((name) => `${stem}.${name}${extension}`)
}

/** The file that holds the way down of `up` and nothing else. */
export function wayDownOf(
  { path }: CandidateFile,
  waysDown: readonly CandidateFile[],
): CandidateFile | undefined {
  const paths = waysDownOf(path)
  return waysDown.find((one) => paths.includes(one.path))
}

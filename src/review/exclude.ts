import { matchesGlob } from '../core/glob.ts'

/** The paths that no pattern of `migrations.exclude` matches. */
export function withoutExcluded(paths: readonly string[], exclude: readonly string[]): readonly string[] {
  if (exclude.length === 0) return paths
  return paths.filter((path) => !exclude.some((pattern) => matchesGlob(path, pattern)))
}

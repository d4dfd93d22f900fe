/** Places in diffs: which exist, and where they go when the branch moves on [src diff/position.rb, position_tracer]. */
import { diffOf, lineAt, lineCode } from './diff-lines.ts'
import type { FileDiff } from './diff-lines.ts'
import type { DiffVersion, Position } from './model.ts'
import type { Repository } from './repository.ts'

/** The commits of a diff, as positions and versions both have them. */
export interface DiffRefs {
  readonly base_sha: string
  readonly start_sha: string
  readonly head_sha: string
}

/** Where a position stands in another version; `position` undefined when nothing is left to show. */
export interface Traced {
  readonly position: Position | undefined
  readonly outdated: boolean
}

export function refsOf(version: DiffVersion): DiffRefs {
  return { base_sha: version.baseSha, start_sha: version.startSha, head_sha: version.headSha }
}

export function sameRefs(left: DiffRefs, right: DiffRefs): boolean {
  return (
    left.base_sha === right.base_sha && left.start_sha === right.start_sha && left.head_sha === right.head_sha
  )
}

/** Does the position name a line at all? Else: `position is incomplete`. */
export function isComplete(position: Position): boolean {
  const hasLine = position.old_line !== null || position.new_line !== null
  const onText = position.position_type === 'text'
  return (hasLine || !onText) && pathsOf(position).length > 0
}

/**
 * The line code of a position, undefined where the diff between its own commits has no such line: an added line
 * wants new_line only, a removed line old_line only, an unchanged line both, and only lines shown in the diff
 * exist. Commits that the project does not have make every line unknown.
 */
export function lineCodeOf(repository: Repository, position: Position): string | undefined {
  const { base_sha: base, start_sha: start, head_sha: head } = position
  if (![base, start, head].every((sha) => repository.isCommit(sha))) return undefined
  // GitLab compares these paths alone and takes the first file [src position.rb find_diff_file].
  const file = diffOf(base, head, pathsOf(position))[0]
  const line = file === undefined ? undefined : lineAt(file, position.old_line, position.new_line)
  return file === undefined || line === undefined ? undefined : lineCode(file.newPath, line)
}

function pathsOf(position: Position): readonly string[] {
  const paths = [position.old_path, position.new_path].filter((path) => path !== null && path !== '')
  return [...new Set(paths)].map(String)
}

/** Follows a position from its own commits to `to`, as LineStrategy does with the four diffs between A, B, C, D. */
export function tracePosition(repository: Repository, position: Position, to: DiffRefs): Traced {
  const a = position.base_sha
  const [b, c, d] = [position.head_sha, to.base_sha, to.head_sha]
  const trace: Trace = { repository, position, to, a, b, c, d }
  if (position.old_line === null) return traceAdded(trace)
  if (position.new_line === null) return traceRemoved(trace)
  return traceUnchanged(trace)
}

interface Trace {
  readonly repository: Repository
  readonly position: Position
  readonly to: DiffRefs
  readonly a: string
  readonly b: string
  readonly c: string
  readonly d: string
}

function traceAdded(t: Trace): Traced {
  const bd = diffOf(t.b, t.d).find((file) => file.oldPath === t.position.new_path)
  const dPath = bd?.newPath ?? t.position.new_path
  const dLine = mapToNew(bd, t.position.new_line)
  if (dLine === undefined) return { position: undefined, outdated: true }
  const cd = diffOf(t.c, t.d).find((file) => file.newPath === dPath)
  const cLine = mapToOld(cd, dLine)
  if (cLine === undefined) return moved(t, cd, dPath, null, dLine)
  // The line came to the target branch too: it stays only if the diff still shows it.
  const shown = cd !== undefined && lineAt(cd, cLine, dLine) !== undefined
  return shown ? moved(t, cd, dPath, cLine, dLine) : { position: undefined, outdated: true }
}

function traceRemoved(t: Trace): Traced {
  const ac = diffOf(t.a, t.c).find((file) => file.oldPath === t.position.old_path)
  const cPath = ac?.newPath ?? t.position.old_path
  const cLine = mapToNew(ac, t.position.old_line)
  if (cLine === undefined) return { position: undefined, outdated: true }
  const cd = diffOf(t.c, t.d).find((file) => file.oldPath === cPath)
  if (cd === undefined || mapToNew(cd, cLine) !== undefined) return { position: undefined, outdated: true }
  return moved(t, cd, cPath, cLine, null)
}

function traceUnchanged(t: Trace): Traced {
  const ac = diffOf(t.a, t.c).find((file) => file.oldPath === t.position.old_path)
  const cPath = ac?.newPath ?? t.position.old_path
  const cLine = mapToNew(ac, t.position.old_line)
  const bd = diffOf(t.b, t.d).find((file) => file.oldPath === t.position.new_path)
  const dLine = mapToNew(bd, t.position.new_line)
  const cd = diffOf(t.c, t.d).find((file) => file.oldPath === cPath)
  if (dLine === undefined) return { position: undefined, outdated: true }
  if (cLine === undefined) return moved(t, cd, bd?.newPath ?? t.position.new_path, null, dLine)
  const shown = cd !== undefined && lineAt(cd, cLine, dLine) !== undefined
  return shown ? moved(t, cd, cPath, cLine, dLine) : { position: undefined, outdated: true }
}

function moved(
  t: Trace,
  file: FileDiff | undefined,
  path: string | null,
  oldLine: number | null,
  newLine: number | null,
): Traced {
  const paths = { old_path: file?.oldPath ?? path, new_path: file?.newPath ?? path }
  const lines = { old_line: oldLine, new_line: newLine, line_range: t.position.line_range }
  const kind = { position_type: t.position.position_type }
  return { position: { ...t.to, ...paths, ...kind, ...lines }, outdated: false }
}

/** Where a line of the old side is on the new side; undefined when it was removed. An unchanged file keeps its lines. */
function mapToNew(file: FileDiff | undefined, line: number | null): number | undefined {
  return line === null ? undefined : mapLine(file, line, 'oldLine', 'newLine', 'removed')
}

function mapToOld(file: FileDiff | undefined, line: number): number | undefined {
  return mapLine(file, line, 'newLine', 'oldLine', 'added')
}

function mapLine(
  file: FileDiff | undefined,
  line: number,
  from: 'oldLine' | 'newLine',
  to: 'oldLine' | 'newLine',
  gone: 'removed' | 'added',
): number | undefined {
  if (file === undefined) return line
  let shift = 0
  for (const shown of file.lines) {
    const at = shown[from]
    if (at !== null && at > line) break
    if (at === line) return shown.kind === gone ? undefined : (shown[to] ?? undefined)
    if (shown.kind === gone) shift -= 1
    else if (shown.kind !== 'context') shift += 1
  }
  return line + shift
}

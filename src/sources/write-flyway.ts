import type { MigrationWriter, NewPiece, WrittenFile, WrittenFiles, WriteRequest } from '../core/source.ts'
import { scanFlywayStatements } from './flyway-statements.ts'
import { slug, successor } from './new-names.ts'
import { compareNumbers, folderOf, joinPath, nameOf } from './paths.ts'
import { readText } from './read.ts'

/**
 * Flyway: versions have parts, so that there is always room: behind V12 comes V13, or V12_1 where that is taken
 * (MigrationVersion.java). What Flyway does not see by itself that it cannot run in a transaction, `<script>.conf` says
 * (SqlScriptMetadata.java).
 */
export const flywayWriter: MigrationWriter = { severalOutside: true, write }

async function write(request: WriteRequest): Promise<WrittenFiles> {
  const { files, set, script, pieces } = request
  if (pieces.length === 0 && !request.outside) return { files: [] }
  if (script.version === null)
    return { cannot: `${script.file} runs again whenever it changes: nothing can follow it.` }
  const name = nameOf(script.file)
  const [, before, version, separator, , suffix] =
    /^([^\d]*)(\d+(?:[._]\d+)*)(_+)(.*?)(\.[^.]+)$/.exec(name) ?? []
  if (before === undefined || version === undefined || suffix === undefined)
    return { cannot: `Flyway's configuration names migrations as we cannot: ${name}.` }
  const known = set.scripts.flatMap((other) => (other.version === null ? [] : [partsOf(other.version)]))
  const written: WrittenFile[] = []
  if (request.outside) {
    const read = await readText(files, script.file)
    if ('problem' in read) return { cannot: read.problem.message }
    written.push(...(await configOf(request, script.file, read.text)))
  }
  let last = version
  for (const piece of pieces) {
    last = versionBehind(last, known)
    const path = joinPath(
      folderOf(script.file),
      `${before}${last}${separator ?? '__'}${slug(piece.title, '_')}${suffix}`,
    )
    written.push({ path, text: piece.sql }, ...(await configOfPiece(request, path, piece)))
  }
  return { files: written }
}

/** The next version that no other is before. */
function versionBehind(version: string, known: readonly (readonly bigint[])[]): string {
  const [own, lastPart = ''] = [partsOf(version), /\d+$/.exec(version)?.[0]]
  const next = version.slice(0, version.length - lastPart.length) + successor(lastPart)
  const between = (candidate: string): boolean =>
    known.every((other) => compareNumbers(other, own) <= 0 || compareNumbers(partsOf(candidate), other) < 0)
  const joint = version.includes('.') ? '.' : '_'
  if (between(next)) return next
  // 12.1, or 12.0.1 where that is taken: some depth is always free
  let deeper = version
  do deeper += `${joint}0`
  while (!between(`${deeper.slice(0, -1)}1`) && deeper.length < version.length + 40)
  return `${deeper.slice(0, -1)}1`
}

function partsOf(version: string): readonly bigint[] {
  return version.split(/[._]/).map(BigInt)
}

async function configOfPiece(
  request: WriteRequest,
  path: string,
  { transaction, sql }: NewPiece,
): Promise<readonly WrittenFile[]> {
  return transaction ? [] : configOf(request, path, sql)
}

/** Nothing where Flyway sees it by itself. */
async function configOf({ files }: WriteRequest, path: string, sql: string): Promise<readonly WrittenFile[]> {
  const { nonTransactional, hasTransactional } = scanFlywayStatements(sql)
  if (nonTransactional !== undefined && !hasTransactional) return []
  const file = `${path}.conf`
  const bytes = await files.read(file)
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes)
  const rest = text.replaceAll(/^[ \t]*executeInTransaction[^\n]*\n?/gm, '')
  const joint = rest === '' || rest.endsWith('\n') ? '' : '\n'
  return [{ path: file, text: `${rest}${joint}executeInTransaction=false\n` }]
}

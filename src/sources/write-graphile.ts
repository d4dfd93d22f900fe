import type { MigrationWriter, WrittenFile, WrittenFiles, WriteRequest } from '../core/source.ts'
import { hashOf, readHeaders, type CommittedScript } from './graphile-migrate-headers.ts'
import { numberedName, slug, successor } from './new-names.ts'
import { compareInEnglish, folderOf, joinPath, nameOf } from './paths.ts'
import { readText } from './read.ts'

/**
 * Graphile Migrate: every committed migration has the hash of its text and of the one before it in its headers, so that
 * all from the edited one on get new headers (hash.js, header.js). The draft stays alone: it is committed as one.
 */
export const graphileWriter: MigrationWriter = { severalOutside: false, write }

const outsideMark = '--! no-transaction\n'

async function write(request: WriteRequest): Promise<WrittenFiles> {
  const { files, set, script, pieces } = request
  const dir = folderOf(script.file)
  if (script.draft === true) return writeDraft(request)
  const known = new Map<string, string>()
  for (const other of set.scripts.filter(({ draft }) => draft !== true)) {
    const read = await readText(files, other.file)
    if ('problem' in read) return { cannot: read.problem.message }
    known.set(other.file, read.text)
  }
  const committed = [...known.keys()]
  const later = committed.slice(committed.indexOf(script.file) + 1)
  const own = numberedName(nameOf(script.file).replace('.sql', '-'))
  if (own === undefined) return { cannot: `${script.file} has no number in front.` }
  const chain: [file: string, text: string, isOutside: boolean][] = [
    [script.file, known.get(script.file) ?? '', request.outside],
  ]
  let { number } = own
  for (const { sql, title, transaction } of pieces) {
    number = successor(number)
    if (later.some((file) => compareInEnglish(nameOf(file), number) <= 0 || nameOf(file).startsWith(number)))
      return {
        cannot: `The number ${number} behind ${nameOf(script.file)} is taken: uncommit what follows it first.`,
      }
    const word = slug(title, '-')
    chain.push([
      joinPath(dir, `${number}-${word}.sql`),
      `--! Previous: -\n--! Hash: -\n--! Message: ${word.replaceAll('-', ' ')}\n\n${sql}`,
      !transaction,
    ])
  }
  for (const file of later) chain.push([file, known.get(file) ?? '', false])
  return { files: hashed(chain, previousOf(script.file, known.get(script.file) ?? '')) }
}

async function writeDraft({ files, script, outside, pieces }: WriteRequest): Promise<WrittenFiles> {
  if (pieces.length > 0)
    return {
      cannot:
        'The current migration is committed as one: commit it in parts, each of them one of these steps.',
    }
  const read = await readText(files, script.file)
  if ('problem' in read) return { cannot: read.problem.message }
  return { files: outside ? [{ path: script.file, text: outsideMark + read.text }] : [] }
}

function previousOf(file: string, text: string): string | null {
  return parsed(file, text).previous ?? null
}

function parsed(file: string, text: string): CommittedScript {
  return readHeaders(file, nameOf(file), text).script
}

/** The chain with the hashes that its texts have. */
function hashed(
  chain: readonly (readonly [file: string, text: string, isOutside: boolean])[],
  first: string | null,
): readonly WrittenFile[] {
  let previous = first
  return chain.map(([path, text, isOutside]) => {
    const { start } = parsed(path, text).body
    const body = text.slice(start)
    const isMarked = /^\s*--!\s*no-transaction\b/.test(body)
    const run = isOutside && !isMarked ? body.replace(/^\s*/, (blank) => blank + outsideMark) : body
    const hash = hashOf({ text: run, start: 0 }, previous)
    const headers = text
      .slice(0, start)
      .replace(/^--! Previous:.*$/m, `--! Previous: ${previous ?? '-'}`)
      .replace(/^--! Hash:.*$/m, `--! Hash: ${hash}`)
      .replace(/^--! AllowInvalidHash.*\n/m, '')
    previous = hash
    return { path, text: headers + run }
  })
}

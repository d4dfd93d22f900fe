import type { MigrationWriter, NewPiece, WrittenFiles, WriteRequest } from '../core/source.ts'
import { splitScript } from '../sql/split.ts'
import { isFormattedSql } from './liquibase-formatted.ts'
import { readText } from './read.ts'

/**
 * Liquibase: further changesets in the same file, right behind the one that they were part of, with its attributes
 * (contexts, labels). `runInTransaction:false` says it for a changeset; one statement in each, because a body with
 * semicolons wants `splitStatements:false`, which makes one message of all.
 */
export const liquibaseWriter: MigrationWriter = { severalOutside: false, write }

const line = /^(\s*--\s*changeset\s+)("[^"]+"|[^:\n]+):\s*("[^"]+"|\S+)([^\r\n]*)$/gim

interface Changeset {
  readonly index: number
  readonly text: string
  readonly head: string
  readonly author: string
  readonly id: string
  readonly attributes: string
}

async function write({ files, script, outside, pieces }: WriteRequest): Promise<WrittenFiles> {
  if (pieces.length === 0 && !outside) return { files: [] }
  const read = await readText(files, script.file)
  if ('problem' in read) return { cannot: read.problem.message }
  const { text } = read
  const all = isFormattedSql(text) ? [...text.matchAll(line)].map(changesetOf) : []
  const at = all.findIndex(({ author, id }) => `${unquoted(author)}:${unquoted(id)}` === script.title)
  const own = all[at]
  if (own === undefined)
    return {
      cannot: `${script.file} is no formatted SQL, which alone is written here: add the changesets by hand.`,
    }
  const end = all[at + 1]?.index ?? text.length
  const body = text.slice(own.index + own.text.length, end)
  const marked = outside ? `${own.head}${own.author}:${own.id}` + attributesFor(own, body, false) : own.text
  const ids = new Set(all.map(({ id }) => unquoted(id)))
  const added = pieces.map((piece) => changesetText(own, piece, freeId(unquoted(own.id), ids)))
  const whole = added.length === 0 ? body : `${body.trimEnd()}\n\n${added.join('\n')}`
  const rest = text.slice(end)
  const gap = added.length > 0 && rest !== '' ? '\n' : ''
  return {
    files: [{ path: script.file, text: text.slice(0, own.index) + marked + whole + gap + rest }],
  }
}

function changesetOf(match: RegExpExecArray): Changeset {
  const [text, head = '', author = '', id = '', attributes = ''] = match
  return { index: match.index, text, head, author, id, attributes }
}

function freeId(id: string, taken: Set<string>): string {
  for (let number = 2; ; number++) {
    const candidate = `${id}-${number}`
    if (taken.has(candidate)) continue
    taken.add(candidate)
    return candidate
  }
}

function changesetText(own: Changeset, { sql, transaction }: NewPiece, id: string): string {
  const name = /\s/.test(id) ? `"${id}"` : id
  const attributes = attributesFor(own, sql, transaction)
  return `${own.head.trimStart()}${own.author}:${name}${attributes}\n${sql}--rollback not required\n`
}

function attributesFor({ attributes }: Changeset, sql: string, transaction: boolean): string {
  const kept = attributes.replaceAll(/\s*\b(?:runInTransaction|splitStatements):\w+/gi, '').trimEnd()
  const { pieces } = splitScript(sql)
  const isOne = pieces.length === 1
  const hasBody = pieces.some(({ start, end }) => sql.slice(start, end).includes(';'))
  return [
    kept,
    transaction ? '' : ' runInTransaction:false',
    hasBody && (isOne || transaction) ? ' splitStatements:false' : '',
  ].join('')
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1').trim()
}

import type { MigrationWriter, NewPiece, WrittenFile, WrittenFiles, WriteRequest } from '../core/source.ts'
import { endsWithSemicolon } from './go-lines.ts'
import { pathsBehind } from './new-names.ts'
import { readText } from './read.ts'
import { emptyWayDown, holdsSql } from './way-down.ts'

/** A tool whose files hold the way up and the way down, each behind a comment. */
interface SectionTool {
  readonly severalOutside: boolean
  /** Lines, each with its end, before the SQL of a piece, and behind it; `wayDown` is a comment. */
  readonly head: (piece: NewPiece) => string
  readonly foot: (piece: NewPiece, wayDown: string) => string
  /** The line with which the way up begins, and what it is outside of a transaction. */
  readonly up: RegExp
  readonly outside?: (line: string) => string
  readonly down: RegExp
  readonly statement?: (sql: string) => string
}

/** {@link MigrationWriter} of tools with sections. */
function sectionWriter(tool: SectionTool): MigrationWriter {
  const { severalOutside, statement } = tool
  return {
    severalOutside,
    ...(statement === undefined ? {} : { statement }),
    write: (request) => writeSections(request, tool),
  }
}

async function writeSections(request: WriteRequest, tool: SectionTool): Promise<WrittenFiles> {
  const { files, script, pieces } = request
  const read = await readText(files, script.file)
  if ('problem' in read) return { cannot: read.problem.message }
  const found = await pathsBehind(request, '.sql')
  if ('cannot' in found) return found
  const wayDown = emptyWayDown(script, holdsSql(downPart(read.text, tool.down)))
  const created = pieces.map((piece, index): WrittenFile => ({
    path: found.paths[index] ?? '',
    text: tool.head(piece) + piece.sql + tool.foot(piece, wayDown),
  }))
  if (!request.outside || tool.outside === undefined) return { files: created }
  const marked = read.text.replace(tool.up, tool.outside)
  return { files: [{ path: script.file, text: marked }, ...created] }
}

/** What follows the comment of the way down. */
function downPart(text: string, down: RegExp): string {
  const match = down.exec(text)
  return match === null ? '' : text.slice(match.index)
}

/** Both cut at every line that ends with a semicolon, unless it stands between two comments. */
function statementOf(mark: string): (sql: string) => string {
  return (sql) => {
    const isCut = sql.split('\n').slice(0, -1).some(endsWithSemicolon)
    return isCut ? `-- +${mark} StatementBegin\n${sql};\n-- +${mark} StatementEnd` : `${sql};`
  }
}

/** goose: `-- +goose NO TRANSACTION` says it for the whole file (internal/sqlparser/parser.go). */
export const gooseWriter = sectionWriter({
  severalOutside: true,
  head: ({ transaction }) => `-- +goose Up\n${transaction ? '' : '-- +goose NO TRANSACTION\n'}`,
  foot: (_, wayDown) => `\n-- +goose Down\n${wayDown}`,
  up: /^--[^\r\n]*\+goose[ \t]+up\b[^\r\n]*\r?\n/im,
  outside: (line) => `${line}-- +goose NO TRANSACTION\n`,
  down: /^--[^\r\n]*\+goose[ \t]+down\b/im,
  statement: statementOf('goose'),
})

/** dbmate: the options stand in the line of the comment; without a transaction the section is one message. */
export const dbmateWriter = sectionWriter({
  severalOutside: false,
  head: ({ transaction }) => `-- migrate:up${transaction ? '' : ' transaction:false'}\n`,
  foot: (_, wayDown) => `\n-- migrate:down\n${wayDown}`,
  up: /^--[ \t]*migrate:up\b[^\r\n]*/m,
  outside: (line) => `${line.replace(/\s*transaction:\w+/, '').trimEnd()} transaction:false`,
  down: /^--[ \t]*migrate:down\b/m,
})

/** sql-migrate: `notransaction` behind the direction. */
export const sqlMigrateWriter = sectionWriter({
  severalOutside: true,
  head: ({ transaction }) => `-- +migrate Up${transaction ? '' : ' notransaction'}\n`,
  foot: (_, wayDown) => `\n-- +migrate Down\n${wayDown}`,
  up: /^-- \+migrate[ \t]+Up\b[^\r\n]*/m,
  outside: (line) => `${line.trimEnd()} notransaction`,
  down: /^-- \+migrate[ \t]+Down\b/m,
  statement: statementOf('migrate'),
})

/** rambler: a section is one message, and a single statement of its own needs no more. */
export const ramblerWriter = sectionWriter({
  severalOutside: false,
  head: () => '-- rambler up\n',
  foot: (_, wayDown) => `\n-- rambler down\n${wayDown}`,
  up: /^-- rambler\s+up/m,
  down: /^-- rambler\s+down/m,
})

/** node-pg-migrate: SQL files always run in a transaction (sqlMigration.js has no noTransaction). */
export const nodePgMigrateWriter: MigrationWriter = {
  severalOutside: false,
  write: (request) =>
    request.outside || request.pieces.some(({ transaction }) => !transaction)
      ? Promise.resolve({ cannot: neverOutside })
      : writeSections(request, nodePgMigrateSections),
}

const neverOutside =
  'node-pg-migrate runs every SQL file in a transaction: write this as a migration in JavaScript, with pgm.noTransaction().'

const nodePgMigrateSections: SectionTool = {
  severalOutside: false,
  head: () => '-- Up Migration\n',
  foot: (_, wayDown) => `\n-- Down Migration\n${wayDown}`,
  up: /^\s*--[\s-]*up\s+migration[^\r\n]*/im,
  down: /^\s*--[\s-]*down\s+migration/im,
}

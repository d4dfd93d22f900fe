import type { MigrationWriter, WrittenFile, WrittenFiles, WriteRequest } from '../core/source.ts'
import { pathsBehind } from './new-names.ts'
import { nameOf } from './paths.ts'
import { readText } from './read.ts'
import { emptyWayDown, undoes } from './way-down.ts'

/** A tool that sends whole files. */
interface WholeFileTool {
  readonly severalOutside: boolean
  /** What makes a text run outside of a transaction: its first line, with its end; '': nothing needs to be said. */
  readonly outside: string | { readonly cannot: string }
}

function wholeFileWriter(tool: WholeFileTool): MigrationWriter {
  return { severalOutside: tool.severalOutside, write: (request) => writeWholeFiles(request, tool) }
}

async function writeWholeFiles(request: WriteRequest, { outside }: WholeFileTool): Promise<WrittenFiles> {
  const { files, script, pieces } = request
  const leaves = request.outside || pieces.some(({ transaction }) => !transaction)
  if (leaves && typeof outside !== 'string') return outside
  const mark = typeof outside === 'string' ? outside : ''
  const ending = endingOf(nameOf(script.file))
  const found = await pathsBehind(request, ending)
  if ('cannot' in found) return found
  const down = wayDownOf(script.file)
  const isUndone = down === undefined ? undefined : await undoes(files, down)
  const written: WrittenFile[] = []
  if (request.outside && mark !== '') {
    const read = await readText(files, script.file)
    if ('problem' in read) return { cannot: read.problem.message }
    written.push({ path: script.file, text: mark + read.text })
  }
  for (const [index, { sql, transaction }] of pieces.entries()) {
    const path = found.paths[index] ?? ''
    written.push({ path, text: transaction ? sql : mark + sql })
    if (isUndone !== undefined)
      written.push({ path: wayDownOf(path) ?? '', text: emptyWayDown({ file: down ?? '' }, isUndone) })
  }
  return { files: written }
}

/** What tells the kind of the file: `.up.sql`, pop's `.postgres.up.sql`. */
function endingOf(name: string): string {
  return /(?:\.[a-z0-9]+)?\.up\.sql$|\.sql$/.exec(name)?.[0] ?? '.sql'
}

/** `x.down.sql` beside `x.up.sql`. */
function wayDownOf(path: string): string | undefined {
  return path.endsWith('.up.sql') ? path.replace(/\.up\.sql$/, '.down.sql') : undefined
}

/** psql runs every statement by itself; what else the configuration says it runs them by cannot be told otherwise. */
export const plainSqlWriter = wholeFileWriter({ severalOutside: true, outside: '' })

/** golang-migrate: a file is one message, and with a single statement in it no transaction. */
export const golangMigrateWriter = wholeFileWriter({ severalOutside: false, outside: '' })

/** sqlx looks for the very first characters (`no_tx` in sqlx-core/src/migrate/source.rs). */
export const sqlxWriter = wholeFileWriter({ severalOutside: false, outside: '-- no-transaction\n' })

/**
 * Supabase: a file with a single statement is no transaction, in any version of the CLI; what its version 3 sends alone
 * may stand among others, as tried before.
 */
export const supabaseWriter = wholeFileWriter({ severalOutside: false, outside: '' })

export const popWriter = wholeFileWriter({
  severalOutside: false,
  outside: {
    cannot: 'pop runs every file in a transaction, so this has to run outside of the migrations.',
  },
})

export const refineryWriter = wholeFileWriter({
  severalOutside: false,
  outside: {
    cannot: 'refinery runs every file in a transaction, so this has to run outside of the migrations.',
  },
})

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { EnvironmentError, UsageError } from '../../core/errors.ts'
import { printable } from '../../reporters/printable.ts'
import type { Snapshot } from '../../snapshot/format.ts'
import { describeSnapshot } from '../../snapshot/summary.ts'
import type { ValuesChoice } from '../../snapshot/values-choice.ts'
import { knownNames } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'
import { writeFileAtomically } from '../formats.ts'
import { startProgress } from '../progress.ts'

/** The options as commander hands them over. */
export interface SnapshotFlags {
  readonly from?: string
  readonly out?: string
  readonly withValues?: string | boolean
  readonly printSql?: boolean
}

/** Name of the file in the project root that a snapshot is written to, and looked for. */
const snapshotFileName = 'pgrehearse-snapshot.json'

/** Instead of `--from`: everybody on a machine sees the options of its processes. */
const urlVariable = 'PGREHEARSE_SNAPSHOT_URL'

/** `snapshot`: writes production's statistics into one file, or the SQL by which a DBA does. */
export async function runSnapshot(flags: SnapshotFlags, context: CommandContext): Promise<number> {
  const { parseValuesChoice } = await import('../../snapshot/values-choice.ts')
  const values = parseValuesChoice(flags.withValues)
  if (flags.printSql) return printSql(flags, values, context)
  const from = flags.from ?? (context.env[urlVariable] || undefined)
  if (from === undefined) {
    throw new UsageError('snapshot does not know which database to read.', {
      hint: `Give its URL by --from postgresql://user@host/database or in the variable ${urlVariable}, or hand a DBA the script of --print-sql.`,
    })
  }
  const isUrl = /^[a-z]+:\/\//i.test(from)
  const snapshot = isUrl ? await readUrl(from, values, context) : await readExport(from, values, context)
  const { printSnapshot } = await import('../../snapshot/print.ts')
  const text = printSnapshot(snapshot)
  const name = await write(text, flags.out, context)
  await context.err.write(`${printable(describeSnapshot(snapshot, name, values))}\n`)
  return 0
}

async function printSql(
  { from, out }: SnapshotFlags,
  values: ValuesChoice,
  context: CommandContext,
): Promise<number> {
  if (from !== undefined) {
    throw new UsageError('--print-sql asks no database, and --from names one.', {
      hint: 'Leave out one of the two options.',
    })
  }
  const { printScript } = await import('../../snapshot/script.ts')
  const script = printScript(values)
  if (out === undefined || out === '-') await context.out.write(script)
  else await writeFileAtomically(path.resolve(context.cwd, out), script, out)
  return 0
}

async function readUrl(url: string, values: ValuesChoice, context: CommandContext): Promise<Snapshot> {
  const { readProduction } = await import('../../snapshot/read.ts')
  const progress = startProgress(context, true)
  progress.update('Reading statistics')
  try {
    return await readProduction({ url, values, signal: context.signal })
  } finally {
    progress.stop()
  }
}

/** What the script of `--print-sql` wrote, or an older snapshot: written again as we write it. */
async function readExport(name: string, values: ValuesChoice, context: CommandContext): Promise<Snapshot> {
  if (values.kind !== 'none') {
    throw new UsageError('--with-values needs a database, and --from names a file.', {
      hint: 'Print the script that reads values: pgrehearse snapshot --print-sql --with-values.',
    })
  }
  const { parseSnapshot } = await import('../../snapshot/format.ts')
  return parseSnapshot(await readText(path.resolve(context.cwd, name), name), name)
}

async function readText(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      // Not quoted: it may be a URL with a password and a typing error.
      throw new UsageError('--from is neither the URL of a database nor a file that exists.', {
        hint: 'A URL begins with postgresql://.',
      })
    }
    throw new EnvironmentError(`The file ${name} cannot be read.`, { cause })
  }
}

/** Gives the name to speak of, undefined for standard output. */
async function write(
  text: string,
  out: string | undefined,
  context: CommandContext,
): Promise<string | undefined> {
  if (out === '-') {
    await context.out.write(text)
    return undefined
  }
  if (out !== undefined) {
    await writeFileAtomically(path.resolve(context.cwd, out), text, out)
    return out
  }
  const { root } = await loadConfig({ cwd: context.cwd, enabled: true, known: knownNames })
  const file = path.join(root, snapshotFileName)
  const name = path.relative(context.cwd, file)
  await writeFileAtomically(file, text, name)
  return name
}

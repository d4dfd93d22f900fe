import { UsageError } from '../../core/errors.ts'
import type { CommandContext } from '../context.ts'
import { decideConfig } from '../decide-config.ts'
import { checkEach } from '../each-database.ts'
import { parseFormats } from '../formats.ts'
import { checkDatabase, checkOptions, type CheckFlags } from './check.ts'

/** `run`: rehearses what a command does, as `check` rehearses files; gives the exit code. */
export async function runRun(
  command: readonly string[],
  flags: CheckFlags,
  context: CommandContext,
): Promise<number> {
  const loaded = await decideConfig(flags, context)
  const targets = parseFormats(flags.format ?? [], loaded.config.customReporters)
  const { databasesOf } = await import('../../databases.ts')
  const named = { ...checkOptions([], flags, loaded, context, () => {}), only: flags.database ?? [] }
  const [database, ...others] =
    loaded.config.databases === undefined ? [{ config: loaded.config, paths: [] }] : await databasesOf(named)
  if (database === undefined || others.length > 0) {
    throw new UsageError('The configuration has several databases; a command is about one of them.', {
      hint: 'Name it: pgrehearse run --database <name> -- <command>',
    })
  }
  const all = flags.history === undefined && flags.base === undefined && !hasHistory(database)
  const own = { ...flags, command, ...(all ? { all } : {}) }
  return checkEach([database], (one) => checkDatabase(one, own, loaded, context), targets, context)
}

function hasHistory({ config }: Parameters<typeof checkDatabase>[0]): boolean {
  return config.migrations?.[0]?.history !== undefined
}

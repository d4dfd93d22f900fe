import { InvalidArgumentError, Option, type Command } from 'commander'
import { UsageError } from '../core/errors.ts'

/** Options that several commands have. */

/** Where the replay runs. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--pg-version <majors>',
        'major version of Postgres to replay on, or several: 14,16,18 (default: production’s)',
      ).argParser(parseMajors),
    )
    .addOption(
      new Option('--server-url <url>', 'replay on this existing server; never a production server').argParser(
        parseServerUrl,
      ),
    )
    .addOption(imageOption())
    .option('--shared-server', 'allow an existing server that holds other databases')
    .option('--superuser', 'run migrations as superuser (trusted repositories only)')
    .option('--cache-dir <folder>', 'keep the replayed history here between runs')
    .addOption(
      new Option(
        '--cache',
        'keep it in the configured folder, else in the git folder of this clone',
      ).conflicts('cacheDir'),
    )
}

export function failOnOption(): Option {
  return new Option(
    '--fail-on <severity>',
    'least severity that makes the exit code 1 (default: error)',
  ).choices(['error', 'warning', 'info', 'never'])
}

export function formatOption(): Option {
  return new Option(
    '--format <name[:file]>',
    'write a report: terminal, json, markdown, codequality, sarif, junit, github, rdjson, html (repeatable)',
  ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
}

export function databaseOption(): Option {
  return new Option(
    '--database <name>',
    'judge only this one of several databases in the repository (repeatable)',
  ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
}

export function withOption(): Option {
  return new Option(
    '--with <ref>',
    'replay the migrations of this branch too, before and behind those under review (repeatable)',
  ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
}

export function policyOption(): Option {
  return new Option(
    '--policy <whose>',
    'whose configuration and baseline decide (default: as the target branch says)',
  ).choices(['branch', 'target-branch'])
}

export function imageOption(): Option {
  return new Option(
    '--image <name>',
    'replay in a throwaway container of this Postgres image, e.g. pgvector/pgvector:pg17',
  ).argParser(parseImage)
}

export function addConfigOptions(command: Command): Command {
  return command
    .option('--config <file>', 'read this configuration')
    .option('--no-config', 'read no configuration')
}

function parseMajors(value: string): number | readonly number[] {
  const majors = value.split(',').map((one) => one.trim())
  if (!majors.every((one) => /^(1[4-9]|[2-9]\d)$/.test(one))) {
    throw new InvalidArgumentError(
      'Expected a major version of Postgres from 14, for example 17, or several: 14,16,18.',
    )
  }
  const [first, ...others] = [...new Set(majors.map(Number))]
  return first !== undefined && others.length === 0 ? first : [first ?? 0, ...others]
}

/** `{major}` in it stands for the version. */
const imageName = /^[a-z0-9](?:(?:[\w./:@-]|\{major\})*(?:\w|\{major\}))?$/i

function parseImage(value: string): string {
  if (value.length <= 255 && imageName.test(value)) return value
  throw new InvalidArgumentError(
    'Expected the name of a container image, for example pgvector/pgvector:pg17.',
  )
}

/** Not an InvalidArgumentError: commander would print the value, and with it a password. */
export function parseServerUrl(value: string): string {
  if (/^postgres(ql)?:\/\//.test(value)) return value
  throw new UsageError('--server-url is not the URL of a Postgres server.', {
    hint: 'It begins with postgres:// or postgresql://.',
  })
}

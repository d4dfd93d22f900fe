import { existsSync } from 'node:fs'
import path from 'node:path'
import { loadConfig, type LoadedConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { ConfigError, ToolError } from '../core/errors.ts'
import { knownNames } from './catalogue.ts'
import type { CheckFlags } from './commands/check.ts'
import type { CommandContext } from './context.ts'
import { examineGitLab, type GitLabFlags } from './doctor-gitlab.ts'
import type { Diagnosis } from './doctor-machine.ts'
import { codeToolHint } from '../review/code-tools.ts'
import { codeToolAt, findRoots } from './find-migrations.ts'

/** The configuration as `check` would read it, or why it cannot be read. */
export async function examineConfig(
  flags: Pick<CheckFlags, 'config'>,
  { cwd }: CommandContext,
): Promise<{ diagnosis: Diagnosis; loaded: LoadedConfig | undefined }> {
  try {
    const loaded = await loadConfig({
      cwd,
      enabled: flags.config !== false,
      ...(typeof flags.config === 'string' ? { file: flags.config } : {}),
      known: knownNames,
    })
    const text =
      loaded.file === undefined
        ? 'No configuration file; none is needed'
        : `Configuration ${path.relative(cwd, loaded.file)} is valid`
    if (loaded.unread !== undefined) {
      const { message, hint } = loaded.unread
      const remedy = hint === undefined ? {} : { remedy: hint }
      return { diagnosis: { verdict: 'caution', text: message, ...remedy }, loaded }
    }
    return { diagnosis: { verdict: 'works', text }, loaded }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const remedy = error.hint === undefined ? {} : { remedy: error.hint }
    const diagnosis = { verdict: 'fails', text: error.message, ...remedy, exitCode: error.exitCode } as const
    return { diagnosis, loaded: undefined }
  }
}

/** Git, migrations, the CI job and the review: what a rehearsal needs of the repository and of GitLab. */
export async function examineProject(
  context: CommandContext,
  loaded: LoadedConfig | undefined,
  flags: GitLabFlags = {},
): Promise<readonly Diagnosis[]> {
  const root = loaded?.root ?? context.cwd
  return [
    ...(await examineGit(root, loaded?.config.base, context)),
    await examineMigrations(root, loaded, context),
    ...examineCi(context),
    ...(await examineGitLab(context, flags)),
  ]
}

async function examineGit(
  cwd: string,
  base: string | undefined,
  { env }: CommandContext,
): Promise<readonly Diagnosis[]> {
  const { findRepository } = await import('../review/git.ts')
  const { decideBase } = await import('../review/base-revision.ts')
  const remedy = 'Name the migrations to judge (`pgrehearse check <paths>`), or use --all.'
  try {
    const search = await findRepository(cwd, env)
    if (search.repository === undefined) {
      return [{ verdict: 'caution', text: `No git history to compare with: ${search.reason}`, remedy }]
    }
    const { repository } = search
    const depth: Diagnosis = repository.isShallow
      ? {
          verdict: 'caution',
          text: 'The git clone is shallow',
          remedy: 'The base may be missing from it: set GIT_DEPTH: 0 in GitLab CI.',
        }
      : { verdict: 'works', text: 'The git clone is complete' }
    const { description } = await decideBase(repository, base, env)
    return [depth, { verdict: 'works', text: `New migrations are those since ${description}` }]
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    return [{ verdict: 'caution', text: error.message, remedy: error.hint ?? remedy }]
  }
}

async function examineMigrations(
  root: string,
  loaded: LoadedConfig | undefined,
  { env }: CommandContext,
): Promise<Diagnosis> {
  const configured = configuredFolders(loaded?.config ?? {})
  const missing = configured.filter(({ dir }) => !existsSync(path.resolve(root, dir)))
  if (missing.length > 0) {
    return {
      verdict: 'caution',
      text: `The configuration names folders of migrations that are not there: ${namesOf(missing)}`,
      remedy: 'Correct migrations.dir; it is relative to the project root.',
    }
  }
  const migrate = loaded?.config.migrations?.[0]?.migrate
  if (migrate !== undefined) return { verdict: 'works', text: `Migrations: run by \`${migrate}\`` }
  if (configured.length > 0) return { verdict: 'works', text: `Migrations: ${namesOf(configured)}` }
  try {
    const roots = await findRoots(root, env)
    if (roots.length > 0) {
      const names = roots.map(({ source, dir }) => `${dir === '' ? '.' : dir} (${source})`)
      return { verdict: 'works', text: `Migrations: ${names.join(', ')}` }
    }
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
  }
  const code = await codeToolAt(root, env)
  if (code !== undefined)
    return {
      verdict: 'caution',
      text: `No migrations in SQL were found; this looks like ${code.tool} (${code.because})`,
      remedy: codeToolHint(code),
    }
  return {
    verdict: 'caution',
    text: 'No migrations were found',
    remedy: 'Run pgrehearse at the root of the project, or set migrations.dir in the configuration.',
  }
}

interface ConfiguredFolder {
  readonly dir: string
  readonly whose: string
}

function configuredFolders({ migrations = [], databases = [] }: Config): readonly ConfiguredFolder[] {
  const foldersOf = (entries: NonNullable<Config['migrations']>, whose: string): ConfiguredFolder[] =>
    entries.flatMap(({ dir }) => (dir === undefined ? [] : [{ dir, whose }]))
  const own = databases.flatMap((database) => foldersOf(database.migrations ?? [], database.name))
  return own.length > 0 ? own : foldersOf(migrations, 'configured')
}

function namesOf(folders: readonly ConfiguredFolder[]): string {
  return folders.map(({ dir, whose }) => `${dir} (${whose})`).join(', ')
}

function examineCi({ env }: CommandContext): readonly Diagnosis[] {
  if (!env['GITLAB_CI']) return []
  if (env['CI_MERGE_REQUEST_DIFF_BASE_SHA']) {
    return [{ verdict: 'works', text: 'GitLab CI: this is a merge request pipeline' }]
  }
  return [
    {
      verdict: 'caution',
      text: 'GitLab CI: this is not a merge request pipeline, so the base is guessed from branches',
      remedy: 'Add `rules: [{ if: $CI_PIPELINE_SOURCE == "merge_request_event" }]` to the job.',
    },
  ]
}

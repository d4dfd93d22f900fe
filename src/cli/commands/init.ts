import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { configFileNames, projectTop } from '../../config/load.ts'
import { misnamedConfig } from '../../config/misnamed.ts'
import { EnvironmentError } from '../../core/errors.ts'
import type { CommandContext } from '../context.ts'
import { codeToolAt, findRoots } from '../find-migrations.ts'
import { configTemplate } from '../init-files.ts'
import { gitlabJobs } from '../init-gitlab.ts'

const configFile = 'pgrehearse.config.yaml'
const pipelineFile = '.gitlab-ci.yml'

const nextStep =
  'Next: put a GitLab token (scope api, role Developer) into the masked CI/CD variable PGREHEARSE_GITLAB_TOKEN with the\n' +
  'environment scope pgrehearse. Without it only the review on the merge request is missing.\n'

/** `init`: a commented configuration and GitLab jobs. What is there already stays as it is. */
export async function runInit(
  options: { readonly dryRun: boolean },
  context: CommandContext,
): Promise<number> {
  const { cwd, env, out, version } = context
  const top = projectTop(cwd)
  const folder = path.relative(top, cwd).replaceAll(path.sep, '/')
  const jobs = gitlabJobs({ version, folder })
  const existing = configFileNames.find((name) => existsSync(path.join(cwd, name)))
  const misnamed = existing === undefined ? await misnamedConfig([cwd], cwd, configFileNames) : undefined
  if (misnamed !== undefined) {
    await out.write(`${misnamed.message} ${misnamed.hint ?? ''}\n`)
  } else if (existing === undefined) {
    const migrate = (await codeToolAt(cwd, env))?.migrate
    const text = configTemplate({ roots: await findRoots(cwd, env), version, migrate })
    await out.write(await create(configFile, text, options.dryRun, cwd))
  } else {
    await out.write(`${existing} is there already and stays as it is.\n`)
  }
  const pipeline = await readIfThere(path.join(cwd, pipelineFile))
  if (pipeline !== undefined && /^pgrehearse:/m.test(pipeline)) {
    await out.write(`${pipelineFile} has a job pgrehearse already and stays as it is.\n`)
    return 0
  }
  if (pipeline === undefined && top !== cwd) {
    await out.write(
      `GitLab reads ${pipelineFile} at the root of the repository. Add these jobs to it:\n\n${jobs}`,
    )
  } else if (pipeline === undefined) {
    await out.write(await create(pipelineFile, jobs, options.dryRun, cwd))
  } else {
    await out.write(`${pipelineFile} is there already and stays as it is. Add these jobs to it:\n\n${jobs}`)
  }
  await out.write(`\n${nextStep}`)
  return 0
}

/** Writes the file, unless it has appeared in the meantime, and says so. */
async function create(name: string, text: string, dryRun: boolean, cwd: string): Promise<string> {
  if (dryRun) return `${name} would be:\n\n${text}\n`
  try {
    await writeFile(path.join(cwd, name), text, { flag: 'wx' })
  } catch (cause) {
    throw new EnvironmentError(`${name} could not be written: ${codeOf(cause)}.`, {
      hint: `\`pgrehearse init --dry-run\` prints it instead.`,
      cause,
    })
  }
  return `Wrote ${name}.\n`
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new EnvironmentError(`${path.basename(file)} could not be read: ${codeOf(error)}.`, {
      cause: error,
    })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

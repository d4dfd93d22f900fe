/** Reads jobs of .gitlab-ci.yml and runs them as GitLab's runner does, as far as our jobs use what it can. */
import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { ended, type RunResult } from './run.ts'

/** The keywords that our jobs use; anything else is a mistake of ours, or a reason to teach this file. */
const jobSchema = z.strictObject({
  stage: z.literal('test'),
  image: z.literal('node:22-bookworm'),
  interruptible: z.literal(true),
  needs: z.array(z.string()).optional(),
  resource_group: z.string().optional(),
  environment: z.strictObject({ name: z.string(), action: z.literal('access') }).optional(),
  rules: z.array(z.strictObject({ if: z.string() })),
  variables: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  script: z.array(z.string()),
  cache: z.strictObject({ key: z.string(), paths: z.array(z.string()) }).optional(),
  artifacts: z.strictObject({
    when: z.literal('always'),
    expire_in: z.string(),
    expose_as: z.string().optional(),
    paths: z.array(z.string()).default([]),
    reports: z.strictObject({ codequality: z.string(), junit: z.string() }).optional(),
  }),
})
export type CiJob = z.infer<typeof jobSchema>

const inputsSchema = z.record(
  z.string(),
  z.strictObject({
    default: z.string(),
    description: z.string(),
    options: z.array(z.string()).optional(),
    regex: z.string().optional(),
  }),
)

/** The jobs of a pipeline file, by name, in order. Throws for a keyword that is not in the schema above. */
export function readJobs(text: string): ReadonlyMap<string, CiJob> {
  const [document] = parseAllDocuments(text)
  return new Map(Object.entries(z.record(z.string(), jobSchema).parse(document?.toJS())))
}

/** The inputs of a component and, with values for them, its jobs. */
export function readComponent(text: string): {
  readonly inputs: z.infer<typeof inputsSchema>
  readonly jobs: (values?: Readonly<Record<string, string>>) => ReadonlyMap<string, CiJob>
} {
  const [header = '', body = ''] = text.split(/^---$/m)
  const [document] = parseAllDocuments(header)
  const { spec } = z.strictObject({ spec: z.strictObject({ inputs: inputsSchema }) }).parse(document?.toJS())
  return {
    inputs: spec.inputs,
    jobs: (values = {}) => {
      const unknown = Object.keys(values).filter((name) => !(name in spec.inputs))
      if (unknown.length > 0) throw new Error(`unknown inputs: ${unknown.join(', ')}`)
      const filled = body.replaceAll(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => {
        const input = spec.inputs[name]
        if (input === undefined)
          throw new Error(`the template uses an input that it does not declare: ${name}`)
        return checked(name, values[name] ?? input.default, input)
      })
      return readJobs(filled)
    },
  }
}

function checked(
  name: string,
  value: string,
  { options, regex }: z.infer<typeof inputsSchema>[string],
): string {
  if (options !== undefined && !options.includes(value)) throw new Error(`${name}: ${value} is no option`)
  if (regex !== undefined && !new RegExp(regex).test(value))
    throw new Error(`${name}: ${value} does not match`)
  return value
}

/** Does the job run in a pipeline with these variables? Knows `$A == "b"` and `$A == $B`. */
export function isRunBy(job: CiJob, variables: Readonly<Record<string, string>>): boolean {
  return job.rules.some(({ if: condition }) => {
    const [, left = '', text, right] = /^\$(\w+) == (?:"([^"]*)"|\$(\w+))$/.exec(condition) ?? []
    if (left === '') throw new Error(`a rule that is not understood here: ${condition}`)
    // GitLab compares null with null as different from a value only: an unset variable equals no set one
    const wanted = right === undefined ? text : variables[right]
    return wanted !== undefined && variables[left] === wanted
  })
}

export interface RunnerOptions {
  readonly cwd: string
  readonly variables: Readonly<Record<string, string>>
}

/** Runs the script as the runner does: one bash, which stops at the first line that fails. `npx` is ours. */
export async function runScript(job: CiJob, { cwd, variables }: RunnerOptions): Promise<RunResult> {
  const { PATH = '', HOME = '' } = process.env
  const given = { ...variables, CI_PROJECT_DIR: cwd }
  const own = Object.entries(job.variables).map(([name, value]) => [name, expand(String(value), given)])
  const child = spawn('bash', ['-eo', 'pipefail', '-c', job.script.join('\n')], {
    cwd,
    env: { HOME, ...given, ...Object.fromEntries(own), PATH: `${await npxFolder()}:${PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return ended(child)
}

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? '')
}

/** A folder with an `npx` that runs the command line from source, and refuses to be called otherwise than documented. */
async function npxFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pgrehearse-npx-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const npx = path.join(folder, 'npx')
  const lines = [
    '#!/bin/sh',
    '[ "$1" = --yes ] || { echo "npx would ask: $*" >&2; exit 90; }',
    'case "$2" in pgrehearse@0.1) ;; *) echo "not our package: $2" >&2; exit 91;; esac',
    'shift 2',
    `exec '${process.execPath}' '${inject('commandLine')}' "$@"`,
  ]
  await writeFile(npx, `${lines.join('\n')}\n`)
  await chmod(npx, 0o755)
  return folder
}

/** Uploads what the job leaves: throws when something that it promises is not there. Gives the reports' texts. */
export async function artifactsOf(job: CiJob, cwd: string): Promise<Readonly<Record<string, string>>> {
  const { paths, reports } = job.artifacts
  const promised = [...paths, ...Object.values(reports ?? {})]
  const texts = promised.map(async (file) => [file, await readFile(path.join(cwd, file), 'utf8')] as const)
  return Object.fromEntries(await Promise.all(texts))
}

/** Hands over what `needs` brings: paths only, reports stay with GitLab. */
export async function handOver(job: CiJob, from: string, to: string): Promise<void> {
  for (const file of job.artifacts.paths) {
    await mkdir(path.dirname(path.join(to, file)), { recursive: true })
    await cp(path.join(from, file), path.join(to, file))
  }
}

import { spawn, type SpawnOptions } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface ExecuteOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly seconds?: number
  /** Who runs it. */
  readonly identity?: SpawnOptions
}

/** See Execute. */
export function execute(
  program: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<string> {
  const { cwd, env = {}, seconds = 600, identity = {} } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
      ...identity,
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
    })
    let out = ''
    let complaint = ''
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out)
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}:\n${complaint}${out}`))
    })
  })
}

import { spawn, type SpawnOptions } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The command as users run it: compiled. {@link buildOnce} makes it. */
export const command = path.join(root, 'bin', 'pgrehearse.js')

/** Makes `dist`, as `npm pack` does. */
export async function buildOnce(): Promise<void> {
  await execute('npm', ['run', 'build'], { cwd: root })
}

/** Runs a program to its end; its output goes nowhere. Findings (exit code 1) are a proper end. */
export function execute(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options })
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0 || code === 1) resolve()
      else reject(new Error(`${program} ended with ${code ?? signal}:\n${complaint}`))
    })
  })
}

/** Runs the script with this Node. */
export function runNode(args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  return execute(process.execPath, args, options)
}

/** A temporary folder; disposing it deletes it. */
export async function temporaryFolder(): Promise<{ readonly dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(path.join(tmpdir(), 'pgrehearse-bench-'))
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

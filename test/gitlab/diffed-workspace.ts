import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { cleanEnv, temporaryFolder, Workspace } from '../review/repository.ts'

const run = promisify(execFile)
const flags = ['--cached', '--no-ext-diff', '--no-color', '-M', '--src-prefix=a/', '--dst-prefix=b/']

/** A repository whose folder is compared with its last commit by real git. */
export class DiffedWorkspace extends Workspace {
  static async create(files: Readonly<Record<string, string | Uint8Array>>): Promise<DiffedWorkspace> {
    const made = new DiffedWorkspace(await temporaryFolder())
    await made.git('init', '-q')
    await made.commit(files)
    return made
  }

  /** git's words, every byte of them; `configuration` such as `core.quotePath=off`. */
  async diff(...configuration: readonly string[]): Promise<string> {
    await this.git('add', '--all')
    const args = [...configuration.flatMap((setting) => ['-c', setting]), 'diff', ...flags]
    return (await run('git', args, { cwd: this.path, env: cleanEnv, maxBuffer: 1e9 })).stdout
  }
}

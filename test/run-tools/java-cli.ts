import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pomOf, type Coordinates } from '../real-tools/java-tool.ts'
import type { RunTool } from './tool.ts'

interface JavaCli {
  readonly libraries: readonly Coordinates[]
  /** Those without what they depend on: the rest of `libraries` is all that is needed here. */
  readonly alone?: readonly Coordinates[]
  readonly mainClass: string
}

/** The command line of a tool that is on Maven Central, started as its own script does it. */
export function javaCli(
  name: string,
  command: string,
  { libraries, alone = [], mainClass }: JavaCli,
): RunTool {
  return {
    name,
    keptAs: `${command}-cli`,
    needs: ['java', 'mvn'],
    installSeconds: 30,
    programs: ['bin'],
    readFromFiles: true,
    async install(folder, execute) {
      const version = [...alone, ...libraries][0]?.split(':')[2] ?? ''
      const manifest = path.join(folder, 'pom.xml')
      const stamp = path.join(folder, 'installed')
      const pom = pomOf(libraries, alone)
      if ((await readFile(stamp, 'utf8').catch(() => '')) === pom) return version
      await mkdir(path.join(folder, 'bin'), { recursive: true })
      await writeFile(manifest, pom)
      const copy = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib']
      await execute('mvn', copy, { cwd: folder })
      const program = path.join(folder, 'bin', command)
      await writeFile(program, `#!/bin/sh\nexec java -cp "$(dirname "$0")/../lib/*" ${mainClass} "$@"\n`)
      await chmod(program, 0o755)
      await writeFile(stamp, pom)
      return version
    },
  }
}

import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RealTool, ToolRun } from './tool.ts'

/** A library of Maven Central: `group:artifact:version`. */
export type Coordinates = `${string}:${string}:${string}`

/** A tool that is a Java library: one of our small programs in `java/` calls it, with these libraries. */
export function javaTool(
  name: string,
  libraries: readonly Coordinates[],
  program: string,
  argsOf: (run: ToolRun) => readonly string[],
  more: Pick<RealTool, 'standIns'> = {},
): RealTool {
  return {
    ...more,
    name,
    needs: ['java', 'mvn'],
    installSeconds: 30,
    async install(folder, execute) {
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, 'pom.xml'), pomOf(libraries))
      await execute('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'], {
        cwd: folder,
      })
      return libraries[0]?.split(':')[2] ?? ''
    },
    async migrate(run) {
      const { folder, database, execute, project } = run
      const source = fileURLToPath(new URL(`java/${program}.java`, import.meta.url))
      await execute('java', ['-cp', path.join(folder, 'lib', '*'), source, ...argsOf(run)], {
        cwd: project,
        env: {
          PGUSER: database.user,
          PGPASSWORD: database.password,
          JDBC_URL: `jdbc:postgresql://${database.host}:${database.port}/${database.name}?sslmode=disable`,
        },
      })
    },
  }
}

/** A Maven project that depends on these libraries, and on some without what they depend on. */
export function pomOf(libraries: readonly Coordinates[], alone: readonly Coordinates[] = []): string {
  const exclusions =
    '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
  const dependencies = [
    ...alone.map((coordinates) => dependencyOn(coordinates, exclusions)),
    ...libraries.map((coordinates) => dependencyOn(coordinates, '')),
  ]
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>pgrehearse</groupId><artifactId>tool</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>
`
}

function dependencyOn(coordinates: Coordinates, more: string): string {
  const [group, artifact, version] = coordinates.split(':')
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</dependency>`
}

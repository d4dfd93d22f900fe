import { javaCli } from './java-cli.ts'
import type { RunTool } from './tool.ts'

export function liquibaseCli(name: string): RunTool {
  return javaCli(name, 'liquibase', {
    libraries: [
      'org.liquibase:liquibase-core:4.31.1',
      'info.picocli:picocli:4.7.7',
      'org.postgresql:postgresql:42.7.5',
      'org.yaml:snakeyaml:2.3',
    ],
    mainClass: 'liquibase.integration.commandline.LiquibaseCommandLine',
  })
}

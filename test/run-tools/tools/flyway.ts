import { javaCli } from '../java-cli.ts'

export const tool = javaCli('flyway', 'flyway', {
  // it depends on the drivers of two dozen other databases
  alone: ['org.flywaydb:flyway-commandline:11.14.1'],
  libraries: [
    'org.flywaydb:flyway-core:11.14.1',
    'org.flywaydb:flyway-database-postgresql:11.14.1',
    'org.flywaydb:flyway-verb-migrate:11.14.1',
    // without it a failure is no exit status
    'org.flywaydb:flyway-reports:11.14.1',
    'com.fasterxml.jackson.dataformat:jackson-dataformat-toml:2.19.1',
    'org.postgresql:postgresql:42.7.5',
  ],
  mainClass: 'org.flywaydb.commandline.Main',
})

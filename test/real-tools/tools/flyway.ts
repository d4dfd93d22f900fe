import { javaTool } from '../java-tool.ts'

export const tool = javaTool(
  'flyway',
  [
    'org.flywaydb:flyway-core:11.8.0',
    'org.flywaydb:flyway-database-postgresql:11.8.0',
    'org.postgresql:postgresql:42.7.5',
    'org.slf4j:slf4j-nop:1.7.36',
  ],
  'FlywayMigrate',
  () => ['flyway.conf'],
  // by set_config() before the next migration
  { standIns: ['RESET search_path'] },
)

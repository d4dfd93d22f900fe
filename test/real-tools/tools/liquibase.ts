import { javaTool } from '../java-tool.ts'

export const tool = javaTool(
  'liquibase',
  [
    'org.liquibase:liquibase-core:4.31.1',
    'org.postgresql:postgresql:42.7.5',
    'org.yaml:snakeyaml:2.3',
    'org.slf4j:slf4j-nop:1.7.36',
  ],
  'LiquibaseUpdate',
  () => ['src/main/resources', 'db/changelog/db.changelog-master.yaml'],
)

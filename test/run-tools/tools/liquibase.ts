import { liquibaseCli } from '../liquibase-cli.ts'

export const tool = liquibaseCli('liquibase')

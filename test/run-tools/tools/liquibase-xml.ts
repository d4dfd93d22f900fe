import { liquibaseCli } from '../liquibase-cli.ts'

/** Only the tool itself knows what SQL its XML becomes. */
const { readFromFiles: _, ...tool } = liquibaseCli('liquibase-xml')
export { tool }

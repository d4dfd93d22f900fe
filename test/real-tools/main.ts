/**
 * `npm run test:tools [-- [--seconds <n>] [tool…]]`: runs real migration tools on their sample repositories and says
 * where pgrehearse believes something else. What cannot be had here is skipped, loudly. With --seconds no further tool is
 * begun after so long.
 */
import { loadParser } from '../../src/sql/parse.ts'
import { tryAll } from './try-all.ts'
import { tryTool } from './try-tool.ts'

await loadParser()
process.exitCode = await tryAll(new URL('tools/', import.meta.url), tryTool)

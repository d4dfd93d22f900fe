/**
 * `npm run test:run-tools [-- [--seconds <n>] [tool…]]`: has `pgrehearse check` run real migration tools in the projects of
 * `fixtures/tools`, compares findings with what is expected, and what each statement does with what a check of the same
 * files says. What cannot be had here is skipped, loudly. With --seconds no further tool is begun after so long.
 */
import { loadParser } from '../../src/sql/parse.ts'
import { tryAll } from '../real-tools/try-all.ts'
import { tryRun } from './try-run.ts'

await loadParser()
process.exitCode = await tryAll(new URL('tools/', import.meta.url), tryRun)

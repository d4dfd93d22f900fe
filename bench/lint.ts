/** `pgrehearse lint` of one file against Node importing pgsql-parser and parsing that file. */
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { compare, timeMs } from './measure.ts'
import { buildOnce, command, root, runNode, temporaryFolder } from './processes.ts'

const file = 'V019__gift_cards.sql'

await buildOnce()
await using folder = await temporaryFolder()
const cwd = folder.dir
await copyFile(path.join(root, 'fixtures/shop/db/migration', file), path.join(cwd, file))
await compare({
  title: `lint of one file (${file})`,
  baseline: {
    name: 'node imports pgsql-parser and parses it',
    round: () => timeMs(() => runNode([path.join(root, 'bench/parse-one.mjs'), file], { cwd })),
  },
  ours: {
    name: `pgrehearse lint ${file}`,
    round: () => timeMs(() => runNode([command, 'lint', file], { cwd })),
  },
  rounds: 25,
  aim: 1.5,
})

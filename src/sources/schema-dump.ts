import { scriptKey } from '../core/script-name.ts'
import type {
  FileTree,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SourceOptions,
  SourceRoot,
} from '../core/source.ts'
import { hintAtDump } from './dump-hint.ts'
import { versionsIn } from './dump-versions.ts'
import { readText } from './read.ts'

/**
 * A source whose history may begin with a dump of the schema (`migrations.start`): Rails' structure.sql, dbmate's
 * schema.sql, whatever pg_dump has written. The dump stands before the first script like the tool's own tables: it is
 * not judged. Scripts whose versions it holds in its rows of the tool's table are not run again.
 */
export function withDump(source: MigrationSource): MigrationSource {
  return {
    ...source,
    async load(root, files, options) {
      const { start } = options
      if (start !== undefined) return loadOnDump(source, root, files, { ...options, start })
      const set = await source.load(root, files, options)
      const hint = await hintAtDump(set, files)
      return hint === undefined ? set : { ...set, limits: [...(set.limits ?? []), hint] }
    },
  }
}

async function loadOnDump(
  source: MigrationSource,
  root: SourceRoot,
  files: FileTree,
  options: SourceOptions & { readonly start: string },
): Promise<MigrationSet> {
  const { start } = options
  const set = await source.load(root, without(files, start), options)
  const read = await readText(files, start)
  if ('problem' in read) {
    const message = `migrations.start of the configuration names ${start}, which cannot be read.`
    return { ...set, problems: [...set.problems, { ...read.problem, message }] }
  }
  const isHeld = versionsIn(read.text, source.id)
  const holds = set.scripts.filter(({ version }) => version !== null && isHeld(version)).map(scriptKey)
  const own = set.foundation ?? { title: start, sql: '' }
  return { ...set, foundation: { ...own, dump: dumpScript(start, read.text), holds } }
}

/** Where the dump lies among the migrations it is none of them. */
function without(files: FileTree, hidden: string): FileTree {
  return {
    list: async () => (await files.list()).filter((path) => path !== hidden),
    read: (path) => (path === hidden ? Promise.resolve(undefined) : files.read(path)),
  }
}

/** As `psql -1 -f` loads it (a thousand tables take half the time of `-f`); what it sets is gone afterwards, as its session is. */
function dumpScript(file: string, dumped: string): MigrationScript {
  const text = `${dumped.replaceAll(superusersOwn, blanked)}\nRESET ALL;\n`
  return {
    source: '',
    file,
    version: null,
    title: 'schema dump',
    text,
    start: 0,
    end: text.length,
    transaction: { mode: 'file', why: 'psql -1 -f' },
    repeatable: false,
  }
}

/**
 * What pg_dump writes of things that every database has, and that only their owner may touch, and a setting that only
 * newer servers know; each on one line.
 */
const superusersOwn =
  /^(?:SET transaction_timeout\b[^\n]*|COMMENT ON EXTENSION [^\n]*|CREATE EXTENSION IF NOT EXISTS plpgsql\b[^\n]*|(?:CREATE|ALTER|COMMENT ON) SCHEMA public\b[^\n]*);$/gm

function blanked(line: string): string {
  return ' '.repeat(line.length)
}

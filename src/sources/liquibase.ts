import type { Limit } from '../core/model.ts'
import type {
  FileTree,
  Foundation,
  MigrationScript,
  MigrationSet,
  MigrationSource,
  SourceOptions,
  SourceProblem,
  SourceRoot,
} from '../core/source.ts'
import { readLiquibaseConfigs, type LiquibaseConfig } from './liquibase-config.ts'
import { searchPathFor } from './liquibase-changelogs.ts'
import { findLiquibaseRoots } from './liquibase-roots.ts'
import { ChangelogWalk, mostTold } from './liquibase-walk.ts'
import { compareText, isInside } from './paths.ts'
import { liquibaseWriter } from './write-liquibase.ts'

/**
 * Liquibase: changesets of formatted SQL, plain SQL files and the SQL in XML, YAML and JSON changelogs, in the order
 * in which the root changelog names them; without a root changelog by path, as `includeAll` takes them. Read in
 * liquibase-core 4.31.1, and compared with it:
 *
 * - Formatted SQL: AbstractFormattedChangeLogParser and FormattedSqlChangeLogParser; other .sql files are one
 *   changeset `includeAll:raw` (SqlChangeLogParser). Order: DatabaseChangeLog (include, includeAll by path).
 * - Statements: StringUtil.processMultiLineSQL on SimpleSqlGrammar, see splitLiquibase().
 * - Transactions: one per changeset; runInTransaction:false turns autocommit on (ChangeSet.execute). The books are
 *   kept in a transaction of their own afterwards (UpdateVisitor).
 * - Session: one connection runs all changesets, so SET lasts, search_path included; only a configured default schema
 *   is put back in front of it before each changeset (PostgresDatabase.rollback, DatabaseUtils.initializeDatabase).
 * - Identity: file (or logicalFilePath), author and id; what has not run is run, wherever it stands; an edited
 *   changeset is refused by its checksum unless it is runOnChange or runAlways (ValidatingVisitor).
 * - Which changesets run: DbmsChangeSetFilter, ContextChangeSetFilter, LabelChangeSetFilter.
 * - After a failure: only what succeeded is noted, so the changeset runs again (UpdateVisitor); the row of
 *   databasechangeloglock stays when the process was killed (StandardLockService).
 */
export const liquibase: MigrationSource = {
  id: 'liquibase',
  title: 'Liquibase',
  docs: 'https://docs.liquibase.com/concepts/changelogs/sql-format.html',
  detect: findLiquibaseRoots,
  load,
  writer: liquibaseWriter,
}

async function load(root: SourceRoot, files: FileTree, options: SourceOptions): Promise<MigrationSet> {
  const config = await configFor(root, files)
  const paths = await files.list()
  const walk = new ChangelogWalk(files, paths, {
    parameters: { ...options.placeholders, ...config?.parameters },
    contexts: config?.contexts ?? [],
    labelFilter: config?.labelFilter,
    searchPath: searchPathFor(root.configFile ?? root.dir, config),
    options,
  })
  if (root.configFile !== undefined && paths.includes(root.configFile)) await walk.read(root.configFile)
  else {
    const own = paths.filter((path) => isInside(path, root.dir) && /\.sql$/i.test(path))
    for (const path of [...own].sort(compareText)) await walk.read(path)
  }
  return {
    root,
    scripts: walk.scripts,
    sharesSession: true,
    whenFailed: {
      outcome: 'runs again',
      says: 'Liquibase runs the changeset again, from its first statement; a run that was killed also leaves its lock until `liquibase release-locks`',
    },
    problems: [...walk.problems, ...duplicates(walk.scripts).slice(0, mostTold)],
    skipped: walk.skipped,
    whenEdited: 'Liquibase stops at its checksum, unless the changeset says runOnChange or validCheckSum',
    foundation: foundationFor(config),
    limits: limitsOf(walk, root, config),
  }
}

async function configFor(root: SourceRoot, files: FileTree): Promise<LiquibaseConfig | undefined> {
  const configs = await readLiquibaseConfigs(files)
  const named = configs.find(({ changelog }) => {
    const plain = changelog?.replace(/^classpath\*?:/, '').replace(/^\/+/, '')
    return plain !== undefined && root.configFile !== undefined && `/${root.configFile}`.endsWith(`/${plain}`)
  })
  return named ?? (configs.length === 1 ? configs[0] : undefined)
}

/** ValidatingVisitor refuses to run at all. */
function duplicates(scripts: readonly MigrationScript[]): readonly SourceProblem[] {
  const seen = new Set<string>()
  return scripts.flatMap(({ file, id = '', title }) => {
    if (!seen.has(id)) {
      seen.add(id)
      return []
    }
    const message = `Changeset ${title} stands more than once in ${file}; Liquibase refuses to run at all.`
    return [{ code: 'duplicate-version', file, message } as const]
  })
}

function limitsOf(
  walk: ChangelogWalk,
  { configFile, dir }: SourceRoot,
  config: LiquibaseConfig | undefined,
): readonly Limit[] {
  const limits: Limit[] = []
  const newest = (names: readonly string[]): string => {
    const shown = [...new Set(names)].toReversed()
    return shown.slice(0, 3).join(', ') + (shown.length > 3 ? ` and ${shown.length - 3} more` : '')
  }
  if (walk.conditional.length > 0) {
    limits.push({
      code: 'preconditions-not-evaluated',
      message: `Preconditions are not evaluated but taken to hold: ${newest(walk.conditional)}.`,
    })
  }
  if (walk.contextual.length > 0 && (config?.contexts.length ?? 0) === 0) {
    limits.push({
      code: 'contexts-not-known',
      message: `No contexts are known, so changesets of every context run, as in Liquibase without --contexts: ${newest(walk.contextual)}.`,
      hint: 'Say contexts in liquibase.properties.',
    })
  }
  if (configFile === undefined && walk.seen.size > 1) {
    limits.push({
      code: 'order-assumed',
      message: `No root changelog names the files in ${dir}, so they are taken in the order of their paths, as includeAll takes them.`,
    })
  }
  return limits
}

/** What Liquibase makes of its tables on Postgres (CreateDatabaseChangeLogTableGenerator and …LockTableGenerator). */
function foundationFor(config: LiquibaseConfig | undefined): Foundation {
  const schema = config?.liquibaseSchema ?? config?.defaultSchema
  const inSchema = (table: string): string =>
    (schema === undefined ? '' : `${quoted(schema)}.`) + quoted(table)
  const schemas = [...new Set([schema, config?.defaultSchema])].filter((name) => name !== undefined)
  const sql = `${schemas.map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoted(name)};\n`).join('')}CREATE TABLE ${inSchema(config?.table ?? 'databasechangelog')} (
  id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL,
  dateexecuted timestamp NOT NULL, orderexecuted integer NOT NULL, exectype varchar(10) NOT NULL,
  md5sum varchar(35), description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20),
  contexts varchar(255), labels varchar(255), deployment_id varchar(10)
);
CREATE TABLE ${inSchema(config?.lockTable ?? 'databasechangeloglock')} (
  id integer PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp, lockedby varchar(255)
);
`
  const search = config?.defaultSchema
  return {
    title: 'Liquibase’s own tables',
    sql,
    ...(search === undefined ? {} : { settings: { search_path: `${quoted(search)}, "$user", public` } }),
  }
}

/** Liquibase writes these names without quotes, so that Postgres folds them. */
function quoted(name: string): string {
  return `"${name.toLowerCase().replaceAll('"', '""')}"`
}

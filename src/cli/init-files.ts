import { stringify } from 'yaml'
import { configDefaults } from '../config/defaults.ts'
import type { SourceRoot } from '../core/source.ts'
import { databaseName } from '../databases.ts'

/** What `init` knows about the repository. */
export interface Surroundings {
  readonly roots: readonly SourceRoot[]
  readonly version: string
  /** The command of a tool whose migrations are code, where its files are there. */
  readonly migrate?: string | undefined
}

/** pgrehearse.config.yaml, every key in a comment: as it stands it changes nothing. */
export function configTemplate({ roots, migrate }: Surroundings): string {
  return `# yaml-language-server: $schema=./node_modules/pgrehearse/schemas/config.schema.json
# Configuration of pgrehearse. Every key is optional; remove the # of what you need.
# All keys: node_modules/pgrehearse/docs/configuration.md

# Where the migrations are and how your runner applies them. ${foundSentence(roots)}
#migrations:
${roots.length === 0 && migrate !== undefined ? runsCommand(migrate) : readsFiles(roots)}
#  exclude: [db/seeds/**]
${severalDatabases(roots)}
# Timeouts that your runner sets in production before it runs a migration.
#runner:
#  lockTimeout: 5s
#  statementTimeout: 15min

# What production gives to the role or the database of the migrations.
#settings:
#  search_path: app, public

# TimeZone of that session.
#timeZone: ${configDefaults.timeZone}

# The revision that production runs. Default: the merge request's diff base, else the merge base with the
# default branch of the remote.
#base: origin/main

# Exit with 1 from this severity on: error | warning | info | never.
#failOn: ${configDefaults.failOn}

# Exit with 1 when a migration could not be rehearsed.
#requireRehearsal: true

# The review on the GitLab merge request. What the target branch says counts.
#review:
#  allow: maintainer # who may accept a finding by a comment: developer | maintainer | not-the-author
#  maxThreads: ${configDefaults.review.maxThreads}

# How large production is, by \`pgrehearse snapshot\` or by hand: reports tell durations then.
#snapshot: pgrehearse-snapshot.json
#tables:
#  users: 48M rows, 31 GB

# Where the application's SQL is, when it is not found: sqlc, PgTyped, \`-- name:\` files and sql\`…\` are.
#queries: [app/queries/**/*.sql]

# Transactions of the application that lock several tables: a migration that locks them in another order can end in a
# deadlock with them.
#transactions:
#  - name: checkout
#    statements:
#      - UPDATE orders SET paid = true WHERE id = $1
#      - UPDATE accounts SET balance = balance - $2 WHERE id = $3

# Sets of rules besides what is recommended: house style and conventions, rights and secrets.
#presets: [strict, security]

# Severity of single rules, or off. \`pgrehearse rules\` lists them, \`pgrehearse explain\` their options.
#rules:
#  ban-rename-column: warning

# The same in some files only.
#overrides:
#  - paths: [db/legacy/**]
#    rules: { require-concurrent-index: off }

# Findings that were accepted when pgrehearse came: \`pgrehearse baseline\` writes this file.
#baseline: ${configDefaults.baseline}

# Whose configuration and baseline decide about a merge request: its own, or those of the branch it goes to.
#policy: target-branch

# Roles that production has and the migrations only use.
#roles: [app_reader]

# Keep the replayed history between runs.
#cacheDir: .pgrehearse/cache

# The server that the rehearsal runs on.
#server:
#  pgVersion: 17
`
}

function readsFiles([root]: readonly SourceRoot[]): string {
  return `${commented(root?.source ?? 'plain-sql', root?.dir ?? 'migrations')}
#  # statement | file | simple query | run; only when your runner differs from the tool's default
#  transaction: file
#  # migrations that are code have the command that runs them here, and no source: docs/run.md
#  # migrate: bin/rails db:migrate`
}

function runsCommand(migrate: string): string {
  return `#  # migrations that are code: the command that runs them, on a throwaway server (docs/run.md)
${stringify({ migrate }, { lineWidth: 0 }).trimEnd().replaceAll(/^/gm, '#  ')}
#  # the command that makes what production has; else migrate in the base revision
#  # history: psql -v ON_ERROR_STOP=1 -f db/structure.sql`
}

/** Nothing where there is one folder of migrations. */
function severalDatabases(roots: readonly SourceRoot[]): string {
  if (roots.length < 2) return ''
  const dirs = roots.map(({ dir }) => dir)
  const databases = dirs.map((dir) => ({
    name: databaseName(dir, dirs),
    migrations: { dir: dir === '' ? '.' : dir },
  }))
  return `
# The databases: without this they are found, and called after their folders. An entry may say anything that this file
# says (snapshot, settings, rules, …), for that database alone.
${stringify({ databases }, { lineWidth: 0 }).trimEnd().replaceAll(/^/gm, '#')}
`
}

function foundSentence(roots: readonly SourceRoot[]): string {
  if (roots.length === 0) return 'None were found here.'
  return `Found: ${roots.map(({ source, dir }) => `${source} in ${printableDir(dir)}`).join(', ')}.`
}

/** A folder's name comes from the repository: it must not end the comment and begin a key. */
function printableDir(dir: string): string {
  return JSON.stringify(dir === '' ? '.' : dir)
}

/** YAML quotes the names where they need it. */
function commented(source: string, dir: string): string {
  const yaml = stringify({ source, dir: dir === '' ? '.' : dir }, { lineWidth: 0 }).trimEnd()
  return yaml.replaceAll(/^/gm, '#  ')
}

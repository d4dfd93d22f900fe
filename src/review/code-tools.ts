/** Migration tools that run code: what gives them away, and the command that runs them. */

export interface CodeTool {
  readonly tool: string
  /** The file that gave it away, relative to the project root. */
  readonly because: string
  /** For `migrations.migrate`. */
  readonly migrate: string
}

interface Sign {
  readonly tool: string
  /** At the root of the project. */
  readonly pattern: RegExp
  readonly migrate: string
}

/** From each tool's own documentation; docs/run.md lists the same commands. */
const signs: readonly Sign[] = [
  { tool: 'Rails', pattern: /^bin\/rails$/, migrate: 'bin/rails db:migrate' },
  { tool: 'Django', pattern: /^manage\.py$/, migrate: 'python manage.py migrate --no-input' },
  { tool: 'Alembic', pattern: /^alembic\.ini$/, migrate: 'alembic upgrade head' },
  { tool: 'Knex', pattern: /^knexfile\.[cm]?[jt]s$/, migrate: 'npx knex migrate:latest' },
  {
    tool: 'Sequelize',
    pattern: /^\.sequelizerc$/,
    migrate: 'npx sequelize-cli db:migrate --url "$DATABASE_URL"',
  },
  {
    tool: 'TypeORM',
    pattern: /^(?:src\/)?(?:data-?source|ormconfig)\.ts$/i,
    migrate: 'npx typeorm-ts-node-commonjs migration:run -d FILE',
  },
]

/** The first that the project's files show; undefined when there is none. */
export function codeToolOf(paths: readonly string[]): CodeTool | undefined {
  for (const { tool, pattern, migrate } of signs) {
    const because = paths.find((path) => pattern.test(path))
    if (because !== undefined) return { tool, because, migrate: migrate.replace('FILE', because) }
  }
  return undefined
}

/** What to do about it, in one sentence. */
export function codeToolHint({ migrate }: CodeTool): string {
  return `pgrehearse runs the tool itself: \`pgrehearse run --base main -- ${migrate}\`, or for \`check\` \`migrations: { migrate: ${yamlText(migrate)} }\` in the configuration. See docs/run.md.`
}

function yamlText(text: string): string {
  return text.includes('"') ? `'${text.replaceAll("'", "''")}'` : text
}

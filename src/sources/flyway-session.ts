import type { Foundation } from '../core/source.ts'
import type { FlywayConfig } from './flyway-config.ts'
import { sqlStretches } from './sql-stretches.ts'

/** Settings, and statements that are something else. */
export interface SettingsOfSql {
  readonly settings: Readonly<Record<string, string>>
  readonly others: readonly string[]
}

const setting =
  /^set\s+(?:session\s+|local\s+)?(?!(?:role|session|local|transaction|constraints|time)\b)([a-z_][\w.]*)\s*(?:=|\bto\b)\s*([^]+)$/i

/** Reads short SQL such as initSql, or a callback that only sets things. */
export function readSettingsSql(sql: string): SettingsOfSql {
  const settings: Record<string, string> = {}
  const others: string[] = []
  const plain = sql.replaceAll(/--[^\n]*|\/\*[^]*?(?:\*\/|$)/g, ' ')
  // a body or a literal may hold semicolons: then nothing of it is taken for a setting
  const isWhole = sqlStretches(plain).some(
    ({ kind, start, end }) => kind === 'quoted' && /[;$]/.test(plain.slice(start, end)),
  )
  const parts = isWhole ? [plain] : plain.split(';')
  for (const part of parts.map((text) => text.trim()).filter((text) => text !== '')) {
    const [, name = '', value = ''] = setting.exec(part) ?? []
    if (name === '') others.push(part)
    else settings[name.toLowerCase()] = value.trim().replace(/^'([^']*)'$/, '$1')
  }
  return { settings, others }
}

/**
 * What stands in the database and the session before the first migration: schemas, the history table
 * (PostgreSQLDatabase.getRawCreateScript), initSql, and a search_path with the default schema in front
 * (PostgreSQLConnection.changeCurrentSchemaTo).
 */
export function flywayFoundation(
  config: FlywayConfig,
  beforeEach: Readonly<Record<string, string>>,
): Foundation {
  const { defaultSchema, table, initSql = '' } = config
  const init = readSettingsSql(initSql)
  const name = (defaultSchema === undefined ? '' : `${quoted(defaultSchema)}.`) + quoted(table)
  const path = defaultSchema === undefined ? {} : { search_path: `${quoted(defaultSchema)}, "$user", public` }
  const settings = { ...init.settings, ...path, ...beforeEach }
  const sql = [
    ...init.others,
    ...config.schemas.map((schema) => `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`),
    `CREATE TABLE ${name} (
  "installed_rank" int NOT NULL, "version" varchar(50), "description" varchar(200) NOT NULL,
  "type" varchar(20) NOT NULL, "script" varchar(1000) NOT NULL, "checksum" integer,
  "installed_by" varchar(100) NOT NULL, "installed_on" timestamp NOT NULL DEFAULT now(),
  "execution_time" integer NOT NULL, "success" boolean NOT NULL
)`,
    `ALTER TABLE ${name} ADD CONSTRAINT ${quoted(`${table}_pk`)} PRIMARY KEY ("installed_rank")`,
    `CREATE INDEX ${quoted(`${table}_s_idx`)} ON ${name} ("success")`,
  ]
  return {
    title: 'Flyway’s own table',
    sql: `${sql.join(';\n')};\n`,
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
}

/**
 * What Flyway puts back after a script: role and search_path before each migration (restoreOriginalState and
 * changeCurrentSchemaTo in DbMigrate.java); everything after a callback of the run, whose session ends. Empty when
 * nothing of it is touched. Other settings last.
 */
export function puttingBack(text: string, isCallback: boolean): string {
  const sets = (pattern: RegExp): boolean => pattern.test(text)
  const path = sets(/\bset\s+(?:session\s+)?search_path\b|\bset_config\s*\(\s*'search_path'/i)
  const role = sets(/\bset\s+(?:session\s+)?role\b/i)
  if (isCallback) return path || role || sets(/^[ \t]*set\s+(?!local\b)/im) ? 'RESET ROLE;\nRESET ALL;\n' : ''
  return (path ? 'RESET search_path;\n' : '') + (role ? 'RESET ROLE;\n' : '')
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

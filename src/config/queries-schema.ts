import { z } from 'zod'
import { configDefaults } from './defaults.ts'
import { text } from './parts.ts'

/** The key of the configuration that says where the application's queries are, and how it sends them. */

const patterns = z.array(text)

const tag = z
  .string()
  .regex(/^[A-Za-z_$][\w$]*$/, 'Expected the name of a template tag, for example "sql" or "$queryRaw"')

const settings = z.strictObject({
  files: patterns
    .exactOptional()
    .describe(
      'Files and folders that hold queries, relative to the project root: `.sql`, TypeScript and JavaScript. `*` stays ' +
        'within a folder, `**` spans folders. Default: what looks like sqlc, PgTyped, yesql, HugSQL, aiosql or tagged ' +
        'templates, outside of tests and build output.',
    )
    .meta({ example: ['db/queries', 'src/**/*.ts'] }),
  exclude: patterns
    .exactOptional()
    .describe('Files and folders to leave out, relative to the project root.')
    .meta({ example: ['src/generated/**'] }),
  tags: z
    .array(tag)
    .exactOptional()
    .describe(
      'Tags of template literals that hold SQL, in TypeScript and JavaScript. `sql` also means `db.sql`.',
    )
    .meta({ defaultValue: [...configDefaults.queries.tags], example: ['sql', 'pg'] }),
  preparedStatements: z
    .enum(['named', 'unnamed'])
    .exactOptional()
    .describe(
      'Does the application keep prepared statements in its sessions? `named`: a migration that changes what such a ' +
        'statement returns makes it fail once in every session.',
    )
    .meta({ defaultValue: configDefaults.queries.preparedStatements }),
  searchPath: z
    .array(text.max(63, 'Expected the name of a schema of at most 63 characters'))
    .exactOptional()
    .describe('search_path of the application’s sessions, when it differs from that of the migrations.')
    .meta({ example: ['shop', 'public'] }),
})

export const queries = z
  .union([settings, patterns, z.literal(false)], {
    error: 'Expected a list of files, an object, or false',
  })
  .transform((value) => (Array.isArray(value) ? { files: value } : value))
  .exactOptional()
  .describe(
    'The application’s queries, which are judged together with the migrations: a list of files, an object, or `false` ' +
      'to leave them alone.',
  )

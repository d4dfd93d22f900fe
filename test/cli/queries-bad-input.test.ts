import { beforeAll, describe, expect, it } from 'vitest'
import { judgeBranch, queryNamed, type Files, type JudgedBranch } from './query-repository.ts'

const schema = `
CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
-- planning folds it, because its arguments are constants
CREATE FUNCTION endless(start integer) RETURNS integer IMMUTABLE
LANGUAGE plpgsql AS $$ BEGIN LOOP END LOOP; RETURN start; END $$;
`

const manyIds = Array.from({ length: 130_000 }, (_, n) => 1_000_000 + n).join(',')

const queries = `
-- name: Endless :many
SELECT body FROM notes WHERE id = endless(1);

-- name: UnknownFunction :one
SELECT body FROM notes WHERE id = decode_note_id($1);

-- name: NeedsExtension :many
SELECT n.body FROM notes n JOIN dblink('archive', 'SELECT 1') AS d (id bigint) ON d.id = n.id;

-- name: UnknownSchema :many
SELECT body FROM archive.notes;

-- name: Typo :many
SELEC body FROM notes;

-- name: Two :exec
DELETE FROM notes WHERE id = $1;
UPDATE notes SET body = $2 WHERE id = $1;

-- name: Good :one
SELECT body FROM notes WHERE id = $1;
`

const branch: Files = {
  'migrations/002_title.up.sql': 'ALTER TABLE notes ADD COLUMN title text;\n',
  'queries/long-list.sql': `-- name: LongList :many\nSELECT body FROM notes WHERE id IN (${manyIds});\n`,
}

const main: Files = {
  'pgrehearse.config.yaml': 'queries: [queries/**, web/**]\nsampling: { budget: 0 }\n',
  'migrations/001_schema.up.sql': schema,
  'queries/notes.sql': queries,
  'queries/picture.sql': new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0xff, 0xfe, 0, 0x80]),
  'web/broken.ts': 'export const notes = () => sql`SELECT body FROM notes`\nexport const = {{\n',
  'web/parts.ts': [
    'export const all = (columns: string) => sql`SELECT ${sql.unsafe(columns)} FROM notes`',
    'export const some = (ids: number[]) => sql`SELECT body FROM notes WHERE id IN (${ids})`',
    '',
  ].join('\n'),
}

describe('check, with queries that nobody can check', () => {
  let judged: JudgedBranch
  beforeAll(async () => {
    judged = await judgeBranch(main, branch)
  })

  it('comes to its end, and judges the migration', () => {
    expect(judged.result.stderr).not.toContain('bug')
    expect(judged.result.exitCode).toBeLessThan(2)
    expect(judged.report.migrations.map(({ outcome }) => outcome)).toEqual(['rehearsed'])
  })

  it.each(['Good', 'Two', 'Two#2', 'some'])('checks %s', (name) => {
    expect(queryNamed(judged.report, name).verdict).not.toBe('not checkable')
  })

  it.each([
    ['UnknownFunction', 'decode_note_id'],
    ['NeedsExtension', 'dblink'],
    ['UnknownSchema', 'archive.notes'],
  ])('says why %s is not checkable', (name, why) => {
    const query = queryNamed(judged.report, name)
    expect(query.verdict).toBe('not checkable')
    expect(query.notCheckable).toContain(why)
  })

  it.each(['queries/picture.sql', 'web/broken.ts'])('lists %s as not checked', (file) => {
    expect(said(judged, file)).not.toEqual([])
  })

  it.each([
    ['Typo', 'queries/notes.sql'],
    ['Endless', 'queries/notes.sql'],
    // columns that only the program knows
    ['all', 'web/parts.ts'],
  ])('does not pass over %s', (name, file) => {
    expect(said(judged, file, name)).not.toEqual([])
  })

  it('has one word for the long list', () => {
    const { queries: section, notChecked } = judged.report
    const listed = section?.list.some(({ file }) => file === 'queries/long-list.sql') ?? false
    expect(listed || notChecked.some(({ span }) => span?.file === 'queries/long-list.sql')).toBe(true)
  })

  it('calls nothing broken', () => {
    expect(judged.report.queries?.counts.broken).toBe(0)
    expect(judged.report.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('gives a report that is not as large as the list', () => {
    expect(judged.result.stdout.length).toBeLessThan(200_000)
  })
})

/** What the report says about a file, or about one query of it, that it could not check. */
function said({ report }: JudgedBranch, file: string, name?: string): readonly string[] {
  const queriesOfFile = (report.queries?.list ?? [])
    .filter((query) => query.file === file && (name === undefined || query.name.includes(name)))
    .flatMap(({ notCheckable }) => notCheckable ?? [])
  const limits = report.notChecked
    .map(({ message, span }) => `${span?.file ?? ''} ${message}`)
    .filter((text) => text.includes(file) && (name === undefined || text.includes(name)))
  return [...queriesOfFile, ...limits]
}

describe('check, when a migration keeps our sessions out', () => {
  it('says that queries were not checked, and judges the migration', async () => {
    const { report, result } = await judgeBranch(
      {
        'migrations/001_notes.up.sql': 'CREATE TABLE notes (id bigint PRIMARY KEY, body text);\n',
        'queries/notes.sql': '-- name: Body :one\nSELECT body FROM notes WHERE id = $1;\n',
      },
      {
        'migrations/002_body.up.sql': `DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database());
END $$;
ALTER TABLE notes DROP COLUMN body;
`,
      },
    )
    expect(result.exitCode).toBe(1)
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('ban-drop-column')
    expect(report.notChecked).toMatchObject([
      { code: 'queries-not-checked', message: expect.stringContaining('too many connections') as string },
    ])
    expect(queryNamed(report, 'Body').verdict).toBe('not checkable')
  })
})

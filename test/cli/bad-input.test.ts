/** Files that nobody should write, and what is said about them. Every run starts a real server. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { folderWith, run } from './run.ts'
import { privateTemp } from './traces.ts'

const temp = privateTemp()

const base = 'CREATE TABLE users (id bigint PRIMARY KEY, email text);\n'

interface Outcome {
  readonly exitCode: number | null
  readonly report: Report
  /** `rule line:column message` */
  readonly findings: readonly string[]
  readonly limits: readonly string[]
  readonly outcomes: readonly string[]
}

/** Judges `002.sql`, and whatever else is given, on top of a table. */
async function check(
  files: Readonly<Record<string, string | Uint8Array>>,
  ...options: readonly string[]
): Promise<Outcome> {
  const folder = await folderWith({ 'migrations/001.sql': base })
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(
      folder,
      name.includes('/') || name.includes('.config.') ? name : `migrations/${name}`,
    )
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, content)
  }
  const { exitCode, stdout, stderr } = await run(['check', '--all', '--format', 'json', ...options], {
    cwd: folder,
    env: { TMPDIR: temp.dir },
  })
  expect(stderr).not.toContain('bug in pgrehearse')
  expect(await temp.left()).toEqual([])
  const report = JSON.parse(stdout) as Report
  return {
    exitCode,
    report,
    findings: report.findings.map(({ ruleId, span, message }) => {
      const { line, column } = span.start
      return `${ruleId} ${span.file} ${line}:${column} ${message}`
    }),
    limits: report.notChecked.map(({ message }) => message),
    outcomes: report.migrations.map(({ outcome }) => outcome),
  }
}

describe('text', () => {
  it('passes an empty file', async () => {
    const { exitCode, outcomes, findings } = await check({ '002.sql': '' })
    expect({ exitCode, outcomes, findings }).toEqual({
      exitCode: 0,
      outcomes: ['rehearsed', 'rehearsed'],
      findings: [],
    })
  })

  it('does not count a byte order mark as a column', async () => {
    const { exitCode, findings } = await check({ '002.sql': '\uFEFFSELECT no_such_column FROM users;\n' })
    expect(exitCode).toBe(1)
    expect(findings).toEqual([
      'migration-fails migrations/002.sql 1:8 The migration fails here: column "no_such_column" does not exist (SQLSTATE 42703).',
    ])
  })

  it('counts lines that end with CR LF as editors do', async () => {
    const { findings } = await check({ '002.sql': 'SELECT 1;\r\n\r\nSELECT\r\n  nothing;\r\n' })
    expect(findings).toEqual([
      'migration-fails migrations/002.sql 4:3 The migration fails here: column "nothing" does not exist (SQLSTATE 42703).',
    ])
  })

  it('replays a file of five megabytes', async () => {
    const rows = Array.from({ length: 150_000 }, (_, id) => `(${id}, 'user-${id}@example.com')`)
    const sql = `INSERT INTO users VALUES\n${rows.join(',\n')};\n`
    expect(sql.length).toBeGreaterThan(5_000_000)
    const { exitCode, outcomes } = await check({ '002.sql': sql })
    expect({ exitCode, outcomes }).toEqual({ exitCode: 0, outcomes: ['rehearsed', 'rehearsed'] })
  })

  it('says where bytes are no UTF-8', async () => {
    const { exitCode, findings } = await check({
      '002.sql': Buffer.from("INSERT INTO users VALUES (1, 'J\xfcrgen');\n", 'latin1'),
    })
    expect(exitCode).toBe(1)
    expect(findings).toEqual([
      'unreadable-file migrations/002.sql 1:1 migrations/002.sql is not UTF-8: byte 0xfc at offset 31 (line 1, column 32).',
    ])
  })

  it('reports a dollar quote that never ends, at its beginning', async () => {
    const { exitCode, findings, limits } = await check({
      '002.sql': 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n SELECT 1;\n',
    })
    expect(exitCode).toBe(1)
    expect(findings).toEqual([
      expect.stringContaining(
        'migration-fails migrations/002.sql 1:49 The migration fails here: unterminated',
      ),
    ])
    expect(limits).toEqual(['A dollar-quoted string that begins here never ends.'])
  })
})

describe('psql', () => {
  it('says which meta commands are not run, and blames nobody for a variable that only psql fills in', async () => {
    const { exitCode, findings, limits, outcomes } = await check({
      '002.sql': '\\set tbl users\n\\echo hello\nALTER TABLE :tbl ADD COLUMN a int;\n',
    })
    expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] })
    expect(outcomes).toEqual(['rehearsed', 'not rehearsed'])
    expect(limits).toContain('The psql command \\set is not run: only psql itself understands it.')
    expect(limits.join('\n')).toContain('a psql variable stands here, and only psql itself can fill it in')
    expect(limits.join('\n')).not.toContain('\\echo')
  })

  it('blames nobody for what an included file would have made', async () => {
    const { exitCode, findings, limits, outcomes } = await check({
      '002.sql': '\\i tables/invoices.psql\nALTER TABLE invoices ADD COLUMN a int;\n',
    })
    expect({ exitCode, outcomes }).toEqual({ exitCode: 0, outcomes: ['rehearsed', 'not rehearsed'] })
    expect(findings.filter((finding) => finding.startsWith('migration-fails'))).toEqual([])
    expect(limits.join('\n')).toContain('it may build on SQL that only psql reads or makes')
  })

  it('makes the exit code 1 with --require-rehearsal', async () => {
    const { exitCode } = await check(
      { '002.sql': 'ALTER TABLE :tbl ADD COLUMN a int;\n' },
      '--require-rehearsal',
    )
    expect(exitCode).toBe(1)
  })
})

describe('syntax that our parser does not know', () => {
  it('is replayed all the same, and what stands around it is measured', async () => {
    const { findings, report } = await check({
      '002.sql':
        'ALTER TABLE users ADD COLUMN a int;\nCREATE MAGIC TABLE x (a int);\nALTER TABLE users ADD COLUMN b int;\n',
    })
    expect(findings).toEqual([
      'migration-fails migrations/002.sql 2:8 The migration fails here: syntax error at or near "MAGIC" (SQLSTATE 42601).',
    ])
    expect(report.migrations[1]?.statements.map(({ tag, measured }) => [tag, measured])).toEqual([
      ['AlterTableStmt', true],
      ['Unparsed', true],
      ['AlterTableStmt', false],
    ])
  })
})

describe('SQL that turns against the server', () => {
  it('is cancelled when it sleeps for an hour', async () => {
    const { exitCode, limits, outcomes } = await check({
      '002.sql': 'SET statement_timeout = 0;\nSELECT pg_sleep(3600);\n',
      'pgrehearse.config.json': '{"statementTimeout": "1s"}',
    })
    expect({ exitCode, outcomes }).toEqual({ exitCode: 0, outcomes: ['rehearsed', 'not rehearsed'] })
    expect(limits.join('\n')).toContain('it ran longer than 1 s on nearly empty tables and was cancelled')
  })

  it('cannot drop its own database', async () => {
    const { exitCode, findings } = await check({
      '002.sql': "DO $$ BEGIN EXECUTE format('DROP DATABASE %I', current_database()); END $$;\n",
    })
    expect(exitCode).toBe(1)
    expect(findings).toEqual([
      'migration-fails migrations/002.sql 1:1 The migration fails here: DROP DATABASE cannot be executed from a function (SQLSTATE 25001).',
    ])
  })

  it('is reported when it kills its own backend, and the rest is judged by prediction', async () => {
    const { exitCode, findings, outcomes } = await check({
      '002.sql': 'SELECT pg_terminate_backend(pg_backend_pid());\nALTER TABLE users ADD COLUMN a int;\n',
      '003.sql': 'ALTER TABLE users ADD COLUMN b int;\n',
    })
    expect(exitCode).toBe(1)
    expect(findings).toEqual([
      'migration-fails migrations/002.sql 1:1 The migration fails here: terminating connection due to administrator command (SQLSTATE 57P01).',
    ])
    expect(outcomes).toEqual(['rehearsed', 'failed', 'not rehearsed'])
  })

  it('runs no program of the machine', async () => {
    const proof = path.join(temp.dir, 'proof')
    const { exitCode, limits, outcomes } = await check({
      '002.sql': `COPY users TO PROGRAM 'touch ${proof}';\n`,
    })
    expect({ exitCode, outcomes }).toEqual({ exitCode: 0, outcomes: ['rehearsed', 'not rehearsed'] })
    expect(limits.join('\n')).toContain('permission denied to COPY to or from an external program')
    await expect(import('node:fs/promises').then(({ access }) => access(proof))).rejects.toThrow('ENOENT')
  })

  it('prints no control characters of file names or messages', async () => {
    const folder = await folderWith({
      'migrations/001.sql': "DO $$ BEGIN RAISE EXCEPTION E'\\x1b[31mred\\x07'; END $$;\n",
    })
    const { stdout } = await run(['check', '--all'], { cwd: folder, env: { TMPDIR: temp.dir } })
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(stdout).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/)
    expect(stdout).toContain('red')
  })
})

describe('versions', () => {
  it('reports two files that claim one version', async () => {
    const { exitCode, findings } = await check({ '001_again.sql': 'SELECT 1;\n' })
    expect(exitCode).toBe(1)
    expect(findings).toEqual([expect.stringMatching(/^duplicate-version .* is claimed by .*001.*sql and /)])
  })
})

/** `extensions` of the configuration, from the command line to the report. */
import { expect, it } from 'vitest'
import { addFiles, folderWith, run } from './run.ts'

const files = {
  'migrations/001.sql': `
create extension vector version '0.5.1';
create table documents (id bigint generated always as identity primary key, body text, embedding vector(3) not null);
create index documents_embedding on documents using hnsw (embedding vector_cosine_ops) with (m = 16);
create table plain (id bigint primary key, secret text default crypt('x', gen_salt('bf')));
`,
  'migrations/002.sql': `
create index documents_body on documents (body);
create index documents_second on documents using hnsw (embedding vector_cosine_ops) with (m = 16);
drop index documents_embedding;
create index plain_secret on plain (secret);
`,
}

interface Report {
  readonly migrations: readonly { readonly outcome: string }[]
  readonly findings: readonly {
    readonly object: string
    readonly evidence: string
    readonly notes: readonly string[]
  }[]
  readonly notChecked: readonly { readonly code: string; readonly message: string }[]
}

async function check(config: object): Promise<Report> {
  const cwd = await folderWith({ ...files, 'pgrehearse.config.json': JSON.stringify(config) })
  const { stdout, stderr } = await run(['check', 'migrations/002.sql', '--format', 'json'], { cwd })
  expect(stderr).not.toContain('bug')
  return JSON.parse(stdout) as Report
}

const note =
  'vector is a stand-in of ours here, so what its types, indexes and functions do was not measured.'

it('a history with stand-ins is replayed, and receipts that they have a part in say so', async () => {
  const report = await check({ extensions: { stub: ['vector'], create: ['pgcrypto'] } })
  const said = report.findings.map(({ object, evidence, notes }) => [object, evidence, notes.includes(note)])
  expect(said).toEqual(
    expect.arrayContaining([
      ['documents', 'measured', true],
      ['documents', 'predicted', true],
      ['plain', 'measured', false],
    ]),
  )
  const codes = report.notChecked.map(({ code }) => code)
  expect(codes).toEqual(
    expect.arrayContaining(['history-step-failed', 'statement-refused', 'stand-in-extension']),
  )
  const limit = report.notChecked.find(({ code }) => code === 'stand-in-extension')
  expect(limit?.message).toContain('Used by public.documents.')
  const refused = report.notChecked.find(({ code }) => code === 'statement-refused')
  expect(refused?.message).toBe('An index of hnsw with options has no stand-in; it is judged by prediction.')
})

it('without them the extension is missing, and the stand-in is one of the remedies', async () => {
  const report = await check({})
  const text = JSON.stringify(report.notChecked)
  expect(text).toContain('does not have the extension \\"vector\\"')
  expect(text).toContain("extensions: { stub: ['vector'] }")
})

it.each([
  [{ extensions: { stub: ['timescaledb'] } }, 'has a stand-in for: http, pg_cron, postgis, vector'],
  [{ server: { image: 'a:1', url: 'postgresql://localhost/x' } }, 'one of image and url'],
  [{ server: { image: 'a:1', binaries: '/usr' } }, 'one of image and binaries'],
  [{ server: { image: '-v /:/host' } }, 'name of a container image'],
  [{ server: { image: 'a:1' }, extensions: { stub: ['vector'] } }, 'extensions.stub stands in'],
])('%j ends with exit code 2', async (config, message) => {
  const cwd = await folderWith()
  await addFiles(cwd, { ...files, 'pgrehearse.config.json': JSON.stringify(config) })
  const { exitCode, stderr } = await run(['check', '--all'], { cwd })
  expect(stderr).toContain(message)
  expect(exitCode).toBe(2)
})

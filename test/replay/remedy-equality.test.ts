import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding, Migration, Remedy, Statement } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { rules } from '../../rules/index.ts'
import { judge } from '../../src/judge/judge.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { rehearse } from './replay-example.ts'
import { remedyForms } from './remedy-forms.ts'
import { diffSchema, readSchema, type SchemaSnapshot } from '../../src/replay/fingerprint.ts'
import { schemaDifferenceLines } from '../../src/replay/schema-diff-text.ts'
import { nonTransactionalForm } from '../../src/sql/non-transactional.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { splitScript } from '../../src/sql/split.ts'
import { majors } from '../postgres/servers.ts'
import { script } from '../sql/scripts.ts'
import { splittingRules } from '../rules/remedies.ts'
import {
  lintExample,
  loadExamples,
  readSetup,
  ruleFolders,
  today,
  type Example,
} from '../rules/run-example.ts'
import { unequalByNature, unequalRules } from './remedies-unequal.ts'
import { remedyRows } from './remedy-rows.ts'
import { openMajor } from './servers.ts'

/** What one client sends: a script in one message, so that it is one transaction, or a statement by itself. */
type Messages = readonly string[]

interface Case {
  readonly name: string
  readonly original: Messages
  readonly remedied: Messages
}

/** Whose remedies rest on what differs between majors: NOT NULL, partitions, blocks, REINDEX. */
const otherwiseOn14 = [
  'avoid-blocking-partition-change',
  'avoid-table-rewrite',
  'require-checked-not-null',
  'require-concurrent-index',
]

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  let admin: Client
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major as 14 | 18)
    admin = await server.connectAdmin()
  })
  afterAll(async () => {
    await admin.end()
    await server[Symbol.asyncDispose]()
  })

  const ids = major === 14 ? otherwiseOn14 : ruleFolders()
  test.each(ids)('the remedies of %s leave the schema that their statements do', async (id) => {
    const cases = loadExamples(id).flatMap(casesOf)
    if (cases.length === 0) return
    const template = await templateOf(readSetup(id).text, remedyRows[id] ?? '')
    const originals = new Map<string, SchemaSnapshot | string>()
    for (const { name, original, remedied } of cases) {
      const key = original.join('')
      const before = originals.get(key) ?? (await schemaAfter(template, original).catch(failureOf))
      originals.set(key, before)
      const after = await schemaAfter(template, remedied)
      const lines = typeof before === 'string' ? [before] : schemaDifferenceLines(diffSchema(before, after))
      const reason = unequalByNature[name]
      const isEqual = lines.length === 0
      const text = [name, ...lines, ...remedied].join('\n--\n')
      expect.soft(isEqual, text).toBe(reason === undefined)
    }
    await server.dropDatabase(template)
  })

  const forms = remedyForms.filter(({ rule }) => major === 18 || otherwiseOn14.includes(rule))
  test.each(forms)('$what', async ({ what, rule, setup, sql, without }) => {
    const template = await templateOf(setup)
    const example = formExample(what, rule, setup, sql)
    const original = example.review.flatMap((migration) => messagesOf(migration, migration.statements))
    const after = await schemaAfter(template, original)
    const { results, schema } = await rehearse(server, example.history, example.review)
    const known = schema === undefined ? {} : { schema }
    const { findings } = judge({ migrations: results, rules, today, ...known })
    const remedied = findings.flatMap((finding) => {
      const { remedy, ruleId } = finding
      const isWhole = ruleId === rule && remedy !== undefined && remedy.migrations.length > 0
      return isWhole ? [replaced(example, finding, remedy)] : []
    })
    expect(remedied.length > 0, without).toBe(without === undefined)
    for (const messages of remedied) {
      const lines = schemaDifferenceLines(diffSchema(after, await schemaAfter(template, messages)))
      expect.soft(lines, messages.join('\n--\n')).toEqual([])
    }
    await server.dropDatabase(template)
  })

  async function templateOf(...messages: Messages): Promise<string> {
    const database = await server.createDatabase()
    await server.ensureRoles(
      [...messages.join('').matchAll(/\b(?:app|reporting|reader)\b/g)].map(([name]) => name),
    )
    await run(database, messages)
    return database
  }

  async function schemaAfter(template: string, messages: Messages): Promise<SchemaSnapshot> {
    const database = await server.createDatabase({ template })
    try {
      await run(database, messages)
      const client = await server.connectAdmin(database)
      try {
        return await readSchema(client)
      } finally {
        await client.end()
      }
    } finally {
      await server.dropDatabase(database)
    }
  }

  async function run(database: string, messages: Messages): Promise<void> {
    const client = await server.connectAdmin(database)
    try {
      // our own connections name every schema
      await client.query('SET search_path = public')
      for (const message of messages) {
        await client.query(message).catch((error: unknown) => {
          throw new Error(`${String(error)} in\n${message}`, { cause: error })
        })
      }
    } finally {
      await client.end()
    }
  }
})

test('every remedy that is listed as unequal is there', async () => {
  await loadParser()
  const names = ruleFolders()
    .flatMap((id) => loadExamples(id).flatMap(casesOf))
    .map(({ name }) => name)
  expect(Object.keys(unequalByNature).filter((name) => !names.includes(name))).toEqual([])
})

function formExample(file: string, ruleId: string, setup: string, sql: string): Example {
  const [history = [], review = []] = [setup, sql].map((text) =>
    layOutTransactions([parseScript({ ...script(text, text === sql ? 'file' : 'statement'), file })], false),
  )
  return { ruleId, file, text: sql, isBad: true, marks: [], history, review, allows: [], options: {} }
}

function failureOf(error: unknown): string {
  return `The statement itself fails: ${String(error)}`
}

/** A case for every finding of the example's own rule whose remedy is SQL to be run with this deployment. */
function casesOf(example: Example): readonly Case[] {
  if (!example.isBad || example.ruleId in unequalRules) return []
  const original = example.review.flatMap((migration) => messagesOf(migration, migration.statements))
  return lintExample(example).flatMap((finding) => {
    const { remedy, ruleId, query } = finding
    if (ruleId !== example.ruleId || query !== undefined || remedy === undefined) return []
    if (remedy.migrations.length === 0) return []
    const line = finding.span.start.line
    return [{ name: `${example.file}:${line}`, original, remedied: replaced(example, finding, remedy) }]
  })
}

function replaced({ review, ruleId }: Example, { span }: Finding, remedy: Remedy): Messages {
  return review.flatMap((migration) => {
    const at = migration.statements.findIndex(
      ({ span: { file, start } }) => file === span.file && start.offset === span.start.offset,
    )
    if (at === -1) return messagesOf(migration, migration.statements)
    const whole = ruleId === 'avoid-locking-several-tables'
    const [only, ...more] = remedy.migrations
    if (only?.transaction === true && more.length === 0 && !splittingRules.has(ruleId)) {
      const statements = migration.statements.map((one, index) =>
        index === at ? { ...one, sql: only.sql } : one,
      )
      return messagesOf(migration, statements)
    }
    const settings = migration.statements.slice(0, at).filter(({ tag }) => tag === 'VariableSetStmt')
    return [
      ...(splittingRules.has(ruleId) ? [] : messagesOf(migration, migration.statements.slice(0, at))),
      ...remedy.migrations.flatMap(({ sql, transaction }) => stepMessages(sql, transaction)),
      ...(whole ? [] : messagesOf(migration, [...settings, ...migration.statements.slice(at + 1)])),
    ]
  })
}

/** As a tool would send it; what fails inside a transaction is sent as its author meant it. */
function messagesOf({ transaction }: Migration, statements: readonly Statement[]): Messages {
  const own = statements.filter(({ tag }) => tag !== 'TransactionStmt')
  const apart = transaction.mode !== 'file' || own.some((one) => nonTransactionalForm(one) !== undefined)
  return stepMessages(own.map(({ sql }) => `${sql.replace(/;$/, '')};`).join('\n'), !apart)
}

function stepMessages(sql: string, transaction: boolean): Messages {
  if (transaction) return [`BEGIN;\n${sql}\nCOMMIT`]
  return splitScript(sql).pieces.map(({ start, end }) => sql.slice(start, end))
}

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { rules } from '../../rules/index.ts'
import type { Finding } from '../../src/core/model.ts'
import type { Production } from '../../src/core/production.ts'
import { priceResults } from '../../src/cost/price.ts'
import { judge } from '../../src/judge/judge.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { lintExample, predictMigrations, today, type Example } from '../rules/run-example.ts'
import { script } from '../sql/scripts.ts'

const caseSchema = z.strictObject({
  title: z.string(),
  /** What other tools say, and where their users complain. */
  others: z.string(),
  setup: z.string().default(''),
  /** Production's rows by table. */
  rows: z.record(z.string(), z.number()).default({}),
  sql: z.string(),
  /** A further migration of the same review. */
  next: z.string().optional(),
  /** False: each statement commits by itself. */
  transaction: z.boolean().default(true),
  /** `session`: set by whoever runs the migration; false: nobody sets one. */
  lockTimeout: z.union([z.literal('session'), z.literal(false)]).default('session'),
  says: z.array(z.string()),
  why: z.string(),
  /** Without a server less is known. */
  replay: z.boolean().default(false),
  /** Oldest major that knows the syntax. */
  since: z.number().optional(),
})

export type NearMiss = z.infer<typeof caseSchema>

/** All of cases.yaml. */
export function nearMisses(): readonly NearMiss[] {
  const text = readFileSync(new URL('cases.yaml', import.meta.url), 'utf8')
  return z.array(caseSchema).parse(parse(text))
}

/** The case as an example of no rule: what is recommended judges it. */
export function exampleOf({ setup, sql, next, transaction, lockTimeout }: NearMiss): Example {
  const mode = transaction ? 'file' : 'statement'
  const timeout = lockTimeout === false ? '' : "SET lock_timeout = '2s';\n"
  const texts = [sql, ...(next === undefined ? [] : [next])].map((text) => `${timeout}${text}`)
  const scripts = texts.map((text, index) => parseScript(script(text, mode, `${index + 1}.sql`)))
  return {
    ruleId: '',
    file: '1.sql',
    text: texts.join('\n'),
    isBad: false,
    marks: [],
    history: layOutTransactions([parseScript(script(setup, 'statement', '0.sql'))], false),
    review: layOutTransactions(scripts, false),
    allows: [],
    options: {},
  }
}

/** What `lint` would find, with production's sizes where the case has some. */
export function lintNearMiss(nearMiss: NearMiss): readonly Finding[] {
  const example = exampleOf(nearMiss)
  const tables = Object.entries(nearMiss.rows)
  if (tables.length === 0) return lintExample(example)
  const predicted = predictMigrations(example.history, example.review)
  const production: Production = {
    sources: [],
    settings: {},
    tables: tables.map(([name, rows]) => ({
      schema: 'public',
      name,
      rows,
      heapBytes: Math.max(8192, rows * 100),
      from: 'snapshot',
    })),
  }
  const { results } = priceResults(predicted, { why: 'this is a test' }, production)
  return judge({ migrations: results, rules, today, production }).findings
}

/** `rule.messageId severity`, sorted. */
export function saidOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ ruleId, messageId, severity }) => `${ruleId}.${messageId} ${severity}`).toSorted()
}

/** The application's queries in the report, as a reader that trusts nobody wants them; see report-schema.ts. */
import { z } from 'zod'
import { lockModes } from '../core/locks.ts'
import { amount, duration, lineOfFile, path, range, relationKind, span, text, word } from './report-words.ts'

const statementRef = z.strictObject({ file: path, index: z.int().min(0), span })

const style = z.enum(['sqlc', 'PgTyped', 'named SQL', 'plain SQL', 'tagged template', 'pg_stat_statements'])

/** A finding's query. */
export const queryRef = z.strictObject({
  id: word,
  name: word,
  style,
  file: path.exactOptional(),
  line: lineOfFile.exactOptional(),
  callsPerSecond: amount.exactOptional(),
})

/** Queries under a finding. */
export const affectedQuery = queryRef.extend({
  what: z.enum(['fails', 'waits', 'slower', 'other result', 'fails once', 'uses it']),
  detail: text.exactOptional(),
})

const breakEffect = z.strictObject({
  kind: z.literal('break'),
  when: z.enum(['old code on new schema', 'new code on old schema', 'new code on new schema']),
  reason: z.enum([
    'missing relation',
    'missing column',
    'missing function',
    'missing type',
    'type mismatch',
    'ambiguous name',
    'required column omitted',
    'conflict target lost',
    'permission',
    'other',
  ]),
  sqlstate: word,
  message: text,
  hint: text.exactOptional(),
  object: word.exactOptional(),
  cause: statementRef.exactOptional(),
  until: statementRef.exactOptional(),
  evidence: z.enum(['measured', 'derived']),
})

const resultChange = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['column added', 'column removed']), column: word, columnType: word }),
  z.strictObject({ type: z.literal('column renamed'), column: word, to: word }),
  z.strictObject({ type: z.literal('type changed'), column: word, from: word, to: word }),
  z.strictObject({ type: z.enum(['nullable now', 'never null now']), column: word }),
  z.strictObject({ type: z.literal('order changed'), columns: z.array(word).max(2000) }),
])

const queryLock = z.strictObject({
  relation: z.strictObject({ schema: word, name: word, kind: relationKind }),
  mode: z.enum(lockModes),
  through: z.enum([
    'itself',
    'foreign key',
    'trigger',
    'rule',
    'function',
    'policy',
    'sequence',
    'partition',
  ]),
  name: word.exactOptional(),
})

const plan = z.strictObject({
  cost: amount,
  rows: amount,
  text,
  shape: z.array(word).max(1000),
})

const planChange = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('new sequential scan'), table: word, rows: amount }),
  z.strictObject({ type: z.literal('lost index'), table: word, index: word }),
  z.strictObject({ type: z.enum(['new sort', 'sort spills', 'hash spills']), rows: amount }),
  z.strictObject({ type: z.literal('cost'), ratio: amount }),
])

const planStatistics = z.enum(['with value statistics', 'without value statistics', 'sizes only'])

const indexAdvice = z.strictObject({
  table: word,
  columns: z.array(word).max(100),
  sql: text,
  costBefore: amount,
  costAfter: amount,
  bytes: amount,
  buildMs: range.exactOptional(),
  after: plan,
})

const effect = z.discriminatedUnion('kind', [
  breakEffect,
  z.strictObject({
    kind: z.literal('result change'),
    changes: z.array(resultChange).max(10_000),
    star: z.boolean(),
    cause: statementRef.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('cached plan'), cause: statementRef.exactOptional() }),
  z.strictObject({
    kind: z.literal('wait'),
    lock: queryLock,
    held: z.enum(lockModes),
    cause: statementRef,
    ms: duration.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('plan change'),
    before: plan,
    after: plan,
    changes: z.array(planChange).max(1000),
    cause: statementRef.exactOptional(),
    statistics: planStatistics,
    parameters: text,
  }),
  z.strictObject({
    kind: z.literal('table read'),
    table: word,
    tableRows: amount,
    rows: amount,
    plan,
    statistics: planStatistics,
    parameters: text,
    advice: indexAdvice.exactOptional(),
  }),
])

const reportQuery = queryRef.extend({
  state: z.enum(['unchanged', 'changed', 'new', 'removed']),
  verdict: z.enum(['broken', 'other result', 'slower', 'blocked', 'unaffected', 'not checkable']),
  span: span.exactOptional(),
  text,
  effects: z.array(effect).max(1000),
  notCheckable: text.exactOptional(),
})

const count = z.int().min(0)

/** The section "Your queries". */
export const queries = z.strictObject({
  list: z.array(reportQuery).max(50_000),
  counts: z.strictObject({
    checked: count,
    broken: count,
    'other result': count,
    slower: count,
    blocked: count,
    unaffected: count,
    'not checkable': count,
  }),
  deployment: z
    .strictObject({
      order: z.enum(['any', 'migrations first', 'code first', 'none']),
      because: z.array(affectedQuery).max(1000),
    })
    .exactOptional(),
  statistics: planStatistics.exactOptional(),
})

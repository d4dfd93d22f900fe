/**
 * The report as a reader that trusts nobody wants it: schemas/report.schema.json with caps. A test holds the two
 * together, field by field. The caps are far above what a run writes and far below what could hurt.
 */
import { lockModes } from '../core/locks.ts'
import { z } from 'zod'
import { affectedQuery, queries, queryRef } from './query-schema.ts'
import {
  amount,
  duration,
  fileText,
  lineOfFile,
  path,
  position,
  range,
  relationKind,
  span,
  text,
  word,
} from './report-words.ts'

const sizeSource = z.enum(['snapshot', 'statistics dump', 'clone', 'configuration'])

const cost = z.strictObject({
  growth: z.enum(['metadata only', 'grows with the table', 'unknown']),
  basis: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('rehearsal') }),
    z.strictObject({ by: z.literal('samples'), rows: z.array(amount).max(100), server: word }),
    z.strictObject({ by: z.literal('clone'), server: word, databaseBytes: amount }),
    z.strictObject({ by: z.enum(['structure', 'nothing']), why: text }),
  ]),
  durationMs: duration.exactOptional(),
  walBytes: range.exactOptional(),
  tempBytes: range.exactOptional(),
  diskBytes: range.exactOptional(),
  tables: z
    .array(z.strictObject({ table: word, rows: amount, bytes: amount.exactOptional(), from: sizeSource }))
    .max(10_000),
  unknownTables: z.array(word).max(10_000),
  notes: z.array(text).max(1000),
})

const wait = z.strictObject({
  blocks: z.enum(['reads and writes', 'writes', 'writes to the same rows']),
  ms: duration,
  tables: z.array(word).max(10_000),
  queue: z
    .strictObject({ perSecond: amount, sessions: range, connectionLimit: amount.exactOptional() })
    .exactOptional(),
})

/** Major version of Postgres. */
const major = z.int().min(1).max(999)

const severity = z.enum(['error', 'warning', 'info'])

const relation = z.strictObject({
  kind: relationKind,
  schema: word,
  name: word,
  table: word.exactOptional(),
  existedBefore: z.boolean(),
  partitionKey: z.strictObject({ strategy: z.enum(['list', 'range']), column: word }).exactOptional(),
})

const evidence = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('measured'), probe: word, server: word }),
  z.strictObject({ by: z.enum(['predicted', 'known']), source: word }),
])

const lockMode = z.enum(lockModes)

const rewriteCause = z.enum([
  'column default',
  'column type',
  'generated expression',
  'persistence',
  'access method',
  'tablespace',
  'vacuum full',
  'cluster',
  'refresh',
  'reindex',
  'index rebuild',
  'unknown',
])

const catalogChange = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['create', 'alter']) }),
  z.strictObject({ type: z.literal('drop'), cascaded: z.boolean() }),
  z.strictObject({ type: z.enum(['rename', 'move schema', 'rename column']), from: word, to: word }),
  z.strictObject({
    type: z.literal('add column'),
    column: z.strictObject({ name: word, type: word, notNull: z.boolean(), filled: z.boolean() }),
  }),
  z.strictObject({ type: z.literal('change type'), column: word, from: word, to: word }),
  z.strictObject({
    type: z.enum(['drop column', 'set not null', 'drop not null', 'set default', 'drop default']),
    column: word,
  }),
])

const effect = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lock'),
    relation,
    mode: lockMode,
    until: z.enum(['statement', 'commit']),
    heldMs: duration.exactOptional(),
    evidence,
  }),
  z.strictObject({ kind: z.literal('rewrite'), relation, cause: rewriteCause, evidence }),
  z.strictObject({
    kind: z.literal('scan'),
    relation,
    reason: z.enum(['validate', 'build index', 'rewrite', 'read']),
    evidence,
  }),
  z.strictObject({ kind: z.literal('truncate'), relation, cascaded: z.boolean(), evidence }),
  z.strictObject({
    kind: z.literal('write'),
    relation,
    command: z.enum(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY']),
    reach: z.enum(['all rows', 'filtered', 'bounded']),
    evidence,
  }),
  z.strictObject({
    kind: z.literal('catalog'),
    object: z.strictObject({ kind: word, schema: word, name: word, table: word.exactOptional() }),
    existedBefore: z.boolean(),
    change: catalogChange,
    evidence,
  }),
  z.strictObject({ kind: z.literal('wal'), bytes: amount, evidence }),
  z.strictObject({ kind: z.literal('temp'), bytes: amount, evidence }),
  z.strictObject({ kind: z.literal('notice'), severity: word, message: text, evidence }),
  z.strictObject({
    kind: z.literal('error'),
    sqlstate: word,
    message: text,
    detail: text.exactOptional(),
    hint: text.exactOptional(),
    position: position.exactOptional(),
    evidence,
  }),
])

const effects = z.array(effect).max(50_000)

const statement = z.strictObject({
  span,
  sent: text.exactOptional(),
  tag: word,
  transaction: z.int().min(0),
  measured: z.boolean(),
  settings: z.strictObject({ lockTimeoutMs: amount, statementTimeoutMs: amount, timeZone: word }),
  durationMs: amount.exactOptional(),
  effects,
  cost: cost.exactOptional(),
})

const migration = z.strictObject({
  file: path,
  id: word.exactOptional(),
  source: word,
  version: word.nullable(),
  title: word,
  transaction: z.strictObject({
    mode: z.enum(['statement', 'file', 'simple query', 'run']),
    why: word,
  }),
  outcome: z.enum(['rehearsed', 'failed', 'not rehearsed', 'predicted']),
  statements: z.array(statement).max(50_000),
  text: fileText,
  recorded: z.strictObject({ command: text, knownBy: text }).exactOptional(),
})

const finding = z.strictObject({
  ruleId: word,
  messageId: word,
  severity,
  message: text,
  span,
  sent: text.exactOptional(),
  majors: z.array(major).max(100).exactOptional(),
  object: word,
  evidence: z.enum(['measured', 'predicted', 'known']),
  because: effects,
  notes: z.array(text).max(1000),
  remedy: z
    .strictObject({
      summary: text,
      migrations: z
        .array(
          z.strictObject({
            sql: text,
            transaction: z.boolean(),
            when: z.enum(['now', 'after the new code is out', 'next release']).exactOptional(),
            note: text.exactOptional(),
          }),
        )
        .max(1000),
      changesSchema: z.literal(true).exactOptional(),
      proof: z
        .strictObject({ outcome: z.enum(['proven', 'not equal', 'not tried']), says: text })
        .exactOptional(),
    })
    .exactOptional(),
  preflight: z
    .array(z.strictObject({ question: text, sql: text, speed: z.enum(['fast', 'slow']), reading: text }))
    .max(100)
    .exactOptional(),
  suggestion: z
    .strictObject({
      startLine: lineOfFile,
      endLine: lineOfFile,
      lines: z.array(text.regex(/^[^\r\n]*$/, 'Expected a line without line ends')).max(10_000),
    })
    .exactOptional(),
  // part of the hidden marker of every thread
  fingerprint: z.string().regex(/^[\w.:-]{1,100}$/, 'Expected a fingerprint'),
  allowed: z
    .strictObject({
      reason: text,
      until: word.exactOptional(),
      author: word.exactOptional(),
      baseline: path.exactOptional(),
    })
    .exactOptional(),
  wait: wait.exactOptional(),
  query: queryRef.exactOptional(),
  queries: z.array(affectedQuery).max(10_000).exactOptional(),
})

const production = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        kind: sizeSource,
        name: path,
        takenAt: z.iso.datetime().exactOptional(),
        // negative when clocks disagree
        ageDays: z.int().min(-1_000_000).exactOptional(),
      }),
    )
    .max(100),
  serverVersion: word.exactOptional(),
  hardware: z.enum(['this machine', 'production']),
  run: z.strictObject({
    durationMs: duration,
    walBytes: range,
    diskBytes: range,
    lagMs: range.exactOptional(),
    unknown: z.int().min(0),
  }),
})

const limit = z.strictObject({
  code: word,
  message: text,
  hint: text.exactOptional(),
  sql: text.exactOptional(),
  span: span.exactOptional(),
  steps: z
    .array(z.strictObject({ span, message: text }))
    .max(50_000)
    .exactOptional(),
})

const server = z.strictObject({ version: word, kind: word })

const trial = z.strictObject({
  kind: z.enum(['way down', 'retry', 'silent changes', 'other branch', 'clone']),
  about: word,
  outcome: z.enum(['holds', 'finding', 'not tried']),
  says: text,
  lines: z.array(text).max(10_000),
})

/** A report of schema version 1, without its meaning: see readReport() for paths, commits and lines. */
export const reportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal('pgrehearse'), version: word }),
  createdAt: z.iso.datetime(),
  evidence: z.enum(['measured', 'predicted']),
  server: server.exactOptional(),
  servers: z.array(server).max(100).exactOptional(),
  base: z.strictObject({ description: word, commit: word.exactOptional() }),
  project: z.strictObject({ prefix: path, commit: word }).exactOptional(),
  historyCount: z.int().min(0),
  settings: z.strictObject({
    timeZone: word,
    failOn: z.enum(['error', 'warning', 'info', 'never']),
    requireRehearsal: z.boolean(),
    configExtends: z.array(path).max(100).exactOptional(),
  }),
  migrations: z.array(migration).max(10_000),
  findings: z.array(finding).max(50_000),
  harmless: z.array(finding.extend({ harmless: text })).max(50_000),
  production: production.exactOptional(),
  queries: queries.exactOptional(),
  files: z
    .array(z.strictObject({ file: path, text: fileText }))
    .max(10_000)
    .exactOptional(),
  trials: z.array(trial).max(10_000).exactOptional(),
  remediesNotReplayed: text.exactOptional(),
  notChecked: z.array(limit).max(50_000),
  database: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .exactOptional(),
  policy: z.array(text).max(10_000).exactOptional(),
  only: z.literal('queries').exactOptional(),
  exitCode: z.int().min(0),
})

/**
 * Silent changes: what the migrations under review changed beyond their words, from the schemas before and after. See
 * docs/silent-changes.md.
 */
import type { Finding, MigrationResult, RemedyMigration, RemedyProof, ReportTrial } from '../core/model.ts'
import type { MigrationScript } from '../core/source.ts'
import { causeFinder } from '../judge/cause.ts'
import { reservedFinding } from '../judge/reserved.ts'
import { placeStatements } from '../judge/views.ts'
import { judgeRun } from '../judge-run.ts'
import type { RunStatement } from '../rule.ts'
import { silentFacts } from '../silent/compare.ts'
import type { SilentFact, SilentSubject } from '../silent/model.ts'
import { nameParts, shownName } from '../silent/names.ts'
import { silentChangesOf, type SilentChange } from '../silent/tell.ts'
import { saidBy } from '../silent/words.ts'
import { parseScript } from '../sql/parse.ts'
import { isOpaque } from '../sql/statement-nodes.ts'
import { layOutTransactions } from '../sql/transactions.ts'
import type { TrialOutcome, TrialRun } from './trials.ts'

const nothing: TrialOutcome = { trials: [], findings: [], limits: [] }

/** A silent change and the statement that made it. */
interface Blamed {
  readonly change: SilentChange
  readonly at: RunStatement
}

/** The trial (src/trial-runs/trials.ts). */
export async function trySilentChanges(run: TrialRun, signal: AbortSignal): Promise<TrialOutcome> {
  const { alternatives, rehearsal, options, reviewSet, scripts } = run
  const { schema } = rehearsal
  if (schema === undefined || rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return nothing
  const [before, after] = await Promise.all([alternatives.schemaBefore(), alternatives.schema()])
  const said = saidBy(scripts.review.flatMap(({ statements }) => statements))
  const facts = silentFacts({ before, after, catalogs: schema, said })
  if (facts.length === 0) return nothing
  signal.throwIfAborted()
  const { results } = await judgeRun(options, reviewSet, scripts, rehearsal)
  const { sure, unsure } = blame(facts, results)
  const proof = await proveRestores(run, sure, signal)
  return {
    trials: [paragraph(sure, unsure)],
    findings: sure.map((one) => findingOf(one, proof)),
    limits: [],
  }
}

/** Words of code cannot be read: what it had a part in may well be said there. */
function blame(
  facts: readonly SilentFact[],
  results: readonly MigrationResult[],
): { readonly sure: readonly Blamed[]; readonly unsure: readonly SilentChange[] } {
  const statements = placeStatements(results).map(({ view, migration, transaction }): RunStatement => ({
    ...view,
    migration,
    transaction,
  }))
  const causeOf = causeFinder(statements)
  const sure: Blamed[] = []
  const unsure: SilentChange[] = []
  for (const change of silentChangesOf(facts)) {
    const at = causeOf(objectOf(change.subject)) ?? statements.findLast((one) => touches(one, change.subject))
    const isHidden = statements.some((one) => isOpaque(one.statement) && touches(one, change.subject))
    if (at === undefined || isHidden || isOpaque(at.statement)) unsure.push(change)
    else sure.push({ change, at })
  }
  return { sure, unsure }
}

function objectOf({ kind, identity, table }: SilentSubject): Parameters<ReturnType<typeof causeFinder>>[0] {
  const [schema = '', name = '', part] = nameParts(identity)
  if (kind === 'schema') return { kind, schema: '', name: schema }
  if (part !== undefined) return { kind, schema, name: part, table: `${schema}.${name}` }
  const word = ['partitioned table', 'foreign table'].includes(kind) ? 'table' : kind
  return { kind: word, schema, name, ...(table === undefined ? {} : { table }) }
}

function touches({ effects }: RunStatement, { identity, table }: SilentSubject): boolean {
  const [schema = '', name = schema] = nameParts(identity)
  const names = new Set([name, ...(table === undefined ? [] : [table.slice(table.indexOf('.') + 1)])])
  return effects.some(
    (effect) =>
      effect.kind === 'catalog' &&
      (names.has(effect.object.name) ||
        // GRANT and REVOKE are told without their object
        effect.object.name === effect.object.kind ||
        (effect.change.type === 'rename' && names.has(effect.change.to)) ||
        names.has(effect.object.table?.split('.')[1] ?? '')),
  )
}

function paragraph(sure: readonly Blamed[], unsure: readonly SilentChange[]): ReportTrial {
  const told = sure.flatMap(({ change }) => change.notes)
  const hidden = unsure.flatMap(({ notes }) => notes)
  const count = (lines: readonly string[]): string =>
    lines.length === 1 ? '1 property' : `${lines.length} properties`
  const first =
    told.length === 0 ? [] : [`${count(told)} of the schema changed without a word in the migrations`]
  const second =
    hidden.length === 0
      ? []
      : [`${count(hidden)} changed in the course of code whose words cannot be read (a DO block, a function)`]
  return {
    kind: 'silent changes',
    about: '',
    outcome: told.length === 0 ? 'holds' : 'finding',
    says: `${[...first, ...second].join('; ')}.`,
    lines: [...told, ...hidden.map((line) => `${line} (by code)`)],
  }
}

type Proofs = ReadonlyMap<SilentChange, RemedyProof>

function findingOf({ change, at }: Blamed, proofs: Proofs): Finding {
  const { message, severity, notes, subject, summary, restore } = change
  const proof = proofs.get(change)
  const isOffered = proof?.outcome === 'proven'
  return reservedFinding('silent-change', {
    message,
    severity,
    messageId: subject.cause.replace(' ', '-'),
    span: at.statement.span,
    sql: at.statement.sql,
    object: shownName(subject.identity),
    evidence: 'measured',
    notes,
    remedy: {
      summary,
      migrations: isOffered ? inItsPlace(at, restore) : [],
      changesSchema: true,
      ...(proof === undefined ? {} : { proof }),
    },
  })
}

/** The statement with what gives back what it took, as remedies stand in the place of their statements. */
function inItsPlace(
  { statement }: RunStatement,
  restore: readonly RemedyMigration[],
): readonly RemedyMigration[] {
  const inside = restore.filter(({ transaction }) => transaction).map(({ sql }) => sql)
  const sql = [`${statement.sql};`, ...inside].join('\n')
  return [
    { sql, transaction: statement.inTransactionBlock },
    ...restore.filter(({ transaction }) => !transaction),
  ]
}

/** More are not tried one by one where they do not hold together. */
const mostAlone = 6

/** All of them behind the migrations in one replay; where that fails, each by itself. */
async function proveRestores(run: TrialRun, sure: readonly Blamed[], signal: AbortSignal): Promise<Proofs> {
  const changes = sure.map(({ change }) => change).filter(({ restore }) => restore.length > 0)
  if (changes.length === 0) return new Map()
  const together = await replayRestores(run, changes, signal)
  if (together instanceof Map) return together
  const proofs = new Map<SilentChange, RemedyProof>()
  for (const [index, change] of changes.entries()) {
    const alone =
      index < mostAlone && changes.length > 1 ? await replayRestores(run, [change], signal) : together
    const proof = alone instanceof Map ? alone.get(change) : alone
    if (proof !== undefined) proofs.set(change, proof)
  }
  return proofs
}

/** What came of it for each of them; one verdict where the replay did not come to its end. */
async function replayRestores(
  run: TrialRun,
  changes: readonly SilentChange[],
  signal: AbortSignal,
): Promise<Map<SilentChange, RemedyProof> | RemedyProof> {
  const { alternatives, scripts, reviewSet } = run
  const parsed = [
    ...scripts.parsed,
    ...changes.flatMap(({ restore }) => restore).map((one, index) => parseScript(restoring(one, index))),
  ]
  const replayed = await alternatives.replay(layOutTransactions(parsed, reviewSet.sharesSession), signal)
  if (replayed.catalogs === undefined) {
    const errors = replayed.migrations.flatMap(({ statements }) =>
      statements.flatMap(({ effects }) =>
        effects.flatMap((one) => (one.kind === 'error' ? one.message : [])),
      ),
    )
    const why = errors[0] ?? 'it could not be rehearsed'
    return { outcome: 'not equal', says: `Not offered as SQL: it fails behind the migrations: ${why}` }
  }
  const left = silentFacts({
    before: await alternatives.schemaBefore(),
    after: replayed.schema,
    catalogs: replayed.catalogs,
    said: saidBy(scripts.review.flatMap(({ statements }) => statements)),
  })
  const stays = new Set(left.map(({ line }) => line))
  return new Map(changes.map((change) => [change, proofOf(change, stays)]))
}

function proofOf({ facts }: SilentChange, stays: ReadonlySet<string>): RemedyProof {
  const restored = facts.filter(({ restore }) => restore !== undefined)
  const kept = restored.find(({ line }) => stays.has(line))
  if (kept !== undefined)
    return {
      outcome: 'not equal',
      says: `Not offered as SQL: behind the migrations there is still: ${kept.line}.`,
    }
  return { outcome: 'proven', says: 'Replayed behind the migrations: what it had is there again.' }
}

function restoring({ sql, transaction }: RemedyMigration, index: number): MigrationScript {
  return {
    source: '',
    file: 'what is given back',
    id: `silent-changes-${index}`,
    version: null,
    title: 'what is given back',
    text: sql,
    start: 0,
    end: sql.length,
    transaction: { mode: transaction ? 'file' : 'statement', why: 'trial' },
    repeatable: false,
  }
}

/** Takes back what a command did by another command, as a team would in an incident, and runs the first once more. */
import type { CheckOptions } from '../check-options.ts'
import { configDefaults } from '../config/defaults.ts'
import type { Limit, ReportTrial, Span } from '../core/model.ts'
import { judgeWayDown } from '../trial-runs/judge-way-down.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { acceptInCode } from './down-allows.ts'
import { downEnvironment } from './down-environment.ts'
import { addressHint, irreversible, logHint, stepsHint, timeoutHint, wentWords } from './down-words.ts'
import {
  filesOf,
  readBack,
  wayBackOf,
  workOf,
  fileToBlame,
  firstTimeOf,
  type Back,
  type UpRecording,
  type Work,
} from './down-back.ts'
import { emptyMigration } from './down-back.ts'
import type { RecordCommands, RecordedReview } from './review.ts'
import { measureCommand } from '../record/attempt.ts'
import { bookOf, type Book } from '../record/book.ts'
import { endText, failedStatement } from '../record/failure.ts'
import type { RecordedStatement, Recording } from '../record/model.ts'
import { record, type RecordRequest } from '../record/record.ts'
import { waysDownOf } from '../record/ways-down.ts'
import { causeOf } from '../record/replayed.ts'
import { withoutVersionTables } from '../record/version-objects.ts'
import {
  readVersionRows,
  versionsAdded,
  wentBack,
  type VersionRows,
  type WentBack,
} from '../record/went-back.ts'
import { diffSchema, readSchema, type SchemaSnapshot } from '../replay/fingerprint.ts'
import { copyBase } from '../replay/prepare-history.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import { isMarked } from '../replay/session.ts'
import { connected } from '../replay/stage.ts'
import { sessionDefaults } from '../rehearsal/session-defaults.ts'
import { downDifferences } from '../trials/way-down-differences.ts'
import type { TrialOutcome, TrialRun } from '../trial-runs/trials.ts'

/** What the command under review did, and where. */
export interface DownGround {
  readonly server: PostgresServer
  readonly options: CheckOptions
  readonly commands: RecordCommands
  /** The command that goes back, for `sh -c`. */
  readonly down: string
  readonly review: RecordedReview
  readonly up: UpRecording
  /** Databases: what it began with, and what it left. */
  readonly pristine: string
  readonly left: string
}

/** Nobody goes back over more in one go. */
const mostBack = 20

/** Down on a copy of what the way up left, the schema compared with the one before, and up again. */
export async function tryCommandDown(
  ground: DownGround,
  { rehearsal, alternatives, options }: TrialRun,
  signal: AbortSignal,
): Promise<TrialOutcome> {
  const { server, up, down, left } = ground
  const work = workOf(up.book)
  if (work.length === 0) return nothing
  if (rehearsal.migrations.some(({ outcome }) => outcome !== 'rehearsed'))
    return notTried('', 'The way down was not tried, because the way up does not come to its end here.')
  const count = filesOf(work).length
  if (count > mostBack)
    return notTried(
      '',
      `The way down was not tried, because ${count} migrations are under review, and it is tried over ${mostBack} at most.`,
    )
  options.progress(`Trying the way down: ${down}`)
  const before = withoutVersionTables(await alternatives.schemaBefore())
  const after = withoutVersionTables(await alternatives.schema())
  const copy = await copyBase({ server, settings: sessionDefaults(options) }, left)
  try {
    return await new CommandDown(ground, work, copy, { before, after }, signal).try()
  } finally {
    await server.dropDatabase(copy)
  }
}

const nothing: TrialOutcome = { trials: [], findings: [], limits: [] }

interface Schemas {
  readonly before: SchemaSnapshot
  readonly after: SchemaSnapshot
}

/** The command under review once more. */
interface Again {
  readonly replayed: (isReal: boolean) => ReplayedMigration
  readonly schema: SchemaSnapshot
  readonly limits: readonly Limit[]
}

interface RowsBefore {
  readonly before: VersionRows
  readonly left: VersionRows
}

class CommandDown {
  readonly #ground: DownGround
  readonly #work: readonly Work[]
  readonly #files: readonly string[]
  readonly #copy: string
  readonly #schemas: Schemas
  readonly #signal: AbortSignal

  constructor(
    ground: DownGround,
    work: readonly Work[],
    copy: string,
    schemas: Schemas,
    signal: AbortSignal,
  ) {
    this.#ground = ground
    this.#work = work
    this.#files = filesOf(work)
    this.#copy = copy
    this.#schemas = schemas
    this.#signal = signal
  }

  async try(): Promise<TrialOutcome> {
    const { up, server, down } = this.#ground
    const rows = await this.#rowsBefore()
    const env = this.#environment(rows)
    const measured = await measureCommand(this.#request(down, env))
    const { recording } = measured
    const failed = failedStatement(recording)
    const ended = this.#endedOtherwise(recording, failed)
    if (ended !== undefined) return ended
    const where = { serverMajor: server.major, nowhere: this.#nowhere() }
    const back = readBack(this.#bookOf(recording, failed), measured, up.catalog, failed, where)
    if (failed !== undefined) return this.#judged(back, this.#schemas.after, undefined)
    const schema = await this.#schema()
    const elsewhere = this.#notTheReview(
      back,
      schema,
      wentBack(rows.before, rows.left, await this.#rows(this.#copy)),
    )
    return elsewhere ?? this.#judged(back, schema, await this.#again())
  }

  #environment({ before, left }: RowsBefore): Readonly<Record<string, string>> {
    const { up, review } = this.#ground
    const files = up.ranBefore.length > 0 ? up.ranBefore : review.files.map(({ path }) => path)
    const { underReview } = review
    return downEnvironment({ ran: up.book.ran, versions: versionsAdded(before, left), files, underReview })
  }

  #request(
    run: RecordCommands['migrate'],
    more: Readonly<Record<string, string>> = {},
  ): Omit<RecordRequest, 'measure'> {
    const { server, options, commands } = this.#ground
    const { cwd, env } = options
    return {
      server,
      database: this.#copy,
      again: true,
      command: { run, cwd, env: { ...env, ...more } },
      timeoutMs: commands.timeoutMs,
      statementTimeoutMs: options.config.statementTimeout ?? configDefaults.statementTimeout,
      signal: this.#signal,
      print: commands.print,
    }
  }

  #bookOf(recording: Recording, failed: RecordedStatement | undefined): Book {
    const { files, underReview, waysDown } = this.#ground.review
    const { ran } = this.#ground.up.book
    return bookOf(recording, {
      files,
      underReview: ran.length > 0 ? ran : underReview,
      failed,
      title: this.#ground.down,
      direction: 'down',
      waysDown,
    })
  }

  /** Undefined where it came to its end, or failed at a statement for which the way down is to blame. */
  #endedOtherwise(recording: Recording, failed: RecordedStatement | undefined): TrialOutcome | undefined {
    const { end, connections, output } = recording
    const says = `The way down was not tried: \`${recording.command}\` ${endText(recording)}`
    if (end.tooLong)
      return limited(`${says} (after ${this.#ground.commands.timeoutMs / 1000} s).`, timeoutHint)
    if (connections === 0)
      return limited(`${says}, and did not connect to the throwaway server.`, addressHint)
    if (end.code === 0) return undefined
    if (failed?.sent.error === undefined) {
      if (output.some(({ text }) => irreversible.test(text)))
        return notTried(this.#about(), 'Its way down says itself that there is none.')
      return limited(`${says}, though no statement failed for it.`, logHint)
    }
    const { message, code } = failed.sent.error
    const error = `${message} (SQLSTATE ${code})`
    if (failed.kind !== 'work')
      return limited(`${says}, at a statement of the tool’s own: ${error}.`, logHint)
    const cause = causeOf(failed, true, this.#ground.server)
    if (cause.whose === 'ours') return limited(`${says}, because ${cause.why}.`, cause.hint)
    return cause.whose === 'data' ? limited(`${says} on rows of ours: ${error}.`) : undefined
  }

  /** The command went to another version than the one before the review, or there is no way down. */
  #notTheReview(back: Back, schema: SchemaSnapshot, went: WentBack): TrialOutcome | undefined {
    const { before, after } = this.#schemas
    if (diffSchema(before, schema).equal) return diffSchema(before, after).equal ? nothing : undefined
    const isIdle = went === 'unknown' || (went === 'less far' && back.work.length === 0)
    if (isIdle && diffSchema(after, schema).equal) return this.#limitedBy('took nothing back')
    if (went !== 'as before' && went !== 'unknown') return this.#limitedBy(wentWords[went])
    const sentFor = new Set(back.work.map(({ file }) => file))
    const without = this.#files.filter((file) => !sentFor.has(file))
    const changesSchema = (file: string): boolean =>
      this.#work.some((one) => one.file === file && !ofRows.has(one.recorded.tag))
    const none = without.find(changesSchema)
    if (back.work.length === 0 || (none !== undefined && !sentFor.has(undefined)))
      return notTried(
        none ?? this.#about(),
        `It has no way down: \`${this.#ground.down}\` sent nothing for it.`,
      )
    if (went === 'unknown' && dropsOldTable(before, after, schema)) return this.#limitedBy(wentWords.further)
    return undefined
  }

  #limitedBy(what: string): TrialOutcome {
    const { down } = this.#ground
    return limited(`The way down was not judged: \`${down}\` ${what}.`, stepsHint)
  }

  async #again(): Promise<Again> {
    const { migrate } = this.#ground.commands
    const recording = await record({ ...this.#request(migrate), measure: false, isOurs: isMarked })
    const failed = failedStatement(recording)
    const schema = await this.#schema()
    const ran = (
      outcome: ReplayedMigration['outcome'],
      statements: ReplayedMigration['statements'] = [],
    ): Again => ({
      replayed: () => ({ migration: emptyMigration, outcome, statements }),
      schema,
      limits: [],
    })
    if (recording.end.code === 0 && recording.connections > 0) return ran('rehearsed')
    // on the same rows it has run before
    const cause = failed === undefined ? undefined : causeOf(failed, false, this.#ground.server)
    if (failed?.kind !== 'work' || cause?.whose !== 'theirs') {
      const message = `That the migrations run again behind their way down was not tried to its end: \`${recording.command}\` ${endText(recording)}.`
      return { ...ran('not rehearsed'), limits: [{ code: 'not-tried', message, hint: logHint }] }
    }
    return { ...ran('failed'), replayed: (isReal) => this.#failedAgain(failed, isReal) }
  }

  /** At its place in the transcript of the first run, where allow comments are looked for; else at the real one. */
  #failedAgain(failed: RecordedStatement, isReal: boolean): ReplayedMigration {
    const { book, placed } = this.#ground.up
    const first = firstTimeOf(failed, this.#work) ?? this.#work[0]
    const statement = first === undefined ? undefined : placed.get(first.recorded)
    if (first === undefined || statement === undefined)
      return { migration: emptyMigration, outcome: 'not rehearsed', statements: [] }
    const { code = '', message = '', detail } = failed.sent.error ?? {}
    const span = isReal ? (book.places.get(first.recorded) ?? statement.span) : statement.span
    const one = {
      statement: { ...statement, span },
      effects: [
        { kind: 'error', sqlstate: code, message, ...(detail === undefined ? {} : { detail }) } as const,
      ],
      settings: { lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone: '' },
      durationMs: 0,
      sawCatalog: false,
    }
    return {
      migration: { ...emptyMigration, statements: [one.statement] },
      outcome: 'failed',
      statements: [one],
    }
  }

  #judged(back: Back, schema: SchemaSnapshot, again: Again | undefined): TrialOutcome {
    const { before, after } = this.#schemas
    const around = { beforeUp: before, afterUp: after, beforeDown: after, afterDown: schema }
    const { wrong } = downDifferences(around)
    const failing = back.replayed.outcome === 'failed' ? back.replayed.statements.at(-1) : undefined
    const failingIn = failing?.statement.span.file
    const blamed =
      failingIn === undefined
        ? fileToBlame(this.#work, wrong)
        : (this.#files.find((path) => waysDownOf(path).includes(failingIn)) ?? failingIn)
    const way = wayBackOf(blamed ?? this.#nowhere().file, back)
    const up: ReplayedMigration = { migration: emptyMigration, outcome: 'rehearsed', statements: [] }
    const replayed = again === undefined ? [] : [again.replayed(!wrong.equal)]
    const [judged] = judgeWayDown(
      { back: [way], left: [] },
      {
        migrations: [up, back.replayed, ...replayed],
        limits: [],
        schema: again === undefined ? schema : again.schema,
        schemas: [after, schema],
      },
      { before, today: this.#today() },
    )
    if (judged === undefined) return nothing
    const sent = failing?.statement.sql
    const { files, waysDown } = this.#ground.review
    const findings = judged.findings.map((finding) =>
      sent !== undefined && finding.ruleId === 'down-fails' ? { ...finding, sent } : finding,
    )
    return {
      trials: [{ ...judged.trial, about: this.#about() }],
      findings: acceptInCode(findings, [...files, ...waysDown], this.#today()),
      limits: again?.limits ?? [],
    }
  }

  #today(): string {
    return this.#ground.options.now.toISOString().slice(0, 10)
  }

  #about(): string {
    const [first, ...more] = this.#files
    if (first === undefined) return ''
    return more.length === 0 ? first : `${first} and ${more.length} more`
  }

  /** The beginning of the first file; without one, of the command. */
  #nowhere(): Span {
    const at = { line: 1, column: 1, offset: 0 }
    const file = this.#files[0] ?? this.#ground.up.book.transcripts[0]?.script.file ?? this.#ground.down
    return { file, start: at, end: at }
  }

  async #schema(): Promise<SchemaSnapshot> {
    await using admin = await connected(this.#ground.server, this.#copy)
    await admin.client.query(`set statement_timeout = ${schemaTimeoutMs}`)
    return withoutVersionTables(await readSchema(admin.client))
  }

  async #rows(database: string): Promise<VersionRows> {
    await using admin = await connected(this.#ground.server, database)
    return await readVersionRows(admin.client)
  }

  async #rowsBefore(): Promise<RowsBefore> {
    return { before: await this.#rows(this.#ground.pristine), left: await this.#rows(this.#copy) }
  }
}

const schemaTimeoutMs = 60_000

const ofRows: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'SelectStmt',
])

/** A table that was there before the way up and behind it is gone: that tools without books went back too far is likelier. */
function dropsOldTable(before: SchemaSnapshot, after: SchemaSnapshot, schema: SchemaSnapshot): boolean {
  const tables = ({ objects }: SchemaSnapshot): readonly string[] =>
    objects.filter(({ kind }) => kind.endsWith('table')).map(({ identity }) => identity)
  const left = new Set(tables(after))
  const now = new Set(tables(schema))
  return tables(before).some((table) => left.has(table) && !now.has(table))
}

function limited(message: string, hint?: string): TrialOutcome {
  return { ...nothing, limits: [{ code: 'not-tried', message, ...(hint === undefined ? {} : { hint }) }] }
}

function notTried(about: string, says: string): TrialOutcome {
  const trial: ReportTrial = { kind: 'way down', about, outcome: 'not tried', says, lines: [] }
  return { ...nothing, trials: [trial] }
}

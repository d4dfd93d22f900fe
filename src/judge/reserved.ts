import type {
  ErrorEffect,
  Evidence,
  EvidencedEffect,
  EvidenceKind,
  Finding,
  Remedy,
  Severity,
  Span,
} from '../core/model.ts'
import type { EditedScript, SourceProblem } from '../core/source.ts'
import { fingerprint } from './fingerprint.ts'
import { strongestEvidence } from './recorder.ts'

/** A finding that the engine makes itself. Its id is taken: no rule may have it. */
export interface ReservedFinding {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  /** What it means and what to do, for `explain` and docs/reserved-findings.md. */
  readonly explanation: string
}

/** All of them, in alphabetical order. */
export const reservedFindings = [
  {
    id: 'allow-without-reason',
    title: 'An allow comment gives no reason',
    severity: 'error',
    explanation:
      'An allow comment accepts a risk in the name of the team, so it has to say why: `-- pgrehearse-allow <rule>: <reason>`. Without a reason it has no effect, and the finding it was meant for stays.',
  },
  {
    id: 'branches-collide',
    title: 'Another branch and this one cannot both be merged as they are',
    severity: 'error',
    explanation:
      'With `--with <ref>`: the migrations of the other branch were replayed before and behind those under review. `version`: both took the same version. `order`: once one is merged, the migration tool refuses or skips the other. `object`: one creates, drops or renames what the other creates or needs. `result`: both orders run, and lead to different schemas. `lock order`: deployed at the same time, the two end in a deadlock. The finding names the branch and its file. Agree on one of the two, or merge in the order that works; an allow comment above the statement accepts it. See docs/branches.md.',
  },
  {
    id: 'down-blocks-up',
    title: 'The migration does not run again after its way down',
    severity: 'warning',
    explanation:
      'The migration was applied, taken back as its tool takes it back, and applied again; the second time the statement that the finding points at fails. Whoever went back in an incident cannot go forward again, and every developer who switches branches meets it first. Let the way down undo what the statement runs into; where nothing can (a label of an enum), let the statement say IF NOT EXISTS. An allow comment above the statement accepts it. `--no-down`, or `down: false` in the configuration, leaves the way down untried; [down.md](down.md) says what is tried.',
  },
  {
    id: 'down-fails',
    title: 'The way down fails',
    severity: 'warning',
    explanation:
      'The migration was applied and then taken back as its tool takes it back (down.sql, the down section, the rollback of a changeset), and Postgres refused the statement that the finding points at. In an incident nobody can go back. Where the way down is not one transaction, the finding says what has been committed by then. Failures for seeded rows or for what the throwaway server lacks are never reported. An allow comment above the statement accepts it; [down.md](down.md) says what is tried.',
  },
  {
    id: 'down-leaves-differences',
    title: 'The way down does not lead back to the schema before',
    severity: 'warning',
    explanation:
      'The migration was applied and taken back as its tool takes it back, and the schema is not the one before it: `+` stayed behind, `-` is missing (the way down takes too much, or does not create again what the migration dropped), `~` is another than before. Names, types, defaults, constraints, indexes, views, functions, triggers, policies and grants count; the order of columns, rows, comments, labels added to an enum and extensions that stay do not. Complete the way down. An allow comment anywhere in the way down accepts it; [down.md](down.md) says what is tried.',
  },
  {
    id: 'duplicate-version',
    title: 'Two migrations have the same version',
    severity: 'error',
    explanation:
      'The migration tool refuses to run, or runs only one of the two. It usually happens when two branches each took the next number; when the other one was merged first, the finding says so before this one is. Give the newer one the next free version.',
  },
  {
    id: 'edited-migration',
    title: 'A migration that was already merged has been changed',
    severity: 'warning',
    explanation:
      'The file exists at the base revision, so it has run, or will run, in its old form somewhere: tools that keep checksums refuse to go on, the others never run the change. pgrehearse replays the old version. Undo the change and write a new migration. It is an error where the file is gone, and where the tool compares what it has run with checksums of its own and stops; the finding says so.',
  },
  {
    id: 'exceeds-lock-budget',
    title: 'A deployment makes the queries of one table wait too long in all',
    severity: 'warning',
    explanation:
      'Only where production’s sizes are known. Several transactions of the migrations under review lock the same table, each for less than `thresholds.readsBlocked.warning` (or, where reads go on, `thresholds.writesBlocked.warning`), all together for longer. A single lock that is too long is told by the rule that knows its statement. Each lock has to wait anew for the transactions that use the table, with all queries behind it, so one transaction is better than several: merge the statements into one ALTER TABLE, or spread them over several deployments. An allow comment above the statement that the finding points at accepts it.',
  },
  {
    id: 'exceeds-run-budget',
    title: 'The migrations take longer than a deployment should wait',
    severity: 'warning',
    explanation:
      'Only where production’s sizes are known. Either all migrations under review take longer together than `thresholds.run` (3 minutes by default), or one statement that blocks nobody, such as `CREATE INDEX CONCURRENTLY`, takes longer than `thresholds.concurrent` (20 minutes). The estimate decides, not the end of its range. What blocks nobody and runs outside of a transaction block counts for the second only. The defaults are those that GitLab publishes for its own migrations: 3 minutes for a regular one, 20 for a concurrent operation after the deployment. Split the work, move it behind the deployment, or do it in batches. An allow comment above the statement that the finding points at accepts it.',
  },
  {
    id: 'exceeds-statement-timeout',
    title: 'statement_timeout ends the statement in production',
    severity: 'warning',
    explanation:
      'Only where production’s sizes are known. The `statement_timeout` that is in force when the statement begins is shorter than the statement is expected to take, so Postgres cancels it and the migration fails, after others have waited for nothing. Raise the timeout for this statement, or make the statement shorter, with batches or without the work under its lock. An allow comment accepts it.',
  },
  {
    id: 'expired-allow',
    title: 'An allow comment has expired',
    severity: 'error',
    explanation:
      'The date after `until` is the last day on which the comment counts. The finding it accepted counts again. Mend the cause, or set a new date and say why.',
  },
  {
    id: 'malformed-allow',
    title: 'An allow comment cannot be read',
    severity: 'warning',
    explanation:
      'The form is `-- pgrehearse-allow <rule>[ until 2027-01-31]: <reason>`, one rule per comment, above the statement; other comments may stand between, a tool’s marker for the migration too. A comment of another form has no effect.',
  },
  {
    id: 'migration-fails',
    title: 'The migration fails',
    severity: 'error',
    explanation:
      'Postgres refused the statement in the rehearsal, with the SQLSTATE and at the position that the finding gives; it will do the same in production. Failures that come from the throwaway server itself (missing extensions, rights, seeded rows) are never reported as findings but listed under “not checked”. Where the configuration creates a clone of production (`server.create`), a statement that only production’s rows make fail is reported as well: with the SQLSTATE and the names of objects, never with values, which stay in the log of the job.',
  },
  {
    id: 'missing-version',
    title: 'A version is missing in the sequence',
    severity: 'error',
    explanation:
      'The tool that runs these migrations counts them without a gap and refuses to run when a number is missing. Reported only for tools that do so; others allow holes.',
  },
  {
    id: 'needless-allow',
    title: 'An allow comment accepts nothing',
    severity: 'warning',
    explanation:
      'The statement below the comment has no finding of that rule (any more), or there is no statement below it. Remove the comment, so that it cannot hide a finding later.',
  },
  {
    id: 'needless-baseline-entry',
    title: 'The baseline accepts a finding that is no longer there',
    severity: 'warning',
    explanation:
      'The run looked at the file that the entry of the baseline names, and did not find what the entry accepts: it is mended, or the statement has become another. Remove the entry, so that it cannot hide a finding later; `pgrehearse baseline --prune` removes all of them. An entry of a file that was not judged in the run says nothing either way, and is left alone.',
  },
  {
    id: 'out-of-order-migration',
    title: 'A new migration sorts before one that has already run',
    severity: 'error',
    explanation:
      'Databases that ran the later migration are past this one: some tools refuse it there, others never run it and say nothing, others run it after all, in another order than a new database. The finding says which. It is compared with the target branch as it is now, so that what others have merged meanwhile counts.',
  },
  {
    id: 'refused-by-tool',
    title: 'The migration tool refuses the migrations',
    severity: 'error',
    explanation:
      'The tool that runs these migrations would stop with an error before it runs any SQL: the files, their names or their settings break one of its own rules. The finding names it.',
  },
  {
    id: 'silent-change',
    title: 'The migrations change more than their words say',
    severity: 'warning',
    explanation:
      'The schema before and after was compared, and something differs that no statement names: what is dropped and created anew comes back without the rights, comments, statistics targets, switched-off triggers and options that it had; CREATE OR REPLACE keeps only what it repeats; a column takes indexes and constraints along that other columns share. What a rule tells of the same statement is not repeated. The SQL that gives it back has been replayed behind the migrations. What a DO block or a function does is said in the report only, because its words cannot be read. An allow comment above the statement that the finding points at accepts it. See docs/silent-changes.md.',
  },
  {
    id: 'unknown-rule-in-allow',
    title: 'An allow comment names a rule that does not exist',
    severity: 'warning',
    explanation: 'It has no effect. `pgrehearse rules` lists the rules there are.',
  },
  {
    id: 'unreadable-file',
    title: 'A migration file cannot be read',
    severity: 'error',
    explanation:
      'The file is not valid UTF-8, or has another defect of form that the finding names, and the migration tool will stumble over it too.',
  },
  {
    id: 'unresolved-placeholder',
    title: 'A placeholder has no value',
    severity: 'error',
    explanation:
      'The SQL holds a placeholder such as `${schema}` for which neither the configuration of the migration tool nor `migrations.placeholders` of pgrehearse has a value. Give it one.',
  },
  {
    id: 'unsafe-retry',
    title: 'A failure in the middle cannot be repaired by running the migration again',
    severity: 'warning',
    explanation:
      'The migration is not one transaction, so a failure in its middle (an error, lock_timeout, a killed backend) leaves what has been committed by then. It was broken off at each such place on a copy and run again as its tool does it, and the statement that the finding points at does not bear that. A warning: the next run says nothing and ends otherwise than without the failure (rows inserted twice, a second index beside an invalid one), or the command that migrates ends with exit status 0 though a statement failed (psql without `ON_ERROR_STOP`). An info: the next run stops at the statement for good, and somebody has to mend the database by hand. Give the statement a file of its own, or write it so that it may run again; an allow comment above it accepts it. `--no-retry`, or `retry: false` in the configuration, leaves it untried; [retry.md](retry.md) says what is tried.',
  },
] as const satisfies readonly ReservedFinding[]

export type ReservedId = (typeof reservedFindings)[number]['id']

interface ReservedOptions {
  readonly message: string
  readonly span: Span
  readonly messageId?: string
  readonly severity?: Severity
  /** Text that the fingerprint is made of besides id and object. */
  readonly sql?: string
  readonly object?: string
  readonly because?: readonly EvidencedEffect[]
  /** How it is known where no effect says so. */
  readonly evidence?: EvidenceKind
  readonly notes?: readonly string[]
  readonly remedy?: Remedy
}

/** A finding of the engine. What rests on no effect is a fact of the files, and known. */
export function reservedFinding(ruleId: ReservedId, options: ReservedOptions): Finding {
  const { message, span, messageId = ruleId, because = [], object = '', notes = [] } = options
  const severity = options.severity ?? severityOf(ruleId)
  return {
    ruleId,
    messageId,
    severity,
    message,
    span,
    object,
    evidence: because.length === 0 ? (options.evidence ?? 'known') : strongestEvidence(because),
    because,
    notes,
    ...(options.remedy === undefined ? {} : { remedy: options.remedy }),
    fingerprint: fingerprint({ ruleId, messageId, object, sql: options.sql ?? '' }),
  }
}

function severityOf(id: ReservedId): Severity {
  return reservedFindings.find((reserved) => reserved.id === id)?.severity ?? 'error'
}

/** invalid_transaction_termination: the message alone does not tell what to do. */
const commitsWithin =
  'COMMIT and ROLLBACK within a DO block or procedure work only outside a transaction block; here the migration tool, or a statement before, has begun one.'

/** `migration-fails`, at the position that Postgres points to, else at the statement. */
export function migrationFails(
  error: ErrorEffect & { readonly evidence: Evidence },
  statement: { readonly span: Span; readonly sql: string },
): Finding {
  const start = error.position ?? statement.span.start
  return reservedFinding('migration-fails', {
    message: `The migration fails here: ${error.message} (SQLSTATE ${error.sqlstate}).`,
    span: { ...statement.span, start },
    sql: statement.sql,
    object: error.sqlstate,
    because: [error],
    notes: [
      ...(error.sqlstate === '2D000' ? [commitsWithin] : []),
      ...(error.detail === undefined ? [] : [`Postgres adds: ${error.detail}`]),
      ...(error.hint === undefined ? [] : [`Postgres hints: ${error.hint}`]),
    ],
  })
}

/**
 * `edited-migration`: an error when the file is gone, since new databases cannot be built any more, and where the tool
 * refuses to go on.
 */
export function editedMigration(edited: EditedScript): Finding {
  const { script, name = script.file, renamedTo, toolSays, place } = edited
  const { messageId, message, summary } = changeOfMerged(edited, name)
  return reservedFinding('edited-migration', {
    messageId,
    severity: messageId === 'deleted' || toolSays !== undefined ? 'error' : 'warning',
    message,
    span: place ?? wholeFile(messageId === 'renamed' ? (renamedTo ?? script.file) : script.file),
    object: name,
    notes: ['The version of the base revision was replayed.'],
    remedy: { summary, migrations: [] },
  })
}

function changeOfMerged(
  { change, renamedTo, newName = renamedTo, toolSays }: EditedScript,
  name: string,
): { readonly messageId: string; readonly message: string; readonly summary: string } {
  const tool = toolSays === undefined ? '' : `${toolSays}, and `
  if (renamedTo !== undefined) {
    const consequence = toolSays ?? 'a database that ran it under the old name does not know the new one'
    return {
      messageId: 'renamed',
      message: `${name} has already been merged and is now called ${newName}: ${consequence}.`,
      summary: 'Give the file its old name back.',
    }
  }
  if (change === 'deleted') {
    return {
      messageId: 'deleted',
      message: `${name} has already been merged and is now missing: ${tool}databases that ran it keep its changes, new ones never get them.`,
      summary: 'Restore the file, and undo what it did in a new migration.',
    }
  }
  return {
    messageId: 'edited',
    message: `${name} has already been merged: ${tool}databases that ran it never see this change.`,
    summary: 'Undo the change to this file, and make it in a new migration.',
  }
}

/** The finding for a defect that a source found; its code is the finding's id. */
export function sourceProblem(problem: SourceProblem): Finding {
  const { code, message, file, severity, remedy, notes, place } = problem
  return reservedFinding(code, {
    message,
    span: place ?? wholeFile(file),
    object: file,
    ...(notes === undefined ? {} : { notes }),
    ...(severity === undefined ? {} : { severity }),
    ...(remedy === undefined ? {} : { remedy: { summary: remedy, migrations: [] } }),
  })
}

/** Findings about a file as a whole point to its first character. */
function wholeFile(file: string): Span {
  const start = { line: 1, column: 1, offset: 0 }
  return { file, start, end: start }
}

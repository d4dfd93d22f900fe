import type { Finding, Migration, Remedy } from '../../src/core/model.ts'
import type { MigrationScript } from '../../src/core/source.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { readAllowComments, type AllowComments } from '../../src/sql/suppressions.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { readSetup, type Example } from './run-example.ts'
import { script } from '../sql/scripts.ts'

/** A finding's remedy as a run of its own: what stood before it as history, its steps under review. */
export interface RemedyRun {
  readonly finding: Finding
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly allows: readonly AllowComments[]
}

/** Their remedies repeat the statements before the one that they point at. */
export const splittingRules: ReadonlySet<string> = new Set([
  'avoid-slow-work-under-lock',
  'avoid-locking-several-tables',
  'avoid-repeated-table-work',
])

/** The remedies that consist of SQL, for the findings of the example's own rule. */
export function remedyRuns(example: Example, findings: readonly Finding[]): readonly RemedyRun[] {
  return findings.flatMap((finding) => {
    const { remedy } = finding
    if (finding.ruleId !== example.ruleId || remedy === undefined || remedy.migrations.length === 0) return []
    const steps = remedyScripts(example.file, remedy).map(parseScript)
    return [
      {
        finding,
        history: layOutTransactions(
          [readSetup(example.ruleId), ...earlierScripts(example, finding)].map(parseScript),
          false,
        ),
        review: layOutTransactions(steps, false),
        allows: steps.map(readAllowComments),
      },
    ]
  })
}

function remedyScripts(file: string, remedy: Remedy): readonly MigrationScript[] {
  return remedy.migrations.map(({ sql, transaction }, index) =>
    script(sql, transaction ? 'file' : 'statement', `${file}.remedy.${index + 1}.sql`),
  )
}

/** The migrations of the example before the finding, and what stands before it in its own. */
function earlierScripts(example: Example, { span, ruleId }: Finding): readonly MigrationScript[] {
  const scripts: MigrationScript[] = []
  for (const { file, statements } of example.review) {
    const before = statements.filter(({ span: { start } }) => start.offset < span.start.offset)
    const isLast = before.length < statements.length
    const runnable = before.filter(({ tag }) => tag !== 'TransactionStmt')
    const sql = runnable.map((statement) => `${statement.sql};\n`).join('')
    if (!(isLast && splittingRules.has(ruleId))) scripts.push(script(sql, 'statement', `${file}.before.sql`))
    if (isLast) break
  }
  return scripts
}

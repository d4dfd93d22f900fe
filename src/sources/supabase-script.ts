import type { TransactionChoice } from '../core/model.ts'
import type { ScriptPart } from '../core/source.ts'
import { fromFirstWord, supabaseStatements } from './supabase-statements.ts'

/** How the Supabase CLI sends a script; `parts` where it is not one batch. */
export interface SupabaseScript {
  readonly transaction: TransactionChoice
  readonly parts?: readonly ScriptPart[]
}

/** The first line by which the CLI's own diffs ask for no transaction at all. */
const noTransaction = /^-- pg-delta: transaction=false\r?(?:\n|$)/

/** Statements that the CLI sends by themselves, between the batches of the others. */
const alone =
  /^(?:CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY|DROP\s+INDEX\s+CONCURRENTLY|VACUUM|ALTER\s+SYSTEM|CLUSTER)(?:\s|$)|^VACUUM\(|^REINDEX(?:\s|\().*\sCONCURRENTLY(?:\s|$)/i

const controlsTransaction =
  /^(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ABORT|PREPARE\s+TRANSACTION)(?:\s|$)|^ROLLBACK(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b)(?:\s|$)/i

/**
 * Read in the binary of @supabase/cli-linux-x64 3.1.0 (MigrationApply.file) and seen at work: runs of statements travel
 * in one pipeline with one Sync, which is one implicit transaction; a file with BEGIN or COMMIT of its own, or with
 * the pg-delta line, is sent statement by statement. Version 2 and before sent the whole file in one pipeline whatever
 * was in it (ExecBatch in pkg/migration/file.go).
 */
export function readSupabaseScript(text: string): SupabaseScript {
  if (noTransaction.test(text)) {
    return { transaction: { mode: 'statement', why: 'the file begins with -- pg-delta: transaction=false' } }
  }
  const statements = supabaseStatements(text)
  const words = statements.map(({ start, end }) => fromFirstWord(text.slice(start, end)))
  if (words.some((sql) => controlsTransaction.test(sql))) {
    return { transaction: { mode: 'statement', why: 'the file has BEGIN or COMMIT of its own' } }
  }
  const parts: ScriptPart[] = []
  let isOpen = false
  for (const [index, { start, end }] of statements.entries()) {
    const isAlone = alone.test(words[index] ?? '')
    const last = parts.at(-1)
    if (isOpen && !isAlone && last !== undefined) parts.splice(-1, 1, { start: last.start, end })
    else parts.push({ start, end })
    isOpen = !isAlone
  }
  const transaction = { mode: 'simple query', why: 'the Supabase CLI sends a file as one batch' } as const
  if (parts.length < 2) return { transaction }
  const why = 'the Supabase CLI sends what cannot run in a transaction between batches of the rest'
  return { transaction: { ...transaction, why }, parts }
}

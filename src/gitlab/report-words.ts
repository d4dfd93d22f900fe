/** Pieces of the report's schema; see report-schema.ts. */
import { z } from 'zod'

/** Text of people or of the server; hostile. */
export const text = z.string().max(1_000_000)
/** Words that pgrehearse or Postgres chose: ids, kinds, versions, names of objects. */
export const word = z.string().max(10_000)
/** Of a file. */
export const path = z.string().max(4096)
/** A whole file. */
export const fileText = z.string().max(16_000_000)
/** Sums of as many as a report may hold stay finite. */
export const amount = z.number().min(0).max(1e21)

/** Sums of floating point numbers may miss the order by their last digits. */
const bounds = { low: amount, expected: amount, high: amount }
export const range = z.strictObject(bounds).refine(isOrdered, { error: 'Expected low ≤ expected ≤ high' })

/** A time, with what of it a clone of production measured. */
export const duration = z
  .strictObject({
    ...bounds,
    onClone: z
      .strictObject({ server: word, databaseBytes: amount, estimatedMs: range.exactOptional() })
      .exactOptional(),
  })
  .refine(isOrdered, { error: 'Expected low ≤ expected ≤ high' })

function isOrdered({ low, expected, high }: Readonly<Record<keyof typeof bounds, number>>): boolean {
  return isAtMost(low, expected) && isAtMost(expected, high)
}

function isAtMost(smaller: number, larger: number): boolean {
  return smaller <= larger * (1 + 1e-9) + Number.MIN_VALUE
}

/** A place in a file. */
export const position = z.strictObject({
  line: z.int().min(1).max(10_000_000),
  column: z.int().min(1).max(100_000_000),
  offset: z.int().min(0).max(100_000_000),
})

/** A stretch of a file. */
export const span = z.strictObject({ file: path, start: position, end: position })

/** The number of a line. */
export const lineOfFile = z.int().min(1).max(10_000_000)

/** pg_class.relkind in words. */
export const relationKind = z.enum([
  'table',
  'partitioned table',
  'index',
  'partitioned index',
  'sequence',
  'toast table',
  'view',
  'materialized view',
  'composite type',
  'foreign table',
])

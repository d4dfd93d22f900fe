import { z } from 'zod'
import { parseDuration } from './duration.ts'

/** What several keys of the configuration are made of. */

/**
 * Facts for the published JSON schema and the page; zod drops `default` and `examples` of what it transforms.
 */
export interface ShownFacts {
  readonly example?: unknown
  readonly defaultValue?: unknown
}

declare module 'zod' {
  interface GlobalMeta extends ShownFacts {}
}

export const text = z.string().min(1, 'Expected a text that is not empty')

/** `5s`, `500ms`, `1min`, `1h`, or milliseconds as a number; milliseconds once read. */
export const duration = z
  .union([z.int().min(0).max(2_147_483_647), z.string()], {
    error: 'Expected a duration such as "5s", "500ms", "1min", or milliseconds as a whole number',
  })
  .transform((value, context) => {
    const milliseconds = typeof value === 'number' ? value : parseDuration(value)
    // The server's own limit for lock_timeout and statement_timeout (INT_MAX, guc_tables.c).
    if (milliseconds !== undefined && milliseconds <= 2_147_483_647) return milliseconds
    context.addIssue({
      code: 'custom',
      message: 'Expected a duration such as "5s", "500ms", "1min", or milliseconds as a whole number',
    })
    return z.NEVER
  })

import type { ErrorEffect } from '../core/model.ts'

/**
 * Whose failure is it? A migration that fails in production too is the author's; one that fails because of our
 * role, our server or our seeded rows is ours and never reported as the author's mistake.
 */
export type FailureCause =
  | { readonly whose: 'theirs' }
  /** SQLSTATE class 22 or 23 on seeded tables: try again without rows. */
  | { readonly whose: 'data' }
  | { readonly whose: 'ours'; readonly why: string; readonly hint: string }

export interface FailureCircumstances {
  /** Migrations ran as a superuser. */
  readonly superuser: boolean
  /** Some earlier step could not be rehearsed, so objects may be missing through no fault of this one. */
  readonly incompleteSchema: boolean
  readonly seeded: boolean
}

const superuserHint =
  'Run with --superuser if you trust this migration, or give --server-url a server whose user may do it.'

export function classifyFailure(error: ErrorEffect, circumstances: FailureCircumstances): FailureCause {
  const { sqlstate, message } = error
  if (sqlstate === '42501' && !circumstances.superuser) {
    return {
      whose: 'ours',
      why: `our role on the throwaway server may not do it (${message})`,
      hint: superuserHint,
    }
  }
  const missing = missingPart(sqlstate, message)
  if (missing !== undefined) return missing
  if (isResourceProblem(sqlstate)) {
    return {
      whose: 'ours',
      why: `the throwaway server ran out of something (${message})`,
      hint: 'Free disk space or memory on this machine and run again.',
    }
  }
  if (sqlstate === '57P02' || sqlstate === '57P03' || sqlstate === '08006') {
    return {
      whose: 'ours',
      why: `the throwaway server went away under it (${message})`,
      hint: 'Look whether the disk or the memory of this machine is full, and run again.',
    }
  }
  if (circumstances.incompleteSchema && undefinedObject.has(sqlstate)) {
    return {
      whose: 'ours',
      why: `it builds on a step that could not be rehearsed (${message})`,
      hint: 'Mend the first step listed under "not checked"; this one follows.',
    }
  }
  if (circumstances.seeded && /^2[23]/.test(sqlstate)) return { whose: 'data' }
  return { whose: 'theirs' }
}

/** invalid_schema_name, undefined table, column, function, object, and their look-alikes. */
const undefinedObject: ReadonlySet<string> = new Set(['3F000', '42P01', '42703', '42883', '42704', '42P02'])

/** An extension, language or file that this server does not have. */
function missingPart(sqlstate: string, message: string): FailureCause | undefined {
  const extension =
    /extension "([^"]+)" is not available/.exec(message)?.[1] ??
    /extension control file .*\/([^/"]+)\.control/.exec(message)?.[1]
  if (extension !== undefined || sqlstate === '58P01') {
    return {
      whose: 'ours',
      why:
        extension === undefined
          ? `this server lacks a file (${message})`
          : `this server does not have the extension "${extension}"`,
      hint: 'Use --server-url with a server that has it, for instance a CI service built from your production image.',
    }
  }
  if (/^language "[^"]+" does not exist/.test(message)) {
    return {
      whose: 'ours',
      why: `this server does not have the language (${message})`,
      hint: 'Use --server-url with a server that has it.',
    }
  }
  return undefined
}

/** Class 53 (insufficient resources) and 58030 (I/O error). */
function isResourceProblem(sqlstate: string): boolean {
  return sqlstate.startsWith('53') || sqlstate === '58030'
}

import type { ErrorEffect } from '../core/model.ts'
import { standInExtensions, standInSqlstate } from '../core/stand-in-extensions.ts'
import { extensionRemedy, type ServerTraits } from './extension-remedy.ts'
import { withoutNumbers } from './failed-step.ts'
import { missingExtension, missingLanguage } from './missing-object.ts'

/**
 * Whose failure is it? A migration that fails in production too is the author's; one that fails because of our
 * role, our server or our seeded rows is ours and never reported as the author's mistake.
 */
export type FailureCause =
  | { readonly whose: 'theirs' }
  /** Rows decide: try again without ours. */
  | { readonly whose: 'data' }
  | OurFailure

export interface OurFailure {
  readonly whose: 'ours'
  /** A part of a sentence: `this server does not have the extension "vector"`. */
  readonly why: string
  readonly hint?: string
  /** It only follows from something that was said before. */
  readonly follows?: true
  /** Nothing more can be tried on this server. */
  readonly final?: true
}

export interface FailureCircumstances {
  /** Migrations ran as a superuser. */
  readonly superuser: boolean
  /** A clause, where an object may be missing through no fault of the statement. */
  readonly lost: string | undefined
  readonly seeded: boolean
  readonly server: ServerTraits
}

const superuserHint =
  'Run with --superuser if you trust this migration, or give --server-url a server whose user may do it.'

export function classifyFailure(
  error: Pick<ErrorEffect, 'sqlstate' | 'message'>,
  circumstances: FailureCircumstances,
): FailureCause {
  const { sqlstate, message } = error
  const ours =
    missingPart(sqlstate, message, circumstances.server) ??
    standInProblem(sqlstate, message, circumstances.server) ??
    rightsProblem(sqlstate, message, circumstances) ??
    resourceProblem(sqlstate, message) ??
    surroundingsProblem(sqlstate, message)
  if (ours !== undefined) return { whose: 'ours', ...ours }
  if (circumstances.lost !== undefined) {
    return { whose: 'ours', why: `${circumstances.lost}: ${message}`, follows: true }
  }
  if (circumstances.seeded && isAboutRows(sqlstate)) return { whose: 'data' }
  return { whose: 'theirs' }
}

type Ours = Omit<OurFailure, 'whose'>

/** Data exceptions, integrity violations, and what code raises by itself when it looks at rows. */
function isAboutRows(sqlstate: string): boolean {
  return /^2[123]/.test(sqlstate) || raisedByCode.has(sqlstate)
}

/** raise_exception, no_data_found, too_many_rows, assert_failure */
const raisedByCode: ReadonlySet<string> = new Set(['P0001', 'P0002', 'P0003', 'P0004'])

/**
 * Does a failure without any row of ours still say nothing about production? Where code raises an error after it has
 * looked at rows, where a foreign key misses the row that it refers to, and where a query found nothing to insert:
 * the rows that it wants may be there, though no migration of ours has brought them.
 * @param isOurTable was the table with this name made by the migrations under review, so that all its rows are known?
 */
export function dependsOnRows(
  { sqlstate, detail = '' }: Pick<ErrorEffect, 'sqlstate' | 'detail'>,
  sql: string,
  isOurTable: (name: string) => boolean,
): boolean {
  if (raisedByCode.has(sqlstate)) return /\b(?:select|perform|exists|found|into)\b/i.test(sql)
  if (sqlstate === '23502') return /\bselect\b/i.test(sql) && !/^\s*alter\b/i.test(sql)
  const parent = /is not present in table "([^"]+)"/.exec(detail)?.[1]
  return sqlstate === '23503' && parent !== undefined && !isOurTable(parent)
}

/** An extension, language, library or file that this server does not have. */
function missingPart(sqlstate: string, message: string, server: ServerTraits): Ours | undefined {
  const extension = missingExtension(message)
  if (extension !== undefined) {
    const lacks = `this server does not have the extension "${extension}"`
    const why = /has no/.test(message) ? `${lacks} in that version` : lacks
    return { why, hint: extensionRemedy(extension, server) }
  }
  if (missingLanguage(message) !== undefined) {
    return {
      why: `this server does not have the language (${message})`,
      hint: 'Name a container image that has it (`server.image`), or give --server-url a server that has it.',
    }
  }
  if (sqlstate !== '58P01') return undefined
  return {
    why: `this server lacks a file (${message})`,
    hint: 'Name a container image that has it (`server.image`), or give --server-url a server that has it.',
  }
}

/** What a stand-in of ours for an extension does not do, or does not have. */
function standInProblem(sqlstate: string, message: string, { stubs = [] }: ServerTraits): Ours | undefined {
  const raised =
    sqlstate === standInSqlstate || (sqlstate === '0A000' && /a value of type internal/.test(message))
  const lacking =
    lackingCodes.has(sqlstate) && stubs.some((name) => standInExtensions[name]?.mentions.test(message))
  if (stubs.length === 0 || !(raised || lacking)) return undefined
  return {
    why: `an extension is a stand-in of ours here, and cannot do that (${message})`,
    hint: 'Name a container image that has the extension (`server.image`), or give --server-url a server that has it.',
  }
}

/** undefined_function, undefined_object */
const lackingCodes: ReadonlySet<string> = new Set(['42883', '42704'])

function rightsProblem(
  sqlstate: string,
  message: string,
  { superuser }: FailureCircumstances,
): Ours | undefined {
  if (sqlstate !== '42501' || superuser) return undefined
  const why = `our role on the throwaway server may not do it (${withoutNumbers(message)})`
  return { why, hint: superuserHint }
}

/** Class 53 (insufficient resources), 58030 (I/O error), and a server that is gone. */
function resourceProblem(sqlstate: string, message: string): Ours | undefined {
  if (sqlstate.startsWith('53') || sqlstate === '58030') {
    return {
      why: `the throwaway server ran out of something (${message})`,
      hint: 'Free disk space or memory on this machine and run again.',
      final: true,
    }
  }
  if (sqlstate === '57P02' || sqlstate === '57P03' || sqlstate === '08006') {
    return {
      why: `the throwaway server went away under it (${message})`,
      hint: 'Look whether the disk or the memory of this machine is full, and run again.',
      final: true,
    }
  }
  return undefined
}

/** What stands around production's database and not around ours: roles, other servers, locales, settings at its start. */
function surroundingsProblem(sqlstate: string, message: string): Ours | undefined {
  const role = /^role "([^"]+)" does not exist/.exec(message)?.[1]
  if (role !== undefined) {
    return {
      why: `no migration creates the role "${role}"`,
      hint: `Add '${role}' to \`roles\` in the configuration, if production has it.`,
    }
  }
  if (/^(?:tablespace|database) "[^"]+" does not exist/.test(message)) {
    return { why: `it stands beside this database in production (${message})` }
  }
  if (sqlstate === '08001') {
    return { why: `it connects to another server, and that is not within reach here (${message})` }
  }
  if (
    /^collation "[^"]+" for encoding|could not create locale|^invalid (?:LC_\w+ )?locale name/.test(message)
  ) {
    return {
      why: `this machine does not have the locale (${message})`,
      hint: 'Name a container image that has it (`server.image`), or give --server-url a server that has it.',
    }
  }
  if (betweenStatements.has(sqlstate)) {
    return {
      why: `measuring takes time between statements, and a timeout of the session ended that (${message})`,
      hint: 'Raise the timeout for this migration. One that ALTER ROLE or ALTER DATABASE sets holds in its sessions as well.',
    }
  }
  if (sqlstate === '55000' && atStart.test(message)) {
    return {
      why: `this server was not started with the setting that it needs (${message})`,
      hint: 'Give --server-url a server that is set up as production is.',
    }
  }
  return undefined
}

/** idle_in_transaction_session_timeout, transaction_timeout, idle_session_timeout */
const betweenStatements: ReadonlySet<string> = new Set(['25P03', '25P04', '57P05'])

const atStart =
  /shared_preload_libraries|wal_level|max_prepared_transactions|prepared transactions are disabled/

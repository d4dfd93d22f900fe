/** What happens to a query of the application, in words. */

import { displayKey, displayName, displayType } from '../core/locks.ts'
import { formatCount, formatEstimate, formatRows } from '../core/quantities.ts'
import { timeWords } from '../core/time-words.ts'
import { commaList, type Piece, type Pieces } from './pieces.ts'
import type {
  BreakEffect,
  PlanChange,
  PlanChangeEffect,
  QueryEffect,
  QueryRef,
  QueryState,
  QueryWaitEffect,
  ResultChange,
  ResultChangeEffect,
  StatementRef,
  TableReadEffect,
} from '../core/model.ts'

/** Changes of a result, or of a plan, that are named. */
const maxChanges = 3

/** `96 per second`, `12 per minute`; undefined when the rate is not known. */
export function rateWords(callsPerSecond: number | undefined): string | undefined {
  if (callsPerSecond === undefined) return undefined
  const [size, unit] =
    callsPerSecond >= 1 ? [1, 'second'] : callsPerSecond * 60 >= 1 ? [60, 'minute'] : [3600, 'hour']
  const rate = callsPerSecond * size
  const number = rate >= 10 || rate < 1 ? formatEstimate(rate) : String(Number(rate.toPrecision(2)))
  return `${number} per ${unit}`
}

/**
 * `ListOrders (queries/orders.sql:12, 96 per second; why)`. `lasting`: without line numbers, for texts that outlive a
 * push.
 */
export function queryPieces(query: QueryRef, { lasting = false, why = [] }: QueryExtras = {}): Pieces {
  const rate = rateWords(query.callsPerSecond)
  const isPlace = isNamedByPlace(query)
  const name: Piece =
    isPlace && lasting ? `a query of ` : isPlace ? { place: placeOf(query) } : { name: query.name }
  const facts: readonly Pieces[] = [
    ...(isPlace ? [] : [whereOf(query, lasting)]),
    ...(rate === undefined ? [] : [[rate]]),
  ]
  const inside = commaList(facts)
  const aside = why.length === 0 ? inside : inside.length === 0 ? why : [...inside, '; ', ...why]
  const file: Pieces = isPlace && lasting ? whereOf(query, lasting) : []
  return aside.length === 0 ? [name, ...file] : [name, ...file, ' (', ...aside, ')']
}

interface QueryExtras {
  readonly lasting?: boolean
  readonly why?: Pieces
}

/** The file and line of a query, or that production's statistics know it only. */
export function whereOf(query: QueryRef & { readonly state?: QueryState }, lasting = false): Pieces {
  if (query.file === undefined) return [{ name: 'pg_stat_statements' }]
  return [{ place: lasting ? { file: query.file } : placeOf(query) }]
}

function placeOf({ file = '', line, state }: QueryRef & { readonly state?: QueryState }) {
  return { file, ...(line === undefined ? {} : { line }), ...(state === 'removed' ? { isGone: true } : {}) }
}

/** Has it no other name than its place? A report that was read may have moved the file below a folder. */
export function isNamedByPlace({ name, file, line }: QueryRef): boolean {
  return file !== undefined && line !== undefined && `/${file}:${line}`.endsWith(`/${name}`)
}

/** What one effect means: a sentence part of ours, and why. */
export interface EffectWords {
  readonly what: string
  readonly why: Pieces
}

/** `state` of the query tells whose version fails. */
export function effectWords(effect: QueryEffect, state: QueryState): EffectWords {
  switch (effect.kind) {
    case 'break':
      return breakWords(effect, state)
    case 'result change':
      return { what: 'gets another result', why: resultWords(effect) }
    case 'cached plan':
      return {
        what: 'fails once where a session keeps it prepared',
        why: ['cached plan must not change result type', ...by(effect.cause)],
      }
    case 'wait':
      return waitWords(effect)
    case 'plan change':
      return { what: 'gets slower', why: planWords(effect) }
    case 'table read':
      return { what: 'reads a whole table', why: tableReadWords(effect) }
  }
}

function breakWords(effect: BreakEffect, state: QueryState): EffectWords {
  const { when, sqlstate, message, evidence, cause, until } = effect
  const isNew = when !== 'old code on new schema'
  const what =
    when === 'new code on old schema'
      ? 'its new version fails before the migrations'
      : isNew && state === 'changed'
        ? 'its new version fails'
        : until === undefined
          ? 'fails'
          : 'fails for a while'
  const end = when === 'new code on old schema' ? cause : until
  const begin = when === 'new code on old schema' ? undefined : cause
  const why: Pieces = [
    { said: message },
    ' (',
    { said: sqlstate },
    evidence === 'derived' ? ', derived from the catalogue)' : ')',
    ...(begin === undefined ? [] : [', from ', statementPlace(begin), ' on']),
    ...(end === undefined ? [] : [', until ', statementPlace(end)]),
  ]
  return { what, why }
}

function resultWords({ changes, star, cause }: ResultChangeEffect): Pieces {
  const named = changes.slice(0, maxChanges).map(changeWords)
  return [
    ...commaList(named, changes.length - named.length, '; '),
    ...(star ? [' (through ', { name: '*' }, ')'] : []),
    ...by(cause),
  ]
}

function changeWords(change: ResultChange): Pieces {
  switch (change.type) {
    case 'column added':
      return ['column ', { name: change.column }, ' is new']
    case 'column removed':
      return ['column ', { name: change.column }, ' is gone']
    case 'column renamed':
      return ['column ', { name: change.column }, ' is called ', { name: change.to }]
    case 'type changed':
      return [
        { name: change.column },
        ' is ',
        { name: displayType(change.to) },
        ', was ',
        { name: displayType(change.from) },
      ]
    case 'nullable now':
      return [{ name: change.column }, ' may be NULL']
    case 'never null now':
      return [{ name: change.column }, ' is never NULL']
    case 'order changed':
      return ['columns come as ', { name: change.columns.join(', ') }]
  }
}

function waitWords({ lock, held, cause, ms }: QueryWaitEffect): EffectWords {
  const { through, name, relation, mode } = lock
  return {
    what: ms === undefined ? 'waits' : `waits ${timeWords(ms)}`,
    why: [
      `${mode} on `,
      { name: displayName(relation) },
      ...edgeWords(through, name),
      `, stopped by ${held} of `,
      statementPlace(cause),
    ],
  }
}

/** The name of a partition is that of its table. */
function edgeWords(through: QueryWaitEffect['lock']['through'], name: string | undefined): Pieces {
  if (through === 'itself') return []
  if (name === undefined) return [` through a ${through}`]
  if (through === 'partition') return [', as a partition of ', { name: displayKey(name) }]
  return [` through the ${through} `, { name }]
}

function planWords({ changes, cause, parameters }: PlanChangeEffect): Pieces {
  const named = changes.slice(0, maxChanges).map(planChangeWords)
  return [
    ...commaList(named, changes.length - named.length, '; '),
    ...by(cause),
    ...(isAnyValue(parameters) ? [] : [', with ', { said: parameters }]),
  ]
}

function planChangeWords(change: PlanChange): Pieces {
  switch (change.type) {
    case 'new sequential scan':
      return [`reads all ${formatRows(change.rows)} of `, { name: displayKey(change.table) }]
    case 'lost index':
      return [
        'no longer uses ',
        { name: displayKey(change.index) },
        ' on ',
        { name: displayKey(change.table) },
      ]
    case 'new sort':
      return [`sorts ${about(change.rows)} that came in order before`]
    case 'sort spills':
      return [`sorts ${about(change.rows)} on disk`]
    case 'hash spills':
      return [`hashes ${about(change.rows)} on disk`]
    case 'cost':
      return [`costs ${times(change.ratio)} times as much as before`]
  }
}

function tableReadWords({ table, tableRows, rows, advice }: TableReadEffect): Pieces {
  return [
    `${formatCount(tableRows)} rows of `,
    { name: displayKey(table) },
    ` for ${about(rows)}`,
    ...(advice === undefined
      ? []
      : [
          '; an index on ',
          { name: `${displayKey(advice.table)} (${advice.columns.join(', ')})` },
          ' would serve it',
        ]),
  ]
}

/** `12`, `3.1`. */
function times(ratio: number): string {
  return ratio >= 10 ? formatEstimate(ratio) : ratio.toFixed(1)
}

/** Planned without looking at values: nothing to tell apart from. */
function isAnyValue(parameters: string): boolean {
  return parameters === 'none' || parameters.startsWith('any values')
}

function about(rows: number): string {
  return `about ${formatEstimate(rows)} ${Math.round(rows) === 1 ? 'row' : 'rows'}`
}

function by(cause: StatementRef | undefined): Pieces {
  return cause === undefined ? [] : [', by ', statementPlace(cause)]
}

function statementPlace({ file, span }: StatementRef): Piece {
  return { place: { file, line: span.start.line } }
}

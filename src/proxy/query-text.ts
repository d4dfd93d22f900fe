import { parseStatement } from '../sql/parse.ts'
import { splitScript } from '../sql/split.ts'
import { tokenize } from '../sql/tokens.ts'
import type { TransactionStatus } from '../replay/wire.ts'
import { statementKind, type StatementKind } from './statement-kind.ts'
import type { Relay } from './relay.ts'

/** The text of a simple Query, cut into its statements. */
export interface QueryText {
  readonly pieces: readonly QueryPiece[]
  /** Can they be sent one by one, without the client noticing? */
  readonly canSplit: boolean
  readonly encoding: 'utf8' | 'latin1'
}

export interface QueryPiece {
  /** As it is sent. */
  readonly sql: string
  /** As it is told, where that differs. */
  readonly told?: string
  readonly kind: StatementKind
  /** Characters in front of it. */
  readonly offset: number
}

/** Encodings in which every byte is a character. */
const singleByte = /^(?:LATIN\d+|WIN(?:8|12)\d+|KOI8[RU]|ISO_8859_\d+)$/

/**
 * Cuts a simple Query. Left whole is what the server itself may read otherwise than we do, or what it would answer
 * otherwise: text that our parser does not know (the server parses all of it before it runs the first statement),
 * parameters, which the simple protocol does not have, other encodings, `standard_conforming_strings = off`, and
 * everything in a failed transaction.
 */
export function cutQuery(bytes: Buffer, relay: Relay, status: TransactionStatus): QueryText {
  const body = bytes.subarray(5, bytes.length - 1)
  const clientEncoding = relay.parameters.get('client_encoding') ?? 'UTF8'
  const encoding = singleByte.test(clientEncoding) ? 'latin1' : 'utf8'
  const text = body.toString(encoding)
  const { pieces: cut, unterminated } = splitScript(text, 0, text.length, { takesCopyData: false })
  const isPlain = cut.every(({ kind }) => kind === 'statement') && unterminated === undefined
  const whole = (): QueryText => ({ pieces: wholePieces(text), canSplit: false, encoding })
  if (!isPlain || Buffer.byteLength(text, encoding) !== body.length) return whole()
  // the pings of Go's drivers: `;` and `-- ping`
  if (cut.length === 0) return { pieces: [], canSplit: false, encoding }
  if (clientEncoding !== 'UTF8' && clientEncoding !== 'SQL_ASCII' && encoding === 'utf8') return whole()
  if (relay.parameters.get('standard_conforming_strings') === 'off') return whole()
  const pieces = cut.length === 1 ? wholePieces(text, cut[0]) : cutPieces(text, cut)
  const canSplit =
    status !== 'E' &&
    // its columns are binary where the cursor is
    !(pieces.length === 1 && pieces[0]?.kind.isFetch === true) &&
    pieces.every((piece) => isOrdinary(piece)) &&
    (pieces.length === 1 || relay.probe === undefined || pieces.every(({ sql }) => parses(sql)))
  if (!canSplit && pieces.length > 1 && pieces.some(({ sql }) => !parses(sql))) return whole()
  return { pieces, canSplit, encoding }
}

interface Place {
  readonly start: number
  readonly end: number
}

/** A single statement is sent with everything around it, so that positions of errors are the client's. */
function wholePieces(text: string, place?: Place): readonly QueryPiece[] {
  const told = place === undefined ? text.trim() : text.slice(place.start, place.end)
  if (told === '') return []
  return [{ sql: text, told, kind: statementKind(told), offset: 0 }]
}

function cutPieces(text: string, places: readonly Place[]): readonly QueryPiece[] {
  let offset = 0
  let at = 0
  return places.map(({ start, end }) => {
    offset += characters(text.slice(at, start))
    at = start
    const sql = text.slice(start, end)
    return { sql, kind: statementKind(sql), offset }
  })
}

/** Code points, as the server counts them. */
function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function parses(sql: string): boolean {
  return parseStatement(sql).parseError === undefined
}

/** It does not refer to parameters, save those of a function that it creates, and does not ask for portals, where ours would show. */
function isOrdinary({ sql }: QueryPiece): boolean {
  if (/\bpg_cursor/i.test(sql)) return false
  if (!/\$\d/.test(sql) || /^\s*(?:create|prepare)\b/i.test(sql)) return true
  return !tokenize(sql).some(({ kind, text }) => kind === 'word' && /^\$\d+$/.test(text))
}

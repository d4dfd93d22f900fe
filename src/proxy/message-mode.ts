import { cString, frame, int16, int32 } from '../postgres/frames.ts'
import type { StatementKind } from './statement-kind.ts'

/**
 * How the statements of a simple Query are sent one by one so that they are what they are there: one implicit transaction
 * block from the first on (BeginImplicitTransactionBlock(), xact.c), in which LOCK, DECLARE and SET LOCAL are allowed, and
 * COMMIT of a procedure, CREATE INDEX CONCURRENTLY and SAVEPOINT are not.
 *
 * - `plain`: a single statement, or a block is open anyway.
 * - `primed`: Postgres 18 makes a pipeline such a block from its second statement on, so something that needs no snapshot
 *   comes in front of the first.
 * - `block`: before 18, BEGIN in front and COMMIT behind; ROLLBACK after an error.
 * - `untouched`: before 18, where the message has transaction commands of its own, and statements outside of their blocks
 *   that would notice.
 */
export type MessageMode = 'plain' | 'primed' | 'block' | 'untouched'

export function messageMode(kinds: readonly StatementKind[], major: number, isInBlock: boolean): MessageMode {
  if (kinds.length <= 1 || isInBlock) return 'plain'
  if (major >= 18) return 'primed'
  if (kinds.every(({ isTransactionCommand }) => !isTransactionCommand)) return 'block'
  let isOpen = false
  for (const { transaction, noticesBlock } of kinds) {
    if (transaction === 'begin') isOpen = true
    else if (!isOpen && noticesBlock) return 'untouched'
    else if (transaction === 'end') isOpen = false
  }
  return 'primed'
}

/** Parse to Execute of a statement of ours; over with CommandComplete. */
function ownStatement(sql: string): Buffer {
  return Buffer.concat([
    frame('P', cString(''), cString(sql), int16(0)),
    frame('B', cString(''), cString(''), int16(0), int16(0), int16(0)),
    frame('E', cString(''), int32(0)),
  ])
}

export const primerFrames = ownStatement('show server_version')
export const beginFrames = ownStatement('begin')
export const commitFrames = ownStatement('commit')
export const rollbackFrames = ownStatement('rollback')

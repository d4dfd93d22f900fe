import { isWord, tokenize, type Token } from '../sql/tokens.ts'

/** What the proxy has to know of a statement, from its first words alone: it must be quick, and never be wrong about COMMIT. */
export interface StatementKind {
  /** What it does to the transaction that it stands in. */
  readonly transaction: 'none' | 'begin' | 'end' | 'end and chain'
  /** SET TRANSACTION and its like, which must come before any snapshot. */
  readonly setsTransaction: boolean
  /** Postgres takes no snapshot for it (PlannedStmtRequiresSnapshot(), pquery.c). */
  readonly needsNoSnapshot: boolean
  /** COPY … FROM STDIN: while it waits for data nothing else may be on the wire. */
  readonly copiesIn: boolean
  /** It may commit by itself, so that what stands behind it in a pipeline is as if it came first. */
  readonly mayCommitItself: boolean
  /** The server tells its columns before it runs it, not after (ChoosePortalStrategy(), PORTAL_ONE_SELECT). */
  readonly describesFirst: boolean
  readonly isFetch: boolean
  /** BEGIN, COMMIT, SAVEPOINT and their like. */
  readonly isTransactionCommand: boolean
  /** It does something else outside of a transaction block than within one. */
  readonly noticesBlock: boolean
  /** LOCK. */
  readonly locks: boolean
}

const transactionWords = new Set([
  'BEGIN',
  'START',
  'COMMIT',
  'END',
  'ROLLBACK',
  'ABORT',
  'SAVEPOINT',
  'RELEASE',
])
const withoutSnapshot = new Set([
  'SET',
  'SHOW',
  'RESET',
  'LOCK',
  'LISTEN',
  'NOTIFY',
  'UNLISTEN',
  'FETCH',
  'MOVE',
  'CHECKPOINT',
])
const maintenance = new Set(['VACUUM', 'REINDEX', 'CLUSTER', 'DISCARD', 'CALL', 'DO'])
const sharedObjects = new Set(['DATABASE', 'TABLESPACE', 'SUBSCRIPTION', 'SYSTEM'])

export function statementKind(sql: string): StatementKind {
  const tokens = tokenize(sql, 6)
  const words = tokens.map(({ kind, text }) => (kind === 'word' ? text.toUpperCase() : ''))
  const [first = '', second = ''] = words
  const isTransactionCommand =
    transactionWords.has(first) || (first === 'PREPARE' && second === 'TRANSACTION')
  const mayCommitItself =
    maintenance.has(first) ||
    (['CREATE', 'DROP', 'ALTER'].includes(first) && sharedObjects.has(second)) ||
    /\bconcurrently\b/i.test(sql)
  return {
    transaction: transactionOf(words, tokens),
    isTransactionCommand,
    mayCommitItself,
    noticesBlock:
      isTransactionCommand || mayCommitItself || first === 'LOCK' || first === 'DECLARE' || first === 'SET',
    setsTransaction: first === 'SET' && /^TRANSACTION(?:_|$)/.test(setName(words)),
    needsNoSnapshot: transactionWords.has(first) || withoutSnapshot.has(first),
    copiesIn: first === 'COPY' && /\bstdin\b/i.test(sql),
    describesFirst: describesFirst(first, sql, tokens),
    isFetch: first === 'FETCH',
    locks: first === 'LOCK',
  }
}

/** Behind SET [LOCAL|SESSION]. */
function setName(words: readonly string[]): string {
  const [, second = '', third = ''] = words
  if (second === 'SESSION' && third === 'CHARACTERISTICS') return 'TRANSACTION'
  return second === 'LOCAL' || second === 'SESSION' ? third : second
}

function transactionOf(words: readonly string[], tokens: readonly Token[]): StatementKind['transaction'] {
  const [first = '', ...rest] = words
  if (first === 'BEGIN') return 'begin'
  if (first === 'START') return rest[0] === 'TRANSACTION' ? 'begin' : 'none'
  if (first === 'PREPARE') return rest[0] === 'TRANSACTION' && tokens[2]?.kind === 'literal' ? 'end' : 'none'
  if (!['COMMIT', 'END', 'ROLLBACK', 'ABORT'].includes(first)) return 'none'
  // COMMIT PREPARED, ROLLBACK [WORK] TO [SAVEPOINT] …
  if (rest.includes('PREPARED') || rest.slice(0, 2).includes('TO')) return 'none'
  const and = rest.indexOf('AND')
  return and >= 0 && rest[and + 1] === 'CHAIN' ? 'end and chain' : 'end'
}

function describesFirst(first: string, sql: string, tokens: readonly Token[]): boolean {
  const isOpened = tokens[0]?.text === '(' && (isWord(tokens[1], 'SELECT') || tokens[1]?.text === '(')
  if (first === 'SELECT' || first === 'VALUES' || first === 'TABLE' || isOpened) return true
  return first === 'WITH' && !/\b(?:insert|update|delete|merge)\b/i.test(sql)
}

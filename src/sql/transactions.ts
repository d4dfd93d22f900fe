import type { AstNode, Migration, Statement } from '../core/model.ts'
import type { ParsedScript, ParsedStatement } from './parse.ts'

/**
 * Says for every statement of a run with which others it commits, from the tool's wrapping and the file's own
 * BEGIN and COMMIT. Transaction numbers count through the whole run.
 *
 * Follows the server: in an implicit transaction (a simple Query of several statements) BEGIN turns all of it
 * into a block, COMMIT ends it and the rest starts anew (xact.c, BeginTransactionBlock and
 * BeginImplicitTransactionBlock); a wrapper's BEGIN makes the file's own BEGIN a mere warning.
 */
export function layOutTransactions(
  scripts: readonly ParsedScript[],
  sharesSession: boolean,
): readonly Migration[] {
  const clock = new TransactionClock()
  return scripts.map((parsed) => {
    clock.startScript(parsed, sharesSession)
    const statements = parsed.statements.map((statement, index) =>
      clock.place(statement, parsed.statements[index - 1], parsed.statements[index + 1]),
    )
    clock.endScript(parsed)
    return toMigration(parsed, statements)
  })
}

function toMigration(parsed: ParsedScript, statements: readonly Statement[]): Migration {
  const { script } = parsed
  return {
    file: script.file,
    ...(script.id === undefined ? {} : { id: script.id }),
    source: script.source,
    version: script.version,
    title: script.title,
    transaction: script.transaction,
    statements,
    text: script.text,
  }
}

class TransactionClock {
  private number = 0
  /** A transaction is open beyond the current statement. */
  private open: 'none' | 'implicit' | 'block' = 'none'
  private runIsOpen = false
  private insideSimpleQuery = false
  /** Each part of the script is a simple Query message. */
  private sendsParts = false

  startScript(parsed: ParsedScript, sharesSession: boolean): void {
    const { mode } = parsed.script.transaction
    this.sendsParts = mode === 'simple query'
    if (!sharesSession && !this.runIsOpen && this.open !== 'none') this.close()
    if (mode === 'run' && this.runIsOpen) return
    if (this.runIsOpen) this.endRun()
    // a block that the last script left open goes on in the same session
    if (this.open === 'block' && mode !== 'run') return
    if (mode === 'run') {
      this.runIsOpen = true
      this.begin('block')
    } else if (mode === 'file') {
      this.begin('block')
    }
  }

  endScript(parsed: ParsedScript): void {
    const { mode } = parsed.script.transaction
    if (mode === 'file' && this.open !== 'none') this.close()
    else if (mode === 'simple query' && this.open === 'implicit') this.close()
    this.insideSimpleQuery = false
  }

  /** `before` and `after` are its neighbours in the script. */
  place(
    parsed: ParsedStatement,
    before: ParsedStatement | undefined,
    after: ParsedStatement | undefined,
  ): Statement {
    const { parseError: _parseError, ...statement } = parsed
    if (this.sendsParts && !isSamePart(before, parsed)) this.startMessage(isSamePart(parsed, after))
    const command = transactionCommand(parsed.tag, parsed.node)
    if (command === 'begin' && this.open === 'none') this.begin('block')
    const placed: Statement = {
      ...statement,
      transaction: this.number,
      inTransactionBlock: this.open !== 'none',
    }
    this.after(command)
    return placed
  }

  /** A message ends with the implicit transaction of the one before it; of one statement it has none. */
  private startMessage(ofSeveral: boolean): void {
    if (this.open === 'implicit') this.close()
    if (this.open === 'none' && ofSeveral) this.begin('implicit')
    else this.insideSimpleQuery = ofSeveral
  }

  private after(command: TransactionCommand): void {
    if (command === 'begin') this.open = 'block'
    else if (command === 'end') this.reopenImplicit()
    else if (command === 'end and chain') this.begin('block')
    else if (this.open === 'none') this.number += 1
  }

  /** After COMMIT inside a simple Query the rest of the string is a new implicit transaction. */
  private reopenImplicit(): void {
    this.close()
    if (this.insideSimpleQuery) this.open = 'implicit'
  }

  private begin(kind: 'implicit' | 'block'): void {
    if (this.open !== 'none') this.number += 1
    this.open = kind
    this.insideSimpleQuery = kind === 'implicit'
  }

  private close(): void {
    this.open = 'none'
    this.number += 1
  }

  private endRun(): void {
    this.runIsOpen = false
    if (this.open !== 'none') this.close()
  }
}

function isSamePart(one: ParsedStatement | undefined, other: ParsedStatement | undefined): boolean {
  return one !== undefined && other !== undefined && (one.part ?? 0) === (other.part ?? 0)
}

export type TransactionCommand = 'begin' | 'end' | 'end and chain' | 'none'

/** What a statement does to the transaction it stands in. */
export function transactionCommand(tag: string, node: AstNode | undefined): TransactionCommand {
  if (tag !== 'TransactionStmt') return 'none'
  switch (node?.['kind']) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return 'begin'
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_ROLLBACK':
      return node['chain'] === true ? 'end and chain' : 'end'
    case 'TRANS_STMT_PREPARE':
      return 'end'
    default:
      return 'none'
  }
}

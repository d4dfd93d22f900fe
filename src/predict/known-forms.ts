import type { PredictContext } from './context.ts'

/** How evidence from the closed table of statements that commit by themselves names its row. */
export function knownForm(form: string): string {
  return `${form}, PostgreSQL 14 to 18`
}

/**
 * PreventInTransactionBlock(): the statement fails with 25001 before it does anything. `command` is spelled as in
 * the server's message. True when it fails.
 */
export function refuseInBlock(context: PredictContext, command: string): boolean {
  if (!context.inTransactionBlock) return false
  const message = `${command} cannot run inside a transaction block`
  context.effects.fail('25001', message, knownForm(command))
  return true
}

import { escapeIdentifier, escapeLiteral } from 'pg'
import { messageFields } from './frames.ts'
import { WireRefusal } from './wire-login.ts'

/** invalid_password, invalid_authorization_specification (NOLOGIN). */
const lockedOutCodes: ReadonlySet<unknown> = new Set(['28P01', '28000'])

/**
 * Connects as a role of ours that a migration may have locked out: every role may change its own password, and before
 * Postgres 16 one with CREATEROLE may take itself the login. Then `restore` is to undo that, and it is tried again.
 */
export async function connectAgain<T>(
  connect: () => Promise<T>,
  restore: () => Promise<unknown>,
): Promise<T> {
  try {
    return await connect()
  } catch (error) {
    if (!lockedOutCodes.has(codeOf(error))) throw error
  }
  await restore()
  return connect()
}

function codeOf(error: unknown): unknown {
  return error instanceof WireRefusal
    ? messageFields(error.response).get('C')
    : (error as { readonly code?: unknown }).code
}

/** Lets a role log in with this password, whatever it has done to itself. */
export function loginSql(role: string, password: string): string {
  return `alter role ${escapeIdentifier(role)} login password ${escapeLiteral(password)} valid until 'infinity'`
}

import { parseSync } from 'libpg-query'
import { unwrap, type UnwrappedNode } from './ast.ts'

/** The first statement of SQL that a catalogue printed; undefined where our parser does not know it. */
export function parseOne(sql: string): UnwrappedNode | undefined {
  try {
    return unwrap(parseSync(sql).stmts?.[0]?.stmt)
  } catch {
    return undefined
  }
}

import type { SourceProblem } from '../core/source.ts'
import { splitScript } from '../sql/split.ts'

/**
 * The problem of a script that ends the transaction around it, for tools that commit with lib/pq: what ran is
 * committed and noted, then the driver finds no transaction to commit (checkIsInTransaction in conn.go: `unexpected
 * transaction status idle`) and the tool stops there with an error.
 */
export function endedTransactionProblem(file: string, text: string, tool: string): readonly SourceProblem[] {
  let isOpen = true
  for (const { kind, start, end } of splitScript(text).pieces) {
    if (kind === 'statement') isOpen = isOpenAfter(text.slice(start, end), isOpen)
  }
  if (isOpen) return []
  const message = `${file} ends the transaction that ${tool} opens around it; ${tool} commits what is in it, and then stops with an error (unexpected transaction status idle).`
  return [
    {
      code: 'refused-by-tool',
      file,
      message,
      remedy: 'Leave out BEGIN and COMMIT, or turn the transaction off.',
    },
  ]
}

function isOpenAfter(statement: string, before: boolean): boolean {
  if (/^(?:begin|start\s+transaction)\b/i.test(statement)) return true
  const isEnd = /^(?:commit|end|rollback|abort)\b(?!.*\b(?:prepared|to|and\s+chain)\b)/is.test(statement)
  return isEnd ? false : before
}

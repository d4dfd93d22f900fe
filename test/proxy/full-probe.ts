import type { ProbeQueries } from '../../src/proxy/model.ts'
import { canProbe } from '../../src/replay/commands.ts'
import { allRelationsSql, probeSql } from '../../src/replay/probe.ts'
import { parseStatement } from '../../src/sql/parse.ts'
import type { Statement } from '../../src/core/model.ts'

/** Looks behind everything that may be looked behind, and twice where a statement commits by itself. */
export function fullProbe(major: number): ProbeQueries {
  return {
    sql: probeSql(major),
    isWanted: (sql) => canProbe(parseStatement(sql) as unknown as Statement),
    everyRelation: {
      sql: allRelationsSql,
      isWanted: (sql) => /\b(?:concurrently|vacuum|cluster|reindex)\b/i.test(sql),
    },
  }
}

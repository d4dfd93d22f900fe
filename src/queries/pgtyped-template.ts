import type { RawQuery } from './found.ts'
import type { ParameterForm } from './numbering.ts'
import { rewriteParameters } from './parameters.ts'
import { formOf } from './sql-markers.ts'

/**
 * A template of PgTyped, which takes no `${}`: `$name`, `$name!`, `$user(name, age)`, `$$ids`, `$$users(name, age)`
 * (pgtyped.dev/docs/ts-file). They are written as in its SQL files.
 */
export function rewritePgTyped(sql: string): Pick<RawQuery, 'sql' | 'parameters' | 'problem'> {
  const forms = new Map<string, ParameterForm>()
  const asInFiles = sql.replaceAll(
    /(?<![\w$'])\$(\$?)([A-Za-z_]\w*)(!(?!=))?(?:\(([\w\s,!]*)\))?/g,
    (_, spread: string, name: string, required = '', picked?: string) => {
      if (spread === '$' || picked !== undefined)
        forms.set(name, formOf(`${picked ?? ''}${spread === '$' ? '...' : ''}`))
      return `:${name}${required}`
    },
  )
  const rewritten = rewriteParameters(asInFiles, { colon: 'pgtyped', forms })
  return 'problem' in rewritten ? { sql, parameters: [], problem: rewritten.problem } : rewritten
}

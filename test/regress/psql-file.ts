/** What pg_regress puts into the environment of psql. */
export interface PsqlEnvironment {
  /** The folder with `data/`. */
  readonly sourceFolder: string
}

/**
 * A file of the regression suite as plain SQL with the same lines: variables are put in, conditions take their ELSE, and
 * what only concerns the output is left out. `\gset` and its kin end their statement.
 */
export function plainSql(text: string, { sourceFolder }: PsqlEnvironment): string {
  const variables = new Map<string, string>()
  let isCopying = false
  let skipped = 0
  return text
    .split('\n')
    .map((line) => {
      if (isCopying) {
        isCopying = line !== String.raw`\.`
        return line
      }
      if (/^\s*\\/.test(line)) {
        skipped = skippedBlocks(line, skipped)
        takeSetting(line, variables, sourceFolder)
        return ''
      }
      if (skipped > 0) return ''
      const sql = withVariables(line, variables).replace(/;?\s*\\(?!N\b|\.|x|\\|\d|'|")[a-z_]+.*$/, ';')
      isCopying = /\bfrom\s+stdin\b[^;]*;\s*(?:--.*)?$/i.test(sql)
      return sql
    })
    .join('\n')
}

/** Conditions count as false: they skip what another build of the server cannot do. */
function skippedBlocks(line: string, depth: number): number {
  const word = /^\s*\\(\w+)/.exec(line)?.[1]
  if (word === 'if') return depth + 1
  if (word === 'endif') return Math.max(0, depth - 1)
  if (word === 'else' && depth === 1) return 0
  return depth
}

function takeSetting(line: string, variables: Map<string, string>, sourceFolder: string): void {
  const getenv = /^\\getenv\s+(\w+)\s+(\w+)/.exec(line)
  if (getenv?.[1] !== undefined) {
    const values: Record<string, string> = { PG_ABS_SRCDIR: sourceFolder, PG_DLSUFFIX: '.so' }
    variables.set(getenv[1], values[getenv[2] ?? ''] ?? '/nonexistent')
    return
  }
  const [, name, rest = ''] = /^\\set\s+(\w+)\s*(.*)$/.exec(line) ?? []
  if (name === undefined) return
  const parts = [...rest.matchAll(/'((?:[^']|'')*)'|:'?(\w+)'?|(\S+)/g)]
  const value = parts.map(
    ([, quoted, variable, bare]) =>
      quoted?.replaceAll("''", "'") ?? (variable === undefined ? bare : variables.get(variable)) ?? '',
  )
  variables.set(name, value.join(''))
}

function withVariables(line: string, variables: ReadonlyMap<string, string>): string {
  return line.replace(/(?<![:\w]):(?:'(\w+)'|"(\w+)"|(\w+))/g, (text, literal, identifier, plain) => {
    const value = variables.get(String(literal ?? identifier ?? plain))
    if (value === undefined) return text
    if (literal !== undefined) return `'${value.replaceAll("'", "''")}'`
    return identifier === undefined ? value : `"${value.replaceAll('"', '""')}"`
  })
}

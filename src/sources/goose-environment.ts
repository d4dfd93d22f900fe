/** A line with its variables filled in. */
export interface ExpandedLine {
  readonly text: string
  /** Variables without a value, in order of appearance. */
  readonly unknown: readonly string[]
  /** Why goose would stop here. */
  readonly error?: string
}

/** `${NAME}`, `${NAME:-default}`, `$NAME`; the defaults of defaults are not looked into. */
const expansion =
  /\\\\|\\\$|\$\$|\$\(|\$\{(?<braced>\p{L}[\p{L}\p{N}_]*)(?:(?<operator>:-|-|\?|:)(?<operand>[^}]{0,200}))?\}|\$(?<plain>\p{L}[\p{L}\p{N}_]*)|\$(?=.)/gu

/**
 * Fills in `$NAME` as goose does below `-- +goose ENVSUB ON` (mfridman/interpolate's parser.go): everywhere in the
 * line, comments and literals included, and `$$` becomes `$`. What has no value here stays as it is written; goose
 * itself would put its environment's value there, or nothing.
 */
export function expandLine(line: string, values: Readonly<Record<string, string>>): ExpandedLine {
  const unknown: string[] = []
  let error: string | undefined
  const text = line.replace(expansion, (written: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>
    const name = groups['braced'] ?? groups['plain']
    if (name === undefined) {
      if (written === '$') error ??= 'it takes a dollar sign for the beginning of a variable'
      return written === '\\$' || written === '$$' ? '$' : written
    }
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    const filled = operate(value, groups['operator'], groups['operand'] ?? '')
    if (filled === undefined) unknown.push(name)
    return filled ?? written
  })
  return { text, unknown, ...(error === undefined ? {} : { error }) }
}

function operate(
  value: string | undefined,
  operator: string | undefined,
  operand: string,
): string | undefined {
  if (operator === ':-') return value === undefined || value === '' ? operand : value
  if (operator === '-') return value ?? operand
  if (operator !== ':' || value === undefined) return value
  const [offset, length] = operand.split(':').map(Number)
  return value.slice(offset, length === undefined ? undefined : (offset ?? 0) + length)
}

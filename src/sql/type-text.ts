/** A type as format_type() prints it, taken apart. */
export interface TypeText {
  /** Without modifiers: `character varying`, `timestamp without time zone`, `billing.state`. */
  readonly name: string
  readonly modifiers: readonly number[]
  readonly isArray: boolean
}

/** Takes `numeric(10,2)`, `timestamp(0) with time zone` or `character varying(20)[]` apart (format_type.c). */
export function readTypeText(text: string): TypeText {
  const isArray = text.endsWith('[]')
  const element = isArray ? text.replace(/(\[\])+$/, '') : text
  const match = /^(.*?)\((-?\d+(?:,-?\d+)*)\)(.*)$/.exec(element)
  if (match === null) return { name: element, modifiers: [], isArray }
  const modifiers = (match[2] ?? '').split(',').map(Number)
  return { name: `${match[1] ?? ''}${match[3] ?? ''}`, modifiers, isArray }
}

/** Bytes of the integer types. */
export const integerBytes: Readonly<Record<string, number>> = { smallint: 2, integer: 4, bigint: 8 }

/** What numeric(precision, scale) holds; undefined where it has no modifiers, and holds anything. */
export function numericDigits({
  modifiers,
}: TypeText): { readonly whole: number; readonly scale: number } | undefined {
  const [precision, scale = 0] = modifiers
  return precision === undefined ? undefined : { whole: precision - scale, scale }
}

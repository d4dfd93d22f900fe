import type { A_Const, Node } from '@pgsql/types'

/** A node's tag and what is below it. */
export interface UnwrappedNode {
  readonly tag: string
  readonly value: unknown
}

/** `{ ColumnRef: {…} }` as `{ tag: 'ColumnRef', value: {…} }`. */
export function unwrap(node: Node | undefined): UnwrappedNode | undefined {
  if (node === undefined) return undefined
  const [entry] = Object.entries(node)
  return entry === undefined ? undefined : { tag: entry[0], value: entry[1] }
}

/** What is below the tag, when the node has that tag. */
export function as<T>(node: Node | undefined, tag: string): T | undefined {
  return (node as Readonly<Record<string, unknown>> | undefined)?.[tag] as T | undefined
}

/** What is below the tag, for every node of the list that has it. */
export function allOf<T>(nodes: readonly Node[] | undefined, tag: string): readonly T[] {
  return (nodes ?? []).flatMap((node) => {
    const value = as<T>(node, tag)
    return value === undefined ? [] : [value]
  })
}

/** The strings of a list of String nodes: a qualified name, an operator, column names. */
export function words(nodes: readonly Node[] | undefined): readonly string[] {
  return allOf<{ sval?: string }>(nodes, 'String').map(({ sval }) => sval ?? '')
}

/** `['t', 'c']` for the column reference t.c; a star is left out. */
export function columnPath(reference: { readonly fields?: readonly Node[] }): readonly string[] {
  return words(reference.fields)
}

/** A literal's value as text, also below casts; undefined for NULL and for everything that is no literal. */
export function literalText(node: Node | undefined): string | undefined {
  const cast = as<{ arg?: Node }>(node, 'TypeCast')
  if (cast !== undefined) return literalText(cast.arg)
  const constant = as<A_Const>(node, 'A_Const')
  if (constant === undefined || constant.isnull === true) return undefined
  // protobuf leaves zero, false and '' out
  if (constant.ival !== undefined) return String(constant.ival.ival ?? 0)
  if (constant.fval !== undefined) return constant.fval.fval ?? '0'
  if (constant.boolval !== undefined) return String(constant.boolval.boolval ?? false)
  if (constant.sval !== undefined) return constant.sval.sval ?? ''
  return constant.bsval?.bsval
}

/** Visits every tagged node of a tree, parents first. */
export function walk(tree: unknown, visit: (tag: string, value: unknown) => void): void {
  if (Array.isArray(tree)) {
    for (const item of tree) walk(item, visit)
    return
  }
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value !== 'object' || value === null) continue
    if (/^[A-Z]/.test(key)) visit(key, value)
    walk(value, visit)
  }
}

/** Is it NULL, also below casts? */
export function isNullLiteral(node: Node | undefined): boolean {
  const cast = as<{ arg?: Node }>(node, 'TypeCast')
  return cast === undefined ? as<A_Const>(node, 'A_Const')?.isnull === true : isNullLiteral(cast.arg)
}

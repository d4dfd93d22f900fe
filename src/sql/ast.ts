import type { A_Const, Node, TypeName } from '@pgsql/types'

/**
 * Small readings of libpg_query's tree. A node is an object with one key, its tag; fields that are false, zero
 * or empty are left out.
 */

/** A node's tag and what is below it. */
export interface UnwrappedNode {
  readonly tag: string
  readonly value: object
}

/** `{ ColumnRef: {…} }` as `{ tag: 'ColumnRef', value: {…} }`. */
export function unwrap(node: Node | undefined): UnwrappedNode | undefined {
  if (node === undefined) return undefined
  for (const tag in node) return { tag, value: (node as Record<string, object>)[tag] ?? {} }
  return undefined
}

/** What is below the tag, when the node has that tag. */
export function as<T>(node: Node | undefined, tag: string): T | undefined {
  return (node as Readonly<Record<string, unknown>> | undefined)?.[tag] as T | undefined
}

/** What is below the tag, for every node of the list that has it. */
export function allOf<T>(nodes: readonly Node[] | undefined, tag: string): readonly T[] {
  const found: T[] = []
  for (const node of nodes ?? []) {
    const value = as<T>(node, tag)
    if (value !== undefined) found.push(value)
  }
  return found
}

/** The strings of a list of String nodes: a qualified name, an operator, column names. */
export function words(nodes: readonly Node[] | undefined): readonly string[] {
  return allOf<{ sval?: string }>(nodes, 'String').map(({ sval }) => sval ?? '')
}

/** The words of a qualified name, however the grammar wraps it: List, TypeName, ObjectWithArgs or String. */
export function nameWords(node: Node | undefined): readonly string[] {
  const wrapped = unwrap(node)
  if (node === undefined || wrapped === undefined) return []
  switch (wrapped.tag) {
    case 'List':
      return words((wrapped.value as { items?: Node[] }).items)
    case 'TypeName':
      return words((wrapped.value as TypeName).names)
    case 'ObjectWithArgs':
      return words((wrapped.value as { objname?: Node[] }).objname)
    default:
      return words([node])
  }
}

/** `['t', 'c']` for the column reference t.c; a star is left out. */
export function columnPath(reference: { readonly fields?: readonly Node[] }): readonly string[] {
  return words(reference.fields)
}

/**
 * A literal's value as text, also below casts and signs; undefined for NULL and for everything that is no literal.
 */
export function literalText(node: Node | undefined): string | undefined {
  const wrapped = unwrap(node)
  switch (wrapped?.tag) {
    case 'TypeCast':
      return literalText((wrapped.value as { arg?: Node }).arg)
    case 'A_Const':
      return constantText(wrapped.value as A_Const)
    case 'Integer':
      return String((wrapped.value as { ival?: number }).ival ?? 0)
    case 'Float':
      return (wrapped.value as { fval?: string }).fval ?? '0'
    case 'String':
      return (wrapped.value as { sval?: string }).sval ?? ''
    case 'A_Expr':
      return negatedText(wrapped.value)
    default:
      return undefined
  }
}

function constantText(constant: A_Const): string | undefined {
  if (constant.isnull === true) return undefined
  // protobuf leaves zero, false and '' out
  if (constant.sval !== undefined) return constant.sval.sval ?? ''
  if (constant.ival !== undefined) return String(constant.ival.ival ?? 0)
  if (constant.fval !== undefined) return constant.fval.fval ?? '0'
  if (constant.boolval !== undefined) return String(constant.boolval.boolval ?? false)
  return constant.bsval?.bsval
}

function negatedText({
  name,
  lexpr,
  rexpr,
}: {
  name?: Node[]
  lexpr?: Node
  rexpr?: Node
}): string | undefined {
  if (lexpr !== undefined || words(name)[0] !== '-') return undefined
  const operand = literalText(rexpr)
  return operand === undefined ? undefined : `-${operand}`
}

/** Is it NULL, also below casts? */
export function isNullLiteral(node: Node | undefined): boolean {
  const cast = as<{ arg?: Node }>(node, 'TypeCast')
  return cast === undefined ? as<A_Const>(node, 'A_Const')?.isnull === true : isNullLiteral(cast.arg)
}

/** Visits every tagged node of a tree, parents first. `visit` returns false to stay out of what is below. */
export function walk(tree: unknown, visit: (tag: string, value: object) => boolean | void): void {
  if (Array.isArray(tree)) {
    for (const item of tree) walk(item, visit)
    return
  }
  if (typeof tree !== 'object' || tree === null) return
  for (const key in tree) {
    const value = (tree as Record<string, unknown>)[key]
    if (typeof value !== 'object' || value === null) continue
    const initial = key.charCodeAt(0)
    const isTag = initial >= 65 && initial <= 90
    if (isTag && visit(key, value) === false) continue
    walk(value, visit)
  }
}

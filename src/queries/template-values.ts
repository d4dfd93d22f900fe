import { child, children, stringOf, unwrapped, type CodeNode } from './code-tree.ts'
import { identifierName, isTag, memberName, tagKind } from './template-tags.ts'

/** What an expression in a template stands for. */
export type Meaning =
  | { readonly kind: 'value'; readonly name?: string }
  /** As many values as it has. */
  | { readonly kind: 'list'; readonly name?: string }
  | { readonly kind: 'text'; readonly text: string }
  /** Values with text around them: each `undefined` is one. */
  | { readonly kind: 'values'; readonly parts: readonly (string | { readonly name: string })[] }
  | { readonly kind: 'template'; readonly node: CodeNode }
  | { readonly kind: 'dynamic' }

const dynamic: Meaning = { kind: 'dynamic' }

/** What Slonik, postgres.js, Drizzle, Kysely and Prisma call the functions that give a value. */
const values = new Set([
  'array',
  'binary',
  'bytea',
  'date',
  'interval',
  'json',
  'jsonb',
  'param',
  'placeholder',
  'time',
  'timestamp',
  'timestamptz',
  'typed',
  'uuid',
  'val',
  'value',
])
const rawTexts = new Set(['raw', 'unsafe', 'literalValue', 'lit', 'literal'])
const identifiers = new Set(['column', 'id', 'ident', 'identifier', 'name', 'ref', 'table'])

/** `before`: the SQL in front of it. */
export function meaningOf(expression: CodeNode, before: string, tags: ReadonlySet<string>): Meaning {
  const node = unwrapped(expression)
  switch (node.type) {
    case 'TaggedTemplateExpression': {
      return tagKind(child(node, 'tag'), tags) === undefined ? dynamic : { kind: 'template', node }
    }
    case 'ConditionalExpression':
    case 'LogicalExpression': {
      const branches = ['consequent', 'alternate', 'left', 'right'].flatMap((key) => child(node, key) ?? [])
      const isValue = branches.every((branch) => isPlainValue(meaningOf(branch, before, tags)))
      return isValue ? { kind: 'value' } : dynamic
    }
    case 'CallExpression': {
      return meaningOfCall(node, before, tags)
    }
    case 'MemberExpression': {
      if (memberName(node) === 'empty' && isHelperObject(child(node, 'object'), tags))
        return { kind: 'text', text: '' }
      return valueNamed(memberName(node))
    }
    case 'Identifier': {
      return valueNamed(identifierName(node))
    }
    default: {
      return { kind: 'value' }
    }
  }
}

function isPlainValue({ kind }: Meaning): boolean {
  return kind === 'value'
}

function valueNamed(name: string | undefined): Meaning {
  return name === undefined ? { kind: 'value' } : { kind: 'value', name }
}

/** `sql` and `db.sql`; Prisma has its helpers at `Prisma`. */
function isHelperObject(node: CodeNode | undefined, tags: ReadonlySet<string>): boolean {
  return isTag(node, tags) || identifierName(node) === 'Prisma'
}

function meaningOfCall(node: CodeNode, before: string, tags: ReadonlySet<string>): Meaning {
  const callee = child(node, 'callee')
  const given = children(node, 'arguments')
  if (isTag(callee, tags)) return helperOfPostgresJs(given, before)
  if (callee?.type !== 'MemberExpression' || !isHelperObject(child(callee, 'object'), tags))
    return { kind: 'value' }
  const name = memberName(callee) ?? ''
  if (values.has(name)) return valueNamed(identifierName(given[0]))
  if (name === 'join') return isListDue(before) ? { kind: 'list', ...nameOf(given[0]) } : dynamic
  const words = given.length === 1 ? literalsOf(given[0]) : undefined
  if (words === undefined) return dynamic
  if (identifiers.has(name)) return { kind: 'text', text: words.map(quoted).join('.') }
  return rawTexts.has(name) && words.length === 1 ? { kind: 'text', text: words[0] ?? '' } : dynamic
}

/**
 * `sql(ids)` behind IN is a list; `sql('name')` an identifier; `sql(row, 'a', 'b')` behind INSERT INTO t and SET are
 * columns with values. See "Building queries" in the README of postgres.js.
 */
function helperOfPostgresJs(given: readonly CodeNode[], before: string): Meaning {
  const [first, ...others] = given
  if (first === undefined) return dynamic
  if (isListDue(before)) return { kind: 'list', ...nameOf(first) }
  const words = literalsOf(first)
  if (words !== undefined && others.length === 0) return { kind: 'text', text: words.map(quoted).join(', ') }
  const columns = others.flatMap((other) => literalsOf(other) ?? [])
  if (columns.length === 0 || columns.length < others.length) return dynamic
  const named = columns.map((column) => ({ name: column }))
  if (/\bset\s*$/i.test(before)) {
    const parts = named.flatMap(({ name }, at) => [`${at === 0 ? '' : ', '}${quoted(name)} = `, { name }])
    return { kind: 'values', parts }
  }
  if (!/\binsert\s+into\s+[\w."]+\s*$/i.test(before)) return dynamic
  const list = named.flatMap((column, at) => (at === 0 ? [column] : [', ', column]))
  return { kind: 'values', parts: [`(${columns.map(quoted).join(', ')}) values (`, ...list, ')'] }
}

/** `IN `, `IN (`, `ARRAY[` */
function isListDue(before: string): boolean {
  return /(?:\bin\s*\(?|\barray\s*\[)\s*$/i.test(before.slice(-100))
}

function nameOf(node: CodeNode | undefined): { readonly name?: string } {
  const name = node?.type === 'MemberExpression' ? memberName(node) : identifierName(node)
  return name === undefined ? {} : { name }
}

/** The words of a string literal or of an array of them. */
function literalsOf(node: CodeNode | undefined): readonly string[] | undefined {
  const inner = node === undefined ? undefined : unwrapped(node)
  const word = stringOf(inner)
  if (word !== undefined) return [word]
  if (inner?.type !== 'ArrayExpression') return undefined
  const words = children(inner, 'elements').map(stringOf)
  const all = words.filter((one) => one !== undefined)
  return all.length === words.length && all.length > 0 ? all : undefined
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

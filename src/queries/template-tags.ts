import { child, stringOf, wordOf, type CodeNode } from './code-tree.ts'

/** Tags of template literals that hold SQL, by their last word: `sql` is `db.sql` as well. */
export const usualTags: readonly string[] = ['sql', 'SQL', '$queryRaw', '$executeRaw']

/** `query`: the template may be a statement. `fragment`: it says itself that it is a part of one. */
export type TagKind = 'query' | 'fragment'

/** `sql.unsafe` and `sql.type(…)` of Slonik. */
const ofSlonik = new Set(['unsafe', 'type', 'typeAlias', 'typed'])

/** What kind of tag it is, or undefined: the template is something else. */
export function tagKind(tag: CodeNode | undefined, tags: ReadonlySet<string>): TagKind | undefined {
  if (tag === undefined) return undefined
  if (isTag(tag, tags)) return 'query'
  const callee = tag.type === 'CallExpression' ? child(tag, 'callee') : tag
  if (callee?.type !== 'MemberExpression' || !isTag(child(callee, 'object'), tags)) return undefined
  const property = memberName(callee)
  if (property === 'fragment') return 'fragment'
  return property !== undefined && ofSlonik.has(property) ? 'query' : undefined
}

/** `sql`, `db.sql`, `this.db.sql` */
export function isTag(node: CodeNode | undefined, tags: ReadonlySet<string>): boolean {
  const word = node?.type === 'MemberExpression' ? memberName(node) : identifierName(node)
  return word !== undefined && tags.has(word)
}

export function identifierName(node: CodeNode | undefined): string | undefined {
  return node?.type === 'Identifier' ? wordOf(node) : undefined
}

/** `b` of `a.b` and `a['b']`. */
export function memberName(node: CodeNode): string | undefined {
  const property = child(node, 'property')
  return node['computed'] === true ? stringOf(property) : wordOf(property)
}

/**
 * Finds files that may hold such templates, without a parser: a tag with a backtick or type arguments behind it, or one of
 * Slonik's.
 */
export function tagPattern(tags: readonly string[]): RegExp {
  const names = tags.map((tag) => tag.replaceAll('$', String.raw`\$`)).join('|')
  return new RegExp(String.raw`(?<![\w$])(?:${names})\s*(?:${'`'}|<|\.\s*(?:unsafe|type|typeAlias|typed)\b)`)
}

import type { ParserOptions } from '@babel/parser'

/** A node of Babel's tree, as far as anybody here looks at it. */
export interface CodeNode {
  readonly type: string
  /** UTF-16 offsets in the file. */
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** The tree of a file, or why there is none. */
export type ParsedCode = { readonly tree: CodeNode } | { readonly problem: string }

type Plugins = NonNullable<ParserOptions['plugins']>

const common: Plugins = ['decorators', 'explicitResourceManagement', 'importAttributes']

/** JavaScript may have types of Flow; `<T>x` is a cast in TypeScript and the beginning of JSX elsewhere. */
function attempts(file: string): readonly Plugins[] {
  if (/\.[cm]?ts$/.test(file)) return [['typescript', ...common]]
  if (file.endsWith('.tsx')) return [['typescript', 'jsx', ...common]]
  return [
    ['typescript', 'jsx', ...common],
    ['flow', 'jsx', ...common],
  ]
}

/** Parses TypeScript or JavaScript; small mistakes are forgiven, as far as Babel does. Never throws. */
export async function parseCode(file: string, text: string): Promise<ParsedCode> {
  const { parse } = await import('@babel/parser')
  let problem = ''
  for (const plugins of attempts(file)) {
    try {
      const { program } = parse(text, { ...options, plugins })
      return { tree: program as unknown as CodeNode }
    } catch (error) {
      if (error instanceof RangeError) return { problem: 'it is nested too deeply' }
      problem ||= error instanceof Error ? error.message : String(error)
    }
  }
  return { problem: `it cannot be parsed: ${problem.slice(0, 300)}` }
}

const options: ParserOptions = {
  sourceType: 'module',
  errorRecovery: true,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
  allowNewTargetOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowUndeclaredExports: true,
  attachComment: false,
}

export function isNode(value: unknown): value is CodeNode {
  return typeof value === 'object' && value !== null && typeof (value as CodeNode).type === 'string'
}

/** The node that a property holds. */
export function child(node: CodeNode, property: string): CodeNode | undefined {
  const value = node[property]
  return isNode(value) ? value : undefined
}

export function children(node: CodeNode, property: string): readonly CodeNode[] {
  const value = node[property]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The word of an identifier, or of a property that is one or a string; else undefined. */
export function wordOf(node: CodeNode | undefined): string | undefined {
  if (node?.type === 'Identifier' && typeof node['name'] === 'string') return node['name']
  if (node?.type === 'PrivateName') return wordOf(child(node, 'id'))
  return stringOf(node)
}

/** The value of a string literal. */
export function stringOf(node: CodeNode | undefined): string | undefined {
  return node?.type === 'StringLiteral' && typeof node['value'] === 'string' ? node['value'] : undefined
}

/** What is left without parentheses, `as`, `!`, `satisfies` and `await`. */
export function unwrapped(node: CodeNode): CodeNode {
  let inner = node
  while (wrappers.has(inner.type)) {
    const next = child(inner, inner.type === 'AwaitExpression' ? 'argument' : 'expression')
    if (next === undefined) break
    inner = next
  }
  return inner
}

const wrappers = new Set([
  'AwaitExpression',
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'TypeCastExpression',
])

const notCode = new Set(['comments', 'errors', 'extra', 'loc', 'tokens', 'typeAnnotation', 'typeParameters'])

/** The nodes right below, without types and comments. */
export function below(node: CodeNode): readonly CodeNode[] {
  const found: CodeNode[] = []
  for (const key of Object.keys(node)) {
    if (notCode.has(key)) continue
    const value = node[key]
    if (Array.isArray(value)) found.push(...value.filter(isNode))
    else if (isNode(value)) found.push(value)
  }
  return found
}

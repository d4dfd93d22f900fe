import { deparseSync } from 'pgsql-parser'
import type { AstNode, Statement } from '../core/model.ts'
import { standInExtensions } from '../core/stand-in-extensions.ts'
import { quoteIdent } from '../sql/quote.ts'

interface DefElem {
  readonly DefElem?: { readonly defname?: string }
}

/** What has to become of a statement where extensions are stand-ins of ours. */
export function onStubs(
  stubs: readonly string[],
  statement: Statement,
): Statement | { readonly refused: string } {
  const { tag, node } = statement
  if (stubs.length === 0 || node === undefined) return statement
  if (tag === 'IndexStmt') {
    const refused = optionsOfStub(stubs, node)
    return refused === undefined ? statement : { refused }
  }
  return tag === 'CreateExtensionStmt' || tag === 'AlterExtensionStmt'
    ? withoutVersion(stubs, statement, node)
    : statement
}

/** How {@link onStubs} refuses: an index that was left out is missed later. */
export const stubRefusal = /^An index of \w+ with options has no stand-in/

/** The access method of a stand-in is another one, which knows none of its options: CREATE INDEX … USING hnsw … WITH (m = 16). */
function optionsOfStub(stubs: readonly string[], node: AstNode): string | undefined {
  const method = String(node['accessMethod'] ?? '')
  const extension = stubs.find((name) => standInExtensions[name]?.accessMethods.includes(method))
  if (extension === undefined || !Array.isArray(node['options']) || node['options'].length === 0) {
    return undefined
  }
  return `An index of ${method} with options has no stand-in; it is judged by prediction.`
}

/** A stand-in has one version, whichever is asked for. */
function withoutVersion(stubs: readonly string[], statement: Statement, node: AstNode): Statement {
  const options = node['options'] as readonly DefElem[] | undefined
  const isStub = stubs.includes(String(node['extname']))
  if (!isStub || options === undefined || !options.some(isVersion)) return statement
  const changed = { ...node, options: options.filter((option) => !isVersion(option)) }
  if (statement.tag === 'AlterExtensionStmt') {
    // the deparser leaves UPDATE out where no version follows
    return {
      ...statement,
      node: changed,
      sql: `ALTER EXTENSION ${quoteIdent(String(node['extname']))} UPDATE`,
    }
  }
  const tree = { [statement.tag]: changed } as unknown as Parameters<typeof deparseSync>[0]
  return { ...statement, node: changed, sql: deparseSync(tree) }
}

function isVersion({ DefElem }: DefElem): boolean {
  return DefElem?.defname === 'new_version'
}

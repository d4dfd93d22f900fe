import type { Statement } from '../core/model.ts'
import { tokenize } from './tokens.ts'

/** A name that Postgres cuts off. */
export interface LongName {
  /** Without its quotes. */
  readonly written: string
  /** What is left of it. */
  readonly short: string
}

/** NAMEDATALEN - 1 (pg_config_manual.h) */
const longestBytes = 63

/**
 * Identifiers of a statement's text that are longer than a name may be, each once, in order. Postgres lower-cases
 * those without quotes and cuts at a character (downcase_truncate_identifier(), scansup.c).
 */
export function longNames(sql: string): readonly LongName[] {
  if (Buffer.byteLength(sql) <= longestBytes) return []
  const found = new Map<string, LongName>()
  for (const { kind, text } of tokenize(sql)) {
    // a shorter text has at most four bytes to each character
    if ((kind !== 'word' && kind !== 'quoted identifier') || text.length * 4 <= longestBytes) continue
    const written = kind === 'word' ? text.toLowerCase() : unquoted(text)
    const short = cut(written)
    if (short !== written && !found.has(written)) found.set(written, { written, short })
  }
  return [...found.values()]
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll('""', '"')
}

function cut(name: string): string {
  if (Buffer.byteLength(name) <= longestBytes) return name
  let short = ''
  let bytes = 0
  for (const character of name) {
    bytes += Buffer.byteLength(character)
    if (bytes > longestBytes) break
    short += character
  }
  return short
}

/** Keys of the tree that hold the name of what a statement creates, at any depth. */
const namingKeys: ReadonlySet<string> = new Set([
  'conname',
  'idxname',
  'trigname',
  'policy_name',
  'colname',
  'newname',
  'rulename',
])

/**
 * Names that the statement's tree gives to something: tables, columns, constraints, indexes, triggers, policies and
 * new names. Those of what it drops or mentions are none of them.
 */
export function namesGiven({ tag, node }: Statement): readonly string[] {
  if (node === undefined || tag === 'DropStmt') return []
  const names: string[] = []
  collect(node, names)
  const target = relationGiven[tag]?.(node as Tree)
  return target === undefined ? names : [...names, target]
}

type Tree = Readonly<Record<string, unknown>>

function relname(value: unknown): string | undefined {
  const name = (value as { readonly relname?: unknown } | undefined)?.relname
  return typeof name === 'string' ? name : undefined
}

const relationGiven: Readonly<Record<string, (node: Tree) => string | undefined>> = {
  CreateStmt: (node) => relname(node['relation']),
  CreateSeqStmt: (node) => relname(node['sequence']),
  ViewStmt: (node) => relname(node['view']),
  CreateTableAsStmt: (node) => relname((node['into'] as Tree | undefined)?.['rel']),
  CompositeTypeStmt: (node) => relname(node['typevar']),
}

function collect(value: unknown, names: string[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) collect(item, names)
    return
  }
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === 'string') {
      if (namingKeys.has(key)) names.push(child)
    } else collect(child, names)
  }
}

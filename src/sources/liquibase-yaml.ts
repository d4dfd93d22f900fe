import { isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml'
import type { ChangelogNode } from './liquibase-changelog.ts'
import { isPlainYaml, yamlOptions } from './yaml.ts'

/** A YAML or JSON changelog; undefined when it cannot be parsed or is none. */
export function readYamlChangelog(text: string): readonly ChangelogNode[] | undefined {
  if (!isPlainYaml(text)) return undefined
  const { contents, errors } = parseDocument(text, yamlOptions)
  if (errors.length > 0 || !isMap(contents)) return undefined
  const list = contents.get('databaseChangeLog', true)
  return isSeq(list) ? nodesOf(list as YamlNode) : undefined
}

/** `- include: {…}` and `include: {…}` alike become nodes by their key. */
function nodesOf(value: YamlNode): ChangelogNode[] {
  if (isSeq(value)) return value.items.flatMap((item) => nodesOf(item as YamlNode))
  if (!isMap(value)) return []
  return value.items.flatMap(({ key, value: inner }) =>
    isScalar(key) && inner !== null ? [yamlNode(String(key.value), inner as YamlNode)] : [],
  )
}

function yamlNode(name: string, value: YamlNode): ChangelogNode {
  const [start = 0, end = 0] = value.range ?? []
  if (isScalar(value)) {
    // the text of a block scalar begins on the line after its mark
    const isBlock = value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED'
    const text = isBlock ? `\n${String(value.value)}` : String(value.value)
    return { name, attributes: {}, children: [], text, place: { start, end } }
  }
  const children = nodesOf(value)
  const attributes: Record<string, string> = {}
  for (const child of isMap(value) ? children : []) {
    if (child.children.length === 0) attributes[child.name] = child.text.trim()
  }
  return { name, attributes, children, text: '', place: { start, end } }
}

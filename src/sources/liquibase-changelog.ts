import type { ScriptPart } from '../core/source.ts'

/** An element of an XML changelog, or what stands under a key of a YAML or JSON one. */
export interface ChangelogNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly ChangelogNode[]
  /** The text of the element, or the scalar itself, decoded. */
  readonly text: string
  /** Where that text stands in the file. */
  readonly place: ScriptPart
}

/** What stands in a changelog, in order; undefined when the text is none. */
export async function readChangelog(
  file: string,
  text: string,
): Promise<readonly ChangelogNode[] | undefined> {
  if (!text.includes('databaseChangeLog')) return undefined
  if (file.toLowerCase().endsWith('.xml')) {
    const root = readXml(text).find(({ name }) => name === 'databaseChangeLog')
    return root?.children
  }
  // a YAML parser costs every run a good part of its start-up
  const { readYamlChangelog } = await import('./liquibase-yaml.ts')
  return readYamlChangelog(text)
}

interface OpenNode extends ChangelogNode {
  readonly children: OpenNode[]
  text: string
  place: { start: number; end: number }
}

const tag =
  /<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]{0,10000}"|'[^'<]{0,10000}'))*)\s*(\/?)>/y

/** Elements as they stand, without a look at schemas: a file that XML would refuse gives what can be read. */
function readXml(text: string): readonly ChangelogNode[] {
  const top = openNode('', {}, 0)
  const open: OpenNode[] = [top]
  let at = 0
  while (at < text.length) {
    const inner = open.at(-1) ?? top
    const next = text.indexOf('<', at)
    const end = next < 0 ? text.length : next
    addText(inner, decodeEntities(text.slice(at, end)), at, end)
    at = next < 0 ? end : afterMarkup(text, next, open)
  }
  return top.children
}

/** Takes in what begins with this `<`; gives where it ends: the end of the text where it never does. */
function afterMarkup(text: string, at: number, open: OpenNode[]): number {
  const inner = open.at(-1)
  const upTo = (mark: string): number => {
    const found = text.indexOf(mark, at)
    return found < 0 ? text.length : found + mark.length
  }
  if (text.startsWith('<!--', at)) return upTo('-->')
  if (text.startsWith('<![CDATA[', at)) {
    const end = upTo(']]>')
    if (inner !== undefined) addText(inner, text.slice(at + 9, Math.max(end - 3, at + 9)), at, end)
    return end
  }
  tag.lastIndex = at
  const match = tag.exec(text)
  if (match === null) return /[?!]/.test(text[at + 1] ?? '') ? upTo('>') : at + 1
  const [whole, closed, opened = '', attributes = '', selfClosed] = match
  if (closed !== undefined) {
    if (open.length > 1) open.pop()
  } else {
    const node = openNode(localName(opened), attributesOf(attributes), at + whole.length)
    inner?.children.push(node)
    if (selfClosed !== '/') open.push(node)
  }
  return at + whole.length
}

function openNode(name: string, attributes: Record<string, string>, at: number): OpenNode {
  return { name, attributes, children: [], text: '', place: { start: at, end: at } }
}

function addText(node: OpenNode, text: string, start: number, end: number): void {
  if (text === '') return
  if (node.text === '') node.place.start = start
  node.text += text
  node.place.end = end
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const match of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    attributes[localName(match[1] ?? '')] = decodeEntities(match[2] ?? match[3] ?? '')
  return attributes
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const entity = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi

function decodeEntities(text: string): string {
  return text.replaceAll(entity, (written: string, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? written) : written
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : written
  })
}

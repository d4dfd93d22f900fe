/** An element of an XML document; `text` is its own character data, joined. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" }

/** Parses the XML that a report may use: elements, attributes, text, five entities. Throws where it is not well-formed. */
export function parseXml(xml: string): XmlElement {
  const forbidden = /(?![\t\n\r])[\p{Cc}\ufffe\uffff\p{Cs}]/u.exec(xml)
  if (forbidden !== null) throw new Error(`XML 1.0 has no character ${JSON.stringify(forbidden[0])}`)
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/, '')
  const root = { name: '', attributes: {}, children: [] as XmlElement[], text: '' }
  const open = [root]
  let end = 0
  for (const token of body.matchAll(/<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/g)) {
    if (token.index !== end) throw new Error(`not XML at: ${body.slice(end, end + 40)}`)
    end += token[0].length
    const [, closing, name = '', attributes = '', single, text] = token
    const top = open.at(-1)
    if (top === undefined) throw new Error('text after the end of the document')
    if (text !== undefined) top.text += decode(text)
    else if (closing === '/') {
      if (top.name !== name) throw new Error(`</${name}> closes <${top.name}>`)
      open.pop()
    } else {
      const element = { name, attributes: parseAttributes(attributes), children: [], text: '' }
      top.children.push(element)
      if (single !== '/') open.push(element)
    }
  }
  const [element, ...others] = root.children
  if (end !== body.length || open.length !== 1 || element === undefined || others.length > 0) {
    throw new Error('the document is not one closed element')
  }
  return element
}

function parseAttributes(text: string): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(/([\w-]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`attribute ${name} twice`)
    attributes[name] = decode(value)
  }
  return attributes
}

function decode(text: string): string {
  return text.replaceAll(/&([^;]*;)?/g, (whole, name: string | undefined) => {
    const character = entities[name?.slice(0, -1) ?? '']
    if (character === undefined) throw new Error(`unknown entity ${whole}`)
    return character
  })
}

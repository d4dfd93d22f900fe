/** Which parts of a note are code to GitLab's markdown, and which are live. */

/** A paragraph, table row, heading, …: text in which inline markup is live; or raw HTML, in which it is not. */
export interface LiveBlock {
  readonly kind: 'text' | 'html'
  readonly text: string
}

const htmlBlockStart =
  /^ {0,3}<\/?(?:address|article|aside|blockquote|body|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|li|link|main|menu|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)(?:\s|\/?>|$)/i

/** The blocks of a note that are not fenced code and not comments, in order [CommonMark 4.5, 4.6]. */
export function liveBlocks(body: string): readonly LiveBlock[] {
  const blocks: LiveBlock[] = []
  let fence: string | undefined
  let comment = false
  let kind: 'text' | 'html' = 'text'
  let lines: string[] = []
  const finish = (): void => {
    if (lines.length > 0) blocks.push({ kind, text: lines.join('\n') })
    lines = []
    kind = 'text'
  }
  for (const line of body.replaceAll('\r', '').split('\n')) {
    if (fence !== undefined) {
      if (closesFence(line, fence)) fence = undefined
      continue
    }
    if (comment) {
      comment = !line.includes('-->')
      continue
    }
    const open = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line.replace(/^(?: {0,3}>)+ ?/, ''))
    if (open?.[1] !== undefined && kind === 'text') {
      finish()
      fence = open[1]
    } else if (/^ {0,3}<!--/.test(line) && kind === 'text') {
      finish()
      comment = !line.includes('-->')
    } else if (line.trim() === '') {
      finish()
    } else {
      // A row of a table is split into cells before its code spans are looked for [GFM 4.10].
      const starts = htmlBlockStart.test(line)
      if (starts || line.startsWith('|')) finish()
      if (starts) kind = 'html'
      lines.push(line)
      if (line.startsWith('|')) finish()
    }
  }
  finish()
  return blocks.flatMap((block) =>
    block.kind === 'text' && block.text.startsWith('|') ? cells(block.text) : [block],
  )
}

/** What of a block a reader would see as text, without code, link targets, tags and comments; entities decoded. */
export function visibleText(block: LiveBlock): string {
  const withoutComments = block.text.replaceAll(/<!--.*?-->/gs, ' ')
  if (block.kind === 'html') {
    const text = withoutComments.replaceAll(/<(code|pre)\b[^>]*>.*?<\/\1>/gis, ' ')
    return decodeEntities(text.replaceAll(/<[^>]*>/g, ' '))
  }
  const text = withoutCodeSpans(withoutComments)
    .replaceAll(/(?<=\])\((?:<[^>]*>|[^()\s]*(?:\([^()]*\)[^()\s]*)*)(?:\s+"[^"]*")?\)/g, ' ')
    .replaceAll(/<(code|pre)\b[^>]*>.*?<\/\1>/gis, ' ')
    .replaceAll(/<\/?[a-z][^>]*>/gi, ' ')
    .replaceAll(/\bhttps?:\/\/\S+/g, ' ')
  // An escaped reference character is text [src banzai markdown_pre_escape_legacy_filter].
  return decodeEntities(text.replaceAll(/\\[$%#&@!~^\\`]/g, ' '))
}

/** Removes code spans: a run of backticks to the next run of the same length [CommonMark 6.1]. */
function withoutCodeSpans(text: string): string {
  let rest = text
  let out = ''
  for (;;) {
    const open = /(?<!\\)`+/.exec(rest)
    if (open === null) return out + rest
    const after = open.index + open[0].length
    const close = new RegExp(`(?<!\`)${open[0]}(?!\`)`).exec(rest.slice(after))
    out += rest.slice(0, open.index)
    if (close === null) {
      out += open[0]
      rest = rest.slice(after)
    } else {
      out += ' '
      rest = rest.slice(after + close.index + close[0].length)
    }
  }
}

function cells(row: string): readonly LiveBlock[] {
  return row
    .split(/(?<!\\)\|/)
    .filter((cell) => cell.trim() !== '')
    .map((text) => ({ kind: 'text', text }))
}

function closesFence(line: string, fence: string): boolean {
  const bare = line.replace(/^(?: {0,3}>)+ ?/, '').trim()
  const sign = fence[0] ?? '`'
  return bare.length >= fence.length && bare === sign.repeat(bare.length)
}

function decodeEntities(text: string): string {
  const named: Readonly<Record<string, string>> = {
    commat: '@',
    num: '#',
    excl: '!',
    percnt: '%',
    amp: '&',
    dollar: '$',
  }
  return text
    .replaceAll(/&#x([0-9a-f]+);/gi, (_, code: string) => character(Number.parseInt(code, 16)))
    .replaceAll(/&#(\d+);/g, (_, code: string) => character(Number(code)))
    .replaceAll(/&([a-z]+);/gi, (whole, name: string) => named[name] ?? whole)
}

function character(code: number): string {
  return code > 0 && code < 0x11_00_00 ? String.fromCodePoint(code) : ' '
}

import pc from 'picocolors'
import { textWidth, wrapText } from '../reporters/text-width.ts'

type Colors = ReturnType<typeof pc.createColors>

/** The markdown that our own pages use, as text for a terminal. Not a general renderer. */
export function renderMarkdown(markdown: string, options: { color: boolean; width: number }): string {
  const colors = pc.createColors(options.color)
  const blocks = splitBlocks(markdown.replaceAll(/<!--[\s\S]*?-->\n?/g, ''))
  const rendered = blocks.map((block) => renderBlock(block, colors, options.width))
  return `${rendered.join('\n\n')}\n`
}

/** Lines that belong together: a fenced block, a table, a list, a paragraph, a heading. */
function splitBlocks(markdown: string): readonly (readonly string[])[] {
  const blocks: string[][] = []
  let current: string[] = []
  let fenced = false
  const close = (): void => {
    if (current.length > 0) blocks.push(current)
    current = []
  }
  for (const line of markdown.split(/\r?\n/)) {
    const isFence = line.startsWith('```')
    if (fenced) {
      current.push(line)
      if (isFence) close()
      fenced = !isFence
    } else if (isFence || line.startsWith('#')) {
      close()
      current.push(line)
      fenced = isFence
      if (!isFence) close()
    } else if (line.trim() === '') {
      close()
    } else {
      current.push(line)
    }
  }
  close()
  return blocks
}

function renderBlock(block: readonly string[], colors: Colors, width: number): string {
  const first = block[0] ?? ''
  if (first.startsWith('```')) {
    const body = block.slice(1, block.at(-1)?.startsWith('```') === true ? -1 : undefined)
    return body.map((line) => `    ${colors.cyan(line)}`.trimEnd()).join('\n')
  }
  const heading = /^(#+)\s+(.*)$/.exec(first)
  if (heading !== null) {
    const text = inline(heading[2] ?? '', colors)
    return heading[1] === '#' ? colors.bold(colors.underline(text)) : colors.bold(text)
  }
  if (first.startsWith('|')) return renderTable(block, colors)
  return items(block)
    .map((item) => renderItem(item, colors, width))
    .join('\n')
}

/** List items with their continuation lines joined; a paragraph is one item without a mark. */
function items(block: readonly string[]): readonly string[] {
  const joined: string[] = []
  for (const line of block) {
    const last = joined.length - 1
    if (joined.length === 0 || /^\s*([-*>]|\d+\.)\s/.test(line)) joined.push(line)
    else joined[last] = `${joined[last] ?? ''} ${line.trim()}`
  }
  return joined
}

function renderItem(item: string, colors: Colors, width: number): string {
  const [, mark = '', text = ''] = /^(\s*(?:(?:[-*>]|\d+\.)\s+)?)(.*)$/s.exec(item) ?? []
  const shownMark = mark.replace(/[-*]/, '•')
  const indent = ' '.repeat(textWidth(shownMark))
  const lines = wrapText(inline(text, colors), Math.max(20, width - indent.length))
  return lines.map((line, index) => `${index === 0 ? shownMark : indent}${line}`).join('\n')
}

function renderTable(block: readonly string[], colors: Colors): string {
  const rows = block
    .filter((line) => !/^\|[\s:|-]+\|?$/.test(line))
    .map((line) =>
      line
        .replaceAll(/^\||\|$/g, '')
        .split(/(?<!\\)\|/)
        .map((cell) => inline(cell.trim().replaceAll('\\|', '|'), colors)),
    )
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => textWidth(row[column] ?? ''))),
  )
  return rows
    .map((row, index) => {
      const line = row
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell))))
        .join('  ')
        .trimEnd()
      return index === 0 ? colors.bold(line) : line
    })
    .join('\n')
}

/** Code spans are left alone; links to other pages of ours become their text, links to the web keep their address. */
function inline(text: string, colors: Colors): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 2
        ? colors.cyan(part.slice(1, -1))
        : part
            .replaceAll(/\[([^\]]*)\]\((https?:[^)\s]+)\)/g, (_, label: string, url: string) =>
              label === url ? url : `${label} (${url})`,
            )
            .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
            .replaceAll(/<(https?:[^>\s]+)>/g, '$1')
            .replaceAll(/\*\*([^*]+)\*\*/g, (_, strong: string) => colors.bold(strong))
            .replaceAll(/(?<![\w*])[*_]([^*_]+)[*_](?!\w)/g, (_, emphasis: string) =>
              colors.italic(emphasis),
            ),
    )
    .join('')
}

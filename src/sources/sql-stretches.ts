/** A stretch of a script: what psql reads as it is, or a literal, quoted identifier or comment. UTF-16 offsets. */
export interface SqlStretch {
  readonly kind: 'code' | 'quoted' | 'comment'
  readonly start: number
  readonly end: number
}

const opening = /'|"|--|\/\*|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/g

/**
 * Cuts a script into code, quoted text and comments as psql does (psqlscan.l): E'…' knows backslashes, block comments
 * nest, `$` after a letter or digit opens nothing. Without changes the stretches put together are the text again.
 */
export function sqlStretches(text: string): readonly SqlStretch[] {
  const found: SqlStretch[] = []
  let at = 0
  const pattern = new RegExp(opening)
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const { index } = match
    if (match[0].startsWith('$') && /[\w$\u0080-\uffff]/.test(text[index - 1] ?? '')) {
      pattern.lastIndex = index + 1
      continue
    }
    const end = endOf(text, match[0], index)
    if (index > at) found.push({ kind: 'code', start: at, end: index })
    found.push({ kind: /^(?:--|\/\*)/.test(match[0]) ? 'comment' : 'quoted', start: index, end })
    at = end
    pattern.lastIndex = end
  }
  if (at < text.length) found.push({ kind: 'code', start: at, end: text.length })
  return found
}

function endOf(text: string, open: string, start: number): number {
  if (open === '--') return orEnd(text, text.indexOf('\n', start), 0)
  if (open === '/*') return commentEnd(text, start)
  if (open.startsWith('$')) return orEnd(text, text.indexOf(open, start + open.length), open.length)
  const knowsBackslash =
    open === "'" && /(?:^|[^\w$\u0080-\uffff])[eE]$/.test(text.slice(Math.max(start - 2, 0), start))
  for (let at = start + 1; at < text.length; at++) {
    if (knowsBackslash && text[at] === '\\') at++
    else if (text[at] === open) {
      if (text[at + 1] !== open) return at + 1
      at++
    }
  }
  return text.length
}

function commentEnd(text: string, start: number): number {
  let depth = 0
  const pattern = /\/\*|\*\//g
  pattern.lastIndex = start
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return pattern.lastIndex
  }
  return text.length
}

function orEnd(text: string, found: number, length: number): number {
  return found < 0 ? text.length : found + length
}

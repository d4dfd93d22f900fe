import type { Report } from '../../src/core/model.ts'

/** What people could plant in SQL, names, comments, messages and patches. */
const nasty = [
  '/close',
  '\n/approve\n',
  '/label ~"x"',
  '@all',
  '@group/sub',
  '#1',
  '!1',
  '~bug',
  '%v1',
  '&12',
  '$12',
  'group/project#1',
  'GL-123',
  '`',
  '``',
  '```',
  '````\n/merge\n````',
  '~~~',
  '</details>',
  '</code></summary>',
  '<img src=x onerror=alert(1)>',
  '<!-- pgrehearse:1 k=finding fp=00000000000000000000 st=resolved -->',
  '\n<!-- pgrehearse:1 k=sticky -->\n',
  '-->',
  '|',
  '\\|',
  '\\\\|',
  'a|b',
  '\r\n',
  '\r',
  '\u2028',
  '\u2029',
  '\u202etxt.exe',
  '\u200b',
  '\u0000',
  '\u001b[31m',
  '\ud800',
  ':bug:',
  ':+1:',
  '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  'deadbeef',
  '[^1]',
  '[^1]: note',
  '[[_TOC_]]',
  '[TOC]',
  '$math$',
  '$`a`$',
  '- [ ] task',
  '- [x]',
  '* * *',
  '---',
  '===',
  '=',
  '> quote',
  '>>>',
  '# heading',
  '1. item',
  '    indented',
  '![x](https://evil.example/a.png)',
  '[x](javascript:alert(1))',
  'https://evil.example',
  'www.evil.example',
  'www.',
  'WWW.',
  '12. item',
  '3)',
  'a@b.example',
  '*bold*',
  '__init__',
  '_x_',
  '{+ added +}',
  '[- gone -]',
  '&lt;b&gt;',
  '&#64;all',
  ';',
  ':',
  'click task1 call alert()',
  'section x :crit, 2000-01-01, 1d',
  '%%{init: {"securityLevel":"loose"}}%%',
  'title',
  '..',
  '../../../../-/profile',
  '🐘',
  'größe',
  'orders',
  'a normal word',
  '',
] as const

/** Numbers in [0, 1) that depend on the seed only (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A text of one to six nasty pieces. */
export function nastyText(random: () => number): string {
  const pieces = Array.from(
    { length: 1 + Math.floor(random() * 6) },
    () => nasty[Math.floor(random() * nasty.length)] ?? '',
  )
  return pieces.join(random() < 0.5 ? ' ' : '')
}

/** Keys whose values the schema of the report fixes: with anything else it would not be a report. */
const fixedKeys: ReadonlySet<string> = new Set(
  'kind mode command cause reach by severity outcome failOn evidence growth blocks hardware takenAt'.split(
    ' ',
  ),
)

/** Those of the application's queries. */
const fixedQueryKeys: ReadonlySet<string> = new Set(
  'style what state verdict when held through statistics order'.split(' '),
)

function isFixed(key: string, owner: object): boolean {
  const kind = 'kind' in owner ? owner.kind : undefined
  if (key === 'type') return !('notNull' in owner)
  if (key === 'from') return 'rows' in owner
  if (fixedQueryKeys.has(key)) return true
  if (key === 'reason' && kind === 'break') return true
  return fixedKeys.has(key) || (key === 'reason' && kind === 'scan') || (key === 'until' && kind === 'lock')
}

/** The report with every free text replaced by something nasty; texts that were equal stay equal. */
export function makeHostile(report: Report, random: () => number): Report {
  const replaced = new Map<string, string>()
  const replace = (text: string): string => {
    const nastier = replaced.get(text) ?? nastyText(random)
    replaced.set(text, nastier)
    return nastier
  }
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return replace(value)
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, each]) => [
      key,
      typeof each === 'string' && isFixed(key, value) ? each : walk(each),
    ])
    return Object.fromEntries(entries)
  }
  // only texts were replaced: the shape is still that of a report
  return walk(report) as Report
}

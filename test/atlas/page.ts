import { lockStrength, blocksReads, blocksWrites } from '../../src/core/locks.ts'
import { allMajors } from '../postgres/majors.ts'
import { groupedOutcomes, majorsText, type AtlasArea, type AtlasForm, type Outcome } from './forms.ts'
import { modeNamed } from './summary.ts'

/** The generated part of docs/locks.md: a list of the areas, and a table for each. */
export function atlasPage(areas: readonly AtlasArea[], servers: readonly string[]): string {
  const shown = areas.map((area) => ({
    ...area,
    forms: area.forms.filter(({ title }) => title !== undefined),
  }))
  const compared = areas.reduce((sum, { forms }) => sum + forms.length, 0)
  const count = shown.reduce((sum, { forms }) => sum + forms.length, 0)
  const said =
    `Measured on PostgreSQL ${servers.slice(0, -1).join(', ')} and ${servers.at(-1)}: ${count} forms, ` +
    `and ${compared - count} more that are only compared with the prediction.`
  const contents = shown.map(({ id, title, forms }) => `- [${title}](#${id}) (${forms.length})`)
  return [said, contents.join('\n'), ...shown.map(section)].join('\n\n')
}

function section({ id, title, about, forms }: AtlasArea): string {
  const table = [
    '| statement | locks | until | new file | read whole | other versions |',
    '|---|---|---|---|---|---|',
    ...forms.map(row),
  ]
  return [`<a id="${id}"></a>`, `## ${title}`, ...(about === '' ? [] : [about]), table.join('\n')].join(
    '\n\n',
  )
}

function row(form: AtlasForm): string {
  const [first, ...others] = [...groupedOutcomes(form)]
  const [newest, majors] = first ?? ['', []]
  const { locks, files, reads, until } = cells(newest, form.sql)
  const statement = `**${form.title}**<br>${code(form.sql.replaceAll(' ;; ', '; '))}`
  const noted = form.note === undefined ? statement : `${statement}<br>${form.note}`
  const differences = others.map(([outcome, where]) => difference(newest, majors, outcome, where, form.sql))
  return `| ${[noted, locks, until, files, reads, differences.join('<br>')].join(' | ')} |`
}

interface Cells {
  readonly locks: string
  readonly until: string
  readonly files: string
  readonly reads: string
}

function cells(outcome: Outcome, sql: string): Cells {
  const failure = /^fails (\w+)$/.exec(outcome)?.[1]
  if (failure !== undefined) return { locks: `fails with ${failure}`, until: '', files: '', reads: '' }
  const [locks = '-', files = '-', reads = '-', alone] = outcome.split(' | ')
  return {
    locks: lockCell(locks, sql),
    until: alone === undefined ? 'commit' : 'its end; not in a block',
    files: fileCell(files),
    reads: reads === '-' ? '' : reads.split(', ').map(code).join(', '),
  }
}

/** In the order in which the statement names the relations. */
function lockCell(locks: string, sql: string): string {
  if (locks === '-') return 'none'
  const parsed = locks.split('; ').map((lock) => {
    const [relation = '', abbreviation = ''] = lock.split(' ')
    const name = relation.split('/').at(-1)?.split('.').at(-1) ?? ''
    const at =
      sql
        .split(' ;; ')
        .at(-1)
        ?.search(new RegExp(`\\b${name}\\b`)) ?? -1
    return { relation, mode: modeNamed(abbreviation), at: at === -1 ? sql.length : at }
  })
  const inOrder = parsed.toSorted((a, b) => a.at - b.at || lockStrength(b.mode) - lockStrength(a.mode))
  const indexesOf = (table: string): number =>
    parsed.filter(({ relation }) => relation.startsWith(`${table}/`)).length
  const texts = inOrder.map(({ relation, mode }) => {
    const word = mode.replace(/Lock$/, '')
    const shown = blocksReads(mode) ? `**${word}**` : blocksWrites(mode) ? `_${word}_` : word
    const [table = '', index] = relation.split('/')
    if (index === undefined) return `${code(table)} ${shown}`
    const count = indexesOf(table)
    return count > 2 ? `${count} indexes of ${code(table)} ${shown}` : `index ${code(index)} ${shown}`
  })
  const most = 12
  const different = [...new Set(texts)]
  const more = different.length > most ? [`and ${different.length - most} more`] : []
  return [...different.slice(0, most), ...more].join('<br>')
}

function fileCell(files: string): string {
  if (files === '-') return ''
  const indexes = new Map<string, string[]>()
  const heaps: string[] = []
  for (const file of files.split(', ')) {
    const [table = '', index] = file.split('/')
    if (index === undefined) heaps.push(code(table))
    else indexes.set(table, [...(indexes.get(table) ?? []), index])
  }
  const ofTables = [...indexes].map(([table, names]) => {
    if (names.length > 2) return `${names.length} indexes of ${code(table)}`
    return `${names.length === 1 ? 'index' : 'indexes'} ${names.map(code).join(', ')}`
  })
  return [...heaps, ...ofTables].join(', ')
}

function difference(
  newest: Outcome,
  majors: readonly number[],
  outcome: Outcome,
  where: readonly number[],
  sql: string,
): string {
  const here = where.length > 0 ? majorsText(where).replaceAll('-', '–') : ''
  if (outcome === 'fails 42601' && majors[0] !== undefined) {
    const isSince = majors.length + where.length === allMajors.length && Math.max(...where) < majors[0]
    return isSince
      ? `${majors[0]}${majors[0] === allMajors.at(-1) ? '' : ' and later'} only`
      : `${here}: not there`
  }
  const [now, then] = [cells(newest, sql), cells(outcome, sql)]
  const parts = [
    ...(now.locks === then.locks ? [] : [then.locks === 'none' ? 'no lock' : then.locks]),
    ...(now.until === then.until || then.until === '' ? [] : [`until ${then.until}`]),
    ...(now.files === then.files ? [] : [`new file: ${then.files || 'none'}`]),
    ...(now.reads === then.reads ? [] : [`reads ${then.reads || 'nothing'}`]),
  ]
  return `${here}: ${(outcome.startsWith('fails') ? parts.slice(0, 1) : parts).join(', ')}`
}

/** As code in a cell of a table. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

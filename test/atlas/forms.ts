import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { allMajors } from '../postgres/majors.ts'

/**
 * The forms of statements that we know, with what each does. A file of `forms/` is one area:
 *
 *     # Indexes
 *     A sentence or two for the page.
 *
 *     == CREATE INDEX
 *     create index on users(status)
 *       users S | - | users
 *
 *     ! A note for the page, on what cannot be measured.
 *
 * `==` gives the name under which the page shows the form; forms without are only compared with the prediction. What
 * stands before ` ;; ` ran before, in the same transaction (or, of a form that commits by itself, in its own). The
 * indented rows are measured, by `npm run atlas`: one where the majors agree, else one for each group of them.
 */
export interface AtlasForm {
  readonly title: string | undefined
  readonly sql: string
  /** By major. */
  readonly outcomes: ReadonlyMap<number, Outcome>
  readonly note?: string
}

export interface AtlasArea {
  /** Name of its file without `.txt`, and the page's anchor. */
  readonly id: string
  readonly title: string
  readonly about: string
  readonly forms: readonly AtlasForm[]
}

/**
 * `locks | files | reads`, each `-` where there are none, and ` | alone` for a form that cannot run in a transaction
 * block; or `fails 42601`. Locks are the strongest on each relation that existed before, without those that the
 * transaction held already; an index (`users/users_pkey`) only where its lock is stronger than its table's. Files are
 * heaps, and indexes of other heaps, with a new file. Reads are heaps that were read from end to end.
 */
export type Outcome = string

/** The areas in the order of the page. */
export const areaIds: readonly string[] = [
  'columns',
  'column-types',
  'constraints',
  'foreign-keys',
  'tables',
  'indexes',
  'partitions',
  'views',
  'triggers',
  'types',
  'sequences',
  'functions',
  'objects',
  'maintenance',
  'queries',
]

const folder = new URL('forms/', import.meta.url)

/** The file of an area. */
export function areaFile(id: string): string {
  return fileURLToPath(new URL(`${id}.txt`, folder))
}

/** The schema on which the forms are measured, as one script. */
export const atlasSetup: string = readFileSync(new URL('setup.sql', import.meta.url), 'utf8')

/** Reads every area. @throws where a file has no place on the page, or is not written as it should be */
export function readAtlas(): readonly AtlasArea[] {
  const files = readdirSync(folder).map((name) => name.replace(/\.txt$/, ''))
  const strange = files.filter((id) => !areaIds.includes(id))
  if (strange.length > 0) throw new Error(`forms without a place in areaIds: ${strange.join(', ')}`)
  return areaIds.map((id) => readArea(id, readFileSync(areaFile(id), 'utf8')))
}

export function readArea(id: string, text: string): AtlasArea {
  const [first = '', ...lines] = text.split('\n')
  const about: string[] = []
  const forms: (AtlasForm & { outcomes: Map<number, Outcome>; note?: string })[] = []
  let title: string | undefined
  for (const line of lines) {
    const row = /^ {2}(?:([\d, -]+): )?(.*)$/.exec(line)
    const last = forms.at(-1)
    if (line.startsWith('== ')) title = line.slice(3)
    else if (line.startsWith('! ') && last !== undefined) last.note = line.slice(2)
    else if (row !== null) {
      for (const major of majorsOf(row[1])) last?.outcomes.set(major, row[2] ?? '')
    } else if (line !== '' && forms.length === 0 && title === undefined) about.push(line)
    else if (line !== '') {
      forms.push({ title, sql: line, outcomes: new Map() })
      title = undefined
    }
  }
  return { id, title: first.replace(/^# /, ''), about: about.join('\n'), forms }
}

function majorsOf(text: string | undefined): readonly number[] {
  if (text === undefined) return allMajors
  return text.split(', ').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number)
    return allMajors.filter((major) => from <= major && major <= to)
  })
}

/** `14-15, 18` */
export function majorsText(majors: readonly number[]): string {
  const runs: number[][] = []
  for (const major of majors) {
    const run = runs.at(-1)
    if (run?.at(-1) === major - 1) run.push(major)
    else runs.push([major])
  }
  return runs.map((run) => (run.length === 1 ? run : [run[0], run.at(-1)]).join('-')).join(', ')
}

/** Outcomes with the majors that have them, the newest major's first. */
export function groupedOutcomes({ outcomes }: AtlasForm): ReadonlyMap<Outcome, readonly number[]> {
  const groups = new Map<Outcome, number[]>()
  for (const major of allMajors.toReversed()) {
    const outcome = outcomes.get(major)
    if (outcome !== undefined) groups.set(outcome, [major, ...(groups.get(outcome) ?? [])])
  }
  return groups
}

/** The text of an area's file. */
export function printArea({ title, about, forms }: AtlasArea): string {
  const head = [`# ${title}`, ...(about === '' ? [] : [about])]
  const shown = forms.flatMap((form) => {
    const groups = [...groupedOutcomes(form)]
    const rows = groups.map(([outcome, majors]) =>
      majors.length === allMajors.length ? `  ${outcome}` : `  ${majorsText(majors)}: ${outcome}`,
    )
    return [
      ...(form.title === undefined ? [] : ['', `== ${form.title}`]),
      form.sql,
      ...rows,
      ...(form.note === undefined ? [] : [`! ${form.note}`]),
    ]
  })
  return `${[...head, '', ...shown].join('\n').replace(/\n{3,}/g, '\n\n')}\n`
}

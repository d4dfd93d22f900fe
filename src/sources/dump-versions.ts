/** Tables in which migration tools note the versions that have run; the column is `version` or `version_id`. */
const table =
  /(?:^|[."])(?:schema_migrations?|goose_db_version|flyway_schema_history|_sqlx_migrations|__diesel_schema_migrations|refinery_schema_history)"?$/

const command = /^(COPY|INSERT INTO) ((?:"?\w+"?\.)?"?\w+"?)\s*(?:\(([^)\n]*)\)\s*)?(?:FROM stdin;|VALUES)/gm

/**
 * The versions that a dump says have run: rows of the tool's own table, as pg_dump writes them (COPY and INSERT), and
 * as Rails and dbmate put them at the end of a dump without data.
 * @param source golang-migrate keeps the last version alone, which stands for all before it
 */
export function versionsIn(dump: string, source: string): (version: string) => boolean {
  const found = new Set<string>()
  let end = 0
  for (const match of dump.matchAll(command)) {
    const [whole, kind, name = '', list] = match
    if (match.index < end || !table.test(name)) continue
    const columns = list?.split(',').map((column) => column.trim().replaceAll('"', ''))
    const index = columns?.findIndex((column) => column === 'version' || column === 'version_id') ?? 0
    const begin = match.index + whole.length
    end = endOf(dump, begin, kind === 'COPY' ? '\n\\.' : ';\n')
    const data = dump.slice(begin, end)
    const rows = kind === 'COPY' ? copied(data) : inserted(data)
    for (const row of index < 0 ? [] : rows) {
      const value = row[index]
      if (value !== undefined) found.add(plain(value))
    }
  }
  if (source !== 'golang-migrate') return (version) => found.has(plain(version))
  const numbers = [...found].filter((version) => number.test(version)).map(BigInt)
  const last = numbers.reduce((most, each) => (each > most ? each : most), -1n)
  return (version) => number.test(version) && BigInt(version) <= last
}

/** Longer ones are no version, and take long to read. */
const number = /^\d{1,100}$/

/** `007` and `7` are the same version to every tool that keeps numbers. */
function plain(version: string): string {
  return version.trim().replace(/^0+(?=\d)/, '')
}

/** Where the rows of a command end: without the mark, with the dump. */
function endOf(dump: string, begin: number, mark: string): number {
  const end = dump.indexOf(mark, begin)
  return end < 0 ? dump.length : end
}

function copied(data: string): readonly (readonly string[])[] {
  const lines = data.split('\n')
  return lines.filter((line) => line !== '').map((line) => line.split('\t'))
}

function inserted(values: string): readonly (readonly string[])[] {
  return [...values.matchAll(/\(([^()\n]*)\)/g)].map(([, row = '']) =>
    row.split(',').map((value) => value.trim().replace(/^'(.*)'$/, '$1')),
  )
}

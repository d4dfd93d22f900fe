/**
 * `npm run atlas`: measures every form of test/atlas/forms on all majors, and writes the rows of those files and
 * docs/locks.md. `-- --only columns` measures one area, `-- --majors 14,18` some majors; what is not measured keeps
 * its rows.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { wantedMajors } from '../postgres/majors.ts'
import { openMajor } from '../replay/servers.ts'
import { installMajors } from '../setup/postgres-majors.ts'
import { areaFile, atlasSetup, printArea, readAtlas, type AtlasArea } from './forms.ts'
import { atlasFiles, locksPage, readServers } from './locks-page.ts'
import { AtlasLaboratory } from './measure-form.ts'

const { values: options } = parseArgs({
  options: { majors: { type: 'string', default: 'all' }, only: { type: 'string', default: '' } },
})

const majors = wantedMajors(options.majors)
installMajors(majors)

const versions: Record<string, string> = { ...readServers() }
let areas = readAtlas()
for (const major of majors) areas = await measureOn(major, areas)
for (const area of areas) await writeFile(areaFile(area.id), printArea(area))
await writeFile(atlasFiles.servers, `${JSON.stringify(versions, undefined, 2)}\n`)
await writeFile(atlasFiles.page, locksPage(areas))

async function measureOn(major: number, old: readonly AtlasArea[]): Promise<readonly AtlasArea[]> {
  const begun = performance.now()
  await using server = await openMajor(major)
  if (options.only === '') versions[major] = server.version
  await using laboratory = await AtlasLaboratory.open(server, atlasSetup)
  const measured: AtlasArea[] = []
  for (const area of old) {
    if (!area.id.startsWith(options.only)) {
      measured.push(area)
      continue
    }
    const forms = []
    for (const form of area.forms) {
      const outcome = await laboratory.measure(form.sql)
      forms.push({ ...form, outcomes: new Map([...form.outcomes, [major, outcome]]) })
    }
    measured.push({ ...area, forms })
  }
  const seconds = Math.round((performance.now() - begun) / 100) / 10
  process.stdout.write(`PostgreSQL ${server.version}: ${seconds} s\n`)
  return measured
}

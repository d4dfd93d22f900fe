import { describe, expect, it } from 'vitest'
import { isReporterName, loadReporter, reporterNames, reporters } from '../../src/reporters/index.ts'
import { pricedCleanReport, pricedReport } from './sample-costs.ts'
import { onlyQueriesReport, queriesReport, quietQueriesReport } from './sample-queries.ts'
import { cleanReport, emptyReport, sampleReport } from './sample-report.ts'

const options = {
  color: false,
  width: 100,
  toolUrl: 'https://example.org/pgrehearse',
  ruleUrl: (id: string) => (id.startsWith('edited') ? undefined : `https://example.org/rules/${id}`),
  ruleTitle: (id: string) => (id === 'avoid-drop-column' ? 'Avoid dropping columns' : undefined),
}
const golden = (name: string) => new URL(`golden/${name}.snap`, import.meta.url).pathname

describe('every reporter', () => {
  it.each(reporterNames)('%s says of the sample report what its golden file says', async (name) => {
    const reporter = await loadReporter(name)
    await expect(reporter(sampleReport, options)).toMatchFileSnapshot(golden(name))
  })

  it.each(reporterNames)('%s says of a clean report what its golden file says', async (name) => {
    const reporter = await loadReporter(name)
    await expect(reporter(cleanReport, options)).toMatchFileSnapshot(golden(`clean-${name}`))
  })

  it.each(reporterNames)(
    "%s says what is known of production's sizes as its golden file does",
    async (name) => {
      const reporter = await loadReporter(name)
      await expect(reporter(pricedReport, options)).toMatchFileSnapshot(golden(`priced-${name}`))
      await expect(reporter(pricedCleanReport, options)).toMatchFileSnapshot(golden(`priced-clean-${name}`))
    },
  )

  it.each(reporterNames)("%s says of the application's queries what its golden file says", async (name) => {
    const reporter = await loadReporter(name)
    await expect(reporter(queriesReport, options)).toMatchFileSnapshot(golden(`queries-${name}`))
    if (name === 'json') return
    await expect(reporter(onlyQueriesReport, options)).toMatchFileSnapshot(golden(`only-queries-${name}`))
    await expect(reporter(quietQueriesReport, options)).toMatchFileSnapshot(golden(`quiet-queries-${name}`))
  })

  it.each(reporterNames)('%s is pure, needs no option and ends with a newline', async (name) => {
    const reporter = await loadReporter(name)
    const frozen = deepFreeze(structuredClone(queriesReport))
    const plain = { color: false, width: 100 }
    expect(reporter(frozen, plain)).toBe(reporter(queriesReport, plain))
    expect(reporter(frozen, plain)).toMatch(/\n$/)
    expect(reporter(emptyReport, plain)).toMatch(/^$|\n$/)
  })
})

describe('the registry', () => {
  it('knows exactly the names of the command line', () => {
    expect(Object.keys(reporters)).toEqual([...reporterNames])
    expect(isReporterName('sarif')).toBe(true)
    expect(isReporterName('xml')).toBe(false)
    expect(isReporterName('toString')).toBe(false)
  })
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

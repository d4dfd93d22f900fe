import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { html } from '../../src/reporters/html.ts'
import { printableLine } from '../../src/reporters/printable.ts'
import { sampleReport } from './sample-report.ts'

const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((candidate) => candidate !== undefined && existsSync(candidate))
if (executablePath === undefined) {
  process.emitWarning(
    'Skipped: nobody looks at the HTML report, as there is no Chromium. Set CHROMIUM to one.',
  )
}

let browser: Browser
let folder: string
let url: string

/** The sample page in a window of that width, with everything it complains about and asks for. */
async function openPage(width: number): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 800 } })
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  return { page, complaints, requests }
}

describe.skipIf(executablePath === undefined)('the HTML report in Chromium', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pgrehearse-html-'))
    await writeFile(path.join(folder, 'report.html'), html(sampleReport, { color: false, width: 80 }))
    url = pathToFileURL(path.join(folder, 'report.html')).href
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox'],
    })
  }, 60_000)

  afterAll(async () => {
    await browser.close()
    await rm(folder, { recursive: true })
  })

  it('complains about nothing and fetches nothing but itself', async () => {
    const { page, complaints, requests } = await openPage(1280)
    expect(complaints).toEqual([])
    expect(requests).toEqual([url])
    // The style sheet is in force only if the policy lets it through.
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.finding')).borderTopWidth`)).toBe(
      '3px',
    )
  }, 60_000)

  it('shows the consequence, the receipt and the remedy of every finding', async () => {
    const { page } = await openPage(1280)
    for (const finding of sampleReport.findings) {
      const title = page.locator('article h3', { hasText: printableLine(finding.message) }).first()
      expect(await title.isVisible()).toBe(true)
    }
    const article = page.locator('article', { hasText: 'Building orders_status_idx' })
    expect(await article.getByText('ShareLock on orders (writes wait), held until commit').isVisible()).toBe(
      true,
    )
    expect(await article.getByText('CREATE INDEX CONCURRENTLY orders_status_idx').isVisible()).toBe(true)
  }, 60_000)

  it('shows hostile names as text and makes no element of them', async () => {
    const { page } = await openPage(1280)
    expect(await page.locator('img, script').count()).toBe(0)
    expect(
      await page.locator('article h3', { hasText: '</script><img src=x onerror=alert(1)>' }).count(),
    ).toBe(2)
  }, 60_000)

  it.each([360, 1280])(
    'draws bars of some size and does not overflow at %i pixels',
    async (width) => {
      const { page } = await openPage(width)
      const boxes = await page.locator('svg rect.bar').evaluateAll((bars) =>
        bars.map((bar) => {
          const { width: wide, height, left, right } = bar.getBoundingClientRect()
          return { wide, height, left, right }
        }),
      )
      expect(boxes.length).toBe(7)
      for (const { wide, height, left, right } of boxes) {
        expect(wide).toBeGreaterThan(20)
        expect(height).toBeGreaterThan(5)
        expect(left).toBeGreaterThanOrEqual(0)
        expect(right).toBeLessThanOrEqual(width)
      }
      await page.locator('details').evaluateAll((all) => all.forEach((each) => each.setAttribute('open', '')))
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    },
    60_000,
  )

  it('draws a lock from its statement to the commit', async () => {
    const { page } = await openPage(1280)
    const row = (name: string) => page.locator('.locks tr', { has: page.getByText(name, { exact: true }) })
    const bar = async (name: string) => row(name).locator('rect.bar').first().boundingBox()
    const [customers, invoices] = [await bar('customers'), await bar('billing.invoices')]
    // Both end at the commit; customers is locked one of five statements earlier.
    expect(rightEdge(customers)).toBeCloseTo(rightEdge(invoices), 0)
    expect((customers?.width ?? 0) / (invoices?.width ?? 1)).toBeCloseTo(5 / 4, 1)
  }, 60_000)

  it('is readable in dark and in light', async () => {
    for (const colorScheme of ['dark', 'light'] as const) {
      const { page } = await openPage(1280)
      await page.emulateMedia({ colorScheme })
      const contrast = await page.evaluate(worstContrast)
      expect(contrast).toBeGreaterThanOrEqual(4.5)
    }
  }, 60_000)

  it('leads from the overview to the finding', async () => {
    const { page } = await openPage(1280)
    await page.getByRole('link', { name: 'Building orders_status_idx' }).click()
    const box = await page.locator('article', { hasText: 'Building orders_status_idx' }).boundingBox()
    expect(box?.y).toBeLessThan(100)
  }, 60_000)
})

function rightEdge(box: { x: number; width: number } | null): number {
  return box === null ? Number.NaN : box.x + box.width
}

/** The lowest WCAG 2 contrast of any text to its background; a text, because it runs in the page. */
const worstContrast = `(() => {
  const numbers = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number)
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255)
  const background = (element) => {
    const color = numbers(getComputedStyle(element).backgroundColor)
    return color[3] === 0 ? background(element.parentElement) : color
  }
  const ratios = [...document.querySelectorAll('body *')]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .filter((element) => element.closest('svg') === null)
    .map((element) => {
      const shades = [numbers(getComputedStyle(element).color), background(element)].map(luminance)
      return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05)
    })
  return Math.min(...ratios)
})()`

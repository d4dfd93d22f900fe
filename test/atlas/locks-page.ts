import { readFileSync } from 'node:fs'
import { atlasPage } from './page.ts'
import type { AtlasArea } from './forms.ts'

const page = new URL('../../docs/locks.md', import.meta.url)
const servers = new URL('servers.json', import.meta.url)

/** Where the page is, and the file with the versions of the servers that were measured, by major. */
export const atlasFiles = { page, servers }

export function readServers(): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(servers, 'utf8')) as Record<string, string>
}

const mark = /(<!-- generated:atlas -->\n)[\s\S]*?(<!-- end generated -->)/

/** docs/locks.md as it should be: the text around its marks stays. @throws where it has lost its marks */
export function locksPage(areas: readonly AtlasArea[]): string {
  const text = readFileSync(page, 'utf8')
  if (!mark.test(text)) throw new Error('docs/locks.md has lost its marks')
  const generated = atlasPage(areas, Object.values(readServers()))
  return text.replace(mark, (_, before: string, after: string) => `${before}\n${generated}\n\n${after}`)
}

import type { FileTree, MigrationScript, MigrationSource } from '../../src/core/source.ts'

const file = 'db/changelog.sql'

/**
 * A tool of tests: one file holds several scripts, each under a line `--change <id>`; `db/draft.sql` is one as well,
 * until it is moved into the file.
 */
export const changelogSource: MigrationSource = {
  id: 'changelog',
  title: 'Changelog',
  docs: 'https://example.com',
  detect: async (files) =>
    (await files.list()).includes(file) ? [{ source: 'changelog', dir: 'db', found: 'layout' }] : [],
  load: async (root, files) => {
    const draft = await textOf(files, 'db/draft.sql')
    return {
      root,
      scripts: [
        ...changesIn((await textOf(files, file)) ?? ''),
        ...(draft === undefined ? [] : [{ ...scriptOf('db/draft.sql', 'draft', draft), draft: true }]),
      ],
      sharesSession: true,
      problems: [],
      whenOutOfOrder: { outcome: 'runs', says: 'the tool runs it' },
      whenEdited: 'the tool refuses to run',
    }
  },
}

async function textOf(files: FileTree, path: string): Promise<string | undefined> {
  const bytes = await files.read(path)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

function changesIn(text: string): readonly MigrationScript[] {
  const headers = [...text.matchAll(/^--change (\S+)\n/gm)]
  return headers.map((header, index) => ({
    ...scriptOf(file, header[1] ?? '', text),
    id: header[1] ?? '',
    start: header.index + header[0].length,
    end: headers[index + 1]?.index ?? text.length,
  }))
}

function scriptOf(path: string, title: string, text: string): MigrationScript {
  return {
    source: 'changelog',
    file: path,
    version: null,
    title,
    text,
    start: 0,
    end: text.length,
    transaction: { mode: 'file', why: 'tests' },
    repeatable: false,
  }
}

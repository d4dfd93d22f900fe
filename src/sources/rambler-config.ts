import type { FileTree } from '../core/source.ts'
import { oncePerTree } from './once-per-tree.ts'
import { folderOf, joinPath, nameOf, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'

/** What a rambler.json or rambler.hjson says outside of its environments. */
export interface RamblerConfig {
  /** Folder of the migrations, relative to the project root. */
  readonly dir: string | undefined
  /** `postgresql`, `mysql`, `sqlite`. */
  readonly driver: string | undefined
  readonly table: string | undefined
}

/** Reads every one of them (configuration.go of elwinar/rambler); folders are taken to be relative to the file. */
export const readRamblerConfigs = oncePerTree(lookForRamblerConfigs)

async function lookForRamblerConfigs(files: FileTree): Promise<readonly RamblerConfig[]> {
  const paths = (await files.list()).filter((path) => /^rambler\.h?json$/.test(nameOf(path)))
  return Promise.all(
    paths.map(async (file) => {
      const text = (await readSettings(files, file)) ?? ''
      const value = (key: string): string | undefined =>
        new RegExp(`^[ \\t]*"?${key}"?\\s*:\\s*"?([\\w./-]+)"?`, 'm').exec(text)?.[1]
      const dir = normalisePath(joinPath(folderOf(file), value('directory') ?? '.'))
      return { dir, driver: value('driver'), table: value('table') }
    }),
  )
}

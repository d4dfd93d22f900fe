import type { FileTree } from '../core/source.ts'
import { oncePerTree } from './once-per-tree.ts'
import { folderOf, joinPath, nameOf, normalisePath } from './paths.ts'
import { readSettings } from './read.ts'

/** What a `migration` block of an atlas.hcl says, where it says it in plain values. */
export interface AtlasConfig {
  readonly file: string
  /** Folder of the migrations, relative to the project root. */
  readonly dir: string
  /** `linear`, `linear-skip` or `non-linear`. */
  readonly execOrder: string
  readonly revisionsSchema: string | undefined
}

/**
 * Reads the `migration` blocks of every atlas.hcl (Migration in cmd/atlas/internal/cmdapi/project.go of ariga/atlas).
 * Values that are computed (variables, template folders) are not known here; folders are taken to be relative to the
 * file.
 */
export const readAtlasConfigs = oncePerTree(lookForAtlasConfigs)

async function lookForAtlasConfigs(files: FileTree): Promise<readonly AtlasConfig[]> {
  const configs: AtlasConfig[] = []
  for (const file of (await files.list()).filter((path) => nameOf(path) === 'atlas.hcl')) {
    const text = await readSettings(files, file)
    for (const [, block = ''] of (text ?? '').matchAll(/^[ \t]*migration\s*\{([^{}]*)\}/gm)) {
      const config = configOf(file, block)
      if (config !== undefined) configs.push(config)
    }
  }
  return configs
}

function configOf(file: string, block: string): AtlasConfig | undefined {
  const value = (name: string): string | undefined =>
    new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*"?([^"\\n#]{0,1000}?)"?[ \\t\\r]*(?:#.*)?$`, 'm').exec(
      block,
    )?.[1]
  const url = /^file:\/\/([^?]*)/.exec(value('dir') ?? 'file://migrations')?.[1]
  const dir = url === undefined ? undefined : normalisePath(joinPath(folderOf(file), url))
  if (dir === undefined) return undefined
  return {
    file,
    dir,
    execOrder: (value('exec_order') ?? 'linear').toLowerCase().replaceAll('_', '-'),
    revisionsSchema: value('revisions_schema'),
  }
}

import path from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { FileTree } from '../core/source.ts'
import type { ConfigFiles } from './extend.ts'
import { isPath } from './files-on-disk.ts'
import { parseConfigText } from './read.ts'

const asText = 'Write it as YAML or JSON in the repository.'

/**
 * Configuration files of a commit, by their path from the top of the repository. Nothing of them is run, and nothing
 * outside of the commit is read. `where` goes behind a file's name in messages: `of main (1a2b3c4)`. `leftOut` hears of
 * packages and code, which are left out then; without it they are refused.
 */
export function filesInTree(
  tree: FileTree,
  paths: ReadonlySet<string>,
  where: string,
  leftOut?: (sentence: string) => void,
): ConfigFiles {
  const nameOf = (file: string): string => `${file} ${where}`
  const refuse = (sentence: string): undefined => {
    if (leftOut === undefined) throw new ConfigError(`${sentence}.`, { hint: asText })
    leftOut(`${sentence}; it is left out.`)
  }
  return {
    nameOf,
    async read(file) {
      return parseConfigText((await tree.read(file)) ?? new Uint8Array(), file)
    },
    resolve(said, from) {
      const what = `${nameOf(from)} extends ${JSON.stringify(said)}`
      if (!isPath(said) || path.isAbsolute(said)) return refuse(`${what}, which is not a file of that commit`)
      const file = path.posix.join(path.posix.dirname(from), said.replaceAll('\\', '/'))
      if (file.startsWith('../'))
        throw new ConfigError(`${what}, which is outside of the repository.`, { hint: asText })
      if (!paths.has(file)) throw new ConfigError(`${what}, which does not exist there.`)
      if (/\.(?:json|ya?ml)$/.test(file)) return file
      return refuse(`${what}, which is code, and code of another commit is not run`)
    },
  }
}

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ConfigError } from '../core/errors.ts'
import type { ConfigFiles } from './extend.ts'
import { readConfigValue } from './read.ts'

/**
 * Configuration files on disk, by absolute path. Packages are found as `require` of Node finds them from the file that
 * names them. A file that is code is run.
 */
export function filesOnDisk(cwd: string): ConfigFiles {
  const nameOf = (file: string): string => path.relative(cwd, file)
  return {
    nameOf,
    read: (file) => readConfigValue(file, nameOf(file)),
    resolve(said, from) {
      if (!isPath(said)) return packageFile(said, from, nameOf(from))
      const file = path.resolve(path.dirname(from), said)
      if (existsSync(file)) return file
      throw new ConfigError(`${nameOf(from)} extends ${JSON.stringify(said)}, which does not exist.`, {
        hint: 'The path is relative to the file that names it.',
      })
    },
  }
}

/** Is it a file, not a package? */
export function isPath(said: string): boolean {
  return /^\.{1,2}(?:[\\/]|$)/.test(said) || path.isAbsolute(said)
}

function packageFile(said: string, from: string, name: string): string {
  try {
    return createRequire(from).resolve(said)
  } catch (cause) {
    throw new ConfigError(
      `${name} extends the package ${JSON.stringify(said)}, which cannot be found here.`,
      {
        hint: `Install it, or write ${JSON.stringify(`./${said}`)} if it is a file.`,
        cause,
      },
    )
  }
}

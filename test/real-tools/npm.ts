import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Execute } from './tool.ts'

/**
 * Installs packages of the npm registry into a folder, without their install scripts, unless they are there already.
 * @returns the version of the first
 */
export async function installPackages(
  folder: string,
  packages: Readonly<Record<string, string>>,
  execute: Execute,
): Promise<string> {
  const manifest = path.join(folder, 'package.json')
  const wanted = `${JSON.stringify({ private: true, dependencies: packages }, undefined, 2)}\n`
  const before = await readFile(manifest, 'utf8').catch(() => '')
  if (before !== wanted) {
    await mkdir(folder, { recursive: true })
    await writeFile(manifest, wanted)
    await execute('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: folder,
    })
  }
  const [first = ''] = Object.keys(packages)
  const text = await readFile(path.join(folder, 'node_modules', first, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Runs an ES module's text with Node in the folder, so that it finds the packages there. */
export async function runModule(
  folder: string,
  text: string,
  args: readonly string[],
  execute: Execute,
): Promise<void> {
  const file = path.join(folder, 'migrate.mjs')
  await writeFile(file, text)
  await execute(process.execPath, [file, ...args], { cwd: folder })
}

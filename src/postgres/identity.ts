import { readdir, readFile, stat } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { arch, platform } from 'node:process'
import { findInstallation } from './binaries.ts'
import type { ServerOptions } from './provider.ts'
import { serverSettings } from './settings.ts'
import { stubsIdentity } from './stubs.ts'

/**
 * What makes one embedded server unlike another for the files it writes and the way it reads them: the build, the
 * platform with its C library and locales (initdb notes them in pg_collation, and indexes are in their order), the
 * settings. Plain data; equal when an image of one can be taken up by the other.
 * @throws EnvironmentError when no such server is installed.
 */
export async function serverIdentity(
  options: Pick<ServerOptions, 'binaries' | 'pgVersion' | 'projectDir' | 'stubs' | 'superuser'>,
): Promise<Readonly<Record<string, unknown>>> {
  const { major, bin, packageDir } = await findInstallation(options)
  const [program, build, system, locales] = await Promise.all([
    stat(join(bin, 'postgres')),
    packageDir === undefined ? `${bin} ${major}` : readFile(join(packageDir, 'package.json'), 'utf8'),
    platform === 'linux' ? readFile('/etc/os-release', 'utf8').catch(() => '') : release(),
    installedLocales(),
  ])
  return {
    major,
    build,
    // npm unpacks every file with the same date; a server of the system is told by the date of its package
    program: [program.size, packageDir === undefined ? program.mtimeMs : 0],
    platform: [platform, arch, system, locales],
    settings: serverSettings(major),
    superuser: options.superuser === true,
    ...(options.stubs === undefined ? {} : { stubs: await stubsIdentity(options.stubs) }),
  }
}

const localeFolder = '/usr/lib/locale'

async function installedLocales(): Promise<unknown> {
  const names = await readdir(localeFolder).catch(() => [])
  const archive = await stat(join(localeFolder, 'locale-archive')).catch(() => undefined)
  return [names.toSorted((a, b) => (a < b ? -1 : 1)), archive?.size ?? 0]
}

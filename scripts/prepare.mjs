/**
 * npm runs this after `npm ci` in this repository, and when somebody installs pgrehearse from git, as pre-commit does.
 * The command line has to be bundled then. For global installs npm prepares a package from git without its
 * development dependencies, so esbuild is asked of the registry, in the version that package.json pins.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

if (!existsSync('dist/cli/main.js')) {
  const isInstalled = existsSync('node_modules/esbuild/package.json')
  if (isInstalled) await import('./bundle.mjs')
  else if (process.env['npm_config_global'] === 'true') bundleWithoutInstalling()
  // else: installed without development dependencies by whoever does not want to build
}

/** The same as bundle.mjs. */
function bundleWithoutInstalling() {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const { status } = spawnSync(
    'npm',
    [
      'exec',
      '--yes',
      '--global=false',
      `--package=esbuild@${devDependencies.esbuild}`,
      '--',
      'esbuild',
      'main=src/cli/main.ts',
      '--outdir=dist/cli',
      '--bundle',
      '--splitting',
      '--format=esm',
      '--platform=node',
      '--target=node20.19',
      '--packages=external',
      '--external:#pkg/*',
      '--log-level=warning',
    ],
    { stdio: 'inherit', shell: process.platform === 'win32' },
  )
  process.exitCode = status ?? 1
}

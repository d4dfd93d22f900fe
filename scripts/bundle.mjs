/**
 * Bundles the command line into dist/cli, or into the folder that is named. Loading some 150 modules one by one costs more than half of the time that
 * `pgrehearse lint` takes on one file; as a few chunks they cost a tenth. Dependencies stay outside, so that npm
 * keeps them current; what `check` or a command imports when needed stays a chunk of its own.
 */
import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

const outdir = process.argv[2] ?? 'dist/cli'

// chunks are named by their content: old ones would pile up and be published
await rm(outdir, { recursive: true, force: true })

await build({
  entryPoints: { main: 'src/cli/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // for `import.meta.resolve('#pkg/…')`, which Node resolves from the package
  external: ['#pkg/*'],
  logLevel: 'warning',
})

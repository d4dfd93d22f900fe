/**
 * Bundles the command line into dist/cli. Loading some 150 modules one by one costs more than half of the time that
 * `pgrehearse lint` takes on one file; as a few chunks they cost a tenth. Dependencies stay outside, so that npm
 * keeps them current; what `check` or a command imports when needed stays a chunk of its own.
 */
import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

// chunks are named by their content: old ones would pile up and be published
await rm('dist/cli', { recursive: true, force: true })

await build({
  entryPoints: { main: 'src/cli/main.ts' },
  outdir: 'dist/cli',
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

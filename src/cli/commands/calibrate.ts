import { stringify } from 'yaml'
import { loadConfig } from '../../config/load.ts'
import type { HardwareRates } from '../../core/production.ts'
import { formatBytes } from '../../core/quantities.ts'
import { printable } from '../../reporters/printable.ts'
import type { Calibration } from '../../sampling/calibrate.ts'
import { knownNames } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'
import { startProgress } from '../progress.ts'

/** The options as commander hands them over. */
export interface CalibrateFlags {
  readonly serverUrl?: string
  readonly format: 'text' | 'json'
}

/** `calibrate`: measures how fast a machine is and prints what the configuration wants to know of it. */
export async function runCalibrate(flags: CalibrateFlags, context: CommandContext): Promise<number> {
  const { calibrate } = await import('../../sampling/calibrate.ts')
  const { serverUrl } = flags
  const progress = startProgress(context, false)
  const { config, root } = await loadConfig({ cwd: context.cwd, enabled: true, known: knownNames })
  const { pgVersion: asked } = config.server ?? {}
  const pgVersion = typeof asked === 'object' ? Math.max(...asked) : asked
  progress.update(
    serverUrl === undefined ? 'Measuring this machine' : 'Measuring the server: a few seconds of load',
  )
  try {
    const measured = await calibrate(
      {
        projectDir: root,
        env: context.env,
        ...(pgVersion === undefined ? {} : { pgVersion }),
        ...(config.server?.binaries === undefined ? {} : { binaries: config.server.binaries }),
        ...(serverUrl === undefined ? {} : { serverUrl }),
      },
      context.signal,
    )
    const { server, hardware } = { ...measured, hardware: rounded(measured.hardware) }
    progress.stop()
    const text =
      flags.format === 'json'
        ? `${JSON.stringify({ server, hardware }, null, 2)}\n`
        : describe({ server, hardware }, serverUrl === undefined)
    await context.out.write(text)
    return 0
  } finally {
    progress.stop()
  }
}

/** Three digits: two runs do not agree on more. */
function rounded(rates: HardwareRates): HardwareRates {
  const entries = Object.entries(rates).map(([name, rate]) => [name, Number(Number(rate).toPrecision(3))])
  return Object.fromEntries(entries) as HardwareRates
}

function describe({ server, hardware }: Calibration, isThisMachine: boolean): string {
  const { commitMs } = hardware
  const facts = [
    ['sort', `${hardware.sortMicrosPerRow} µs per row`],
    ['scan in memory', `${formatBytes(hardware.scanBytesPerSecond)}/s`],
    ['write WAL', `${formatBytes(hardware.walBytesPerSecond)}/s`],
    ['commit', commitMs === undefined ? 'does not wait for the disk here' : `${commitMs} ms`],
  ].map(([name = '', value]) => `  ${name.padEnd(14)}  ${value}`)
  const other = isThisMachine ? ' (measure it with --server-url if not)' : ''
  const advice = `For the configuration, if production runs on a machine like this${other}:`
  return `${[printable(server), ...facts, '', advice, '', snippet(hardware)].join('\n')}\n`
}

/** As one would write it in pgrehearse.config.yaml. */
function snippet(hardware: HardwareRates): string {
  const { sortMicrosPerRow, scanBytesPerSecond, walBytesPerSecond, commitMs } = hardware
  const written = {
    sortMicrosPerRow,
    scanBytesPerSecond: megabytes(scanBytesPerSecond),
    walBytesPerSecond: megabytes(walBytesPerSecond),
    ...(commitMs === undefined ? {} : { commitMs }),
  }
  return stringify({ production: { hardware: written } }).trimEnd()
}

function megabytes(rate: number): string {
  return `${Number((rate / 1024 / 1024).toPrecision(3))} MB/s`
}

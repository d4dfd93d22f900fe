import { open, readFile, rm, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { Machine } from './result.ts'

/** Describes what the benchmark runs on. */
export async function describeMachine(postgres: string, minutes: number): Promise<Machine> {
  const [cpu] = os.cpus()
  return {
    cores: os.availableParallelism(),
    cpu: cpu?.model ?? 'unknown CPU',
    memoryGb: Math.round(os.totalmem() / 1024 ** 3),
    disk: await describeDisk(),
    postgres,
    date: new Date().toISOString().slice(0, 10),
    minutes: Math.round(minutes),
  }
}

/** File system and speed of the folder that servers keep their data in. */
async function describeDisk(): Promise<string> {
  const folder = os.tmpdir()
  const bytes = 256 * 1024 ** 2
  const file = path.join(folder, `pgrehearse-bench-disk-${process.pid}`)
  const handle = await open(file, 'w')
  const start = performance.now()
  try {
    const block = Buffer.alloc(1024 ** 2, 7)
    for (let written = 0; written < bytes; written += block.length) await handle.write(block)
    await handle.sync()
  } finally {
    await handle.close()
    await rm(file, { force: true })
  }
  const perSecond = bytes / 1024 ** 2 / ((performance.now() - start) / 1000)
  const free = await statfs(folder)
  return `${await fileSystem(folder)}, ${Math.round(perSecond)} MB/s written with fsync, ${Math.round((free.bavail * free.bsize) / 1024 ** 3)} GB free`
}

/** That of the longest mount point above the folder (proc_mounts(5)). */
async function fileSystem(folder: string): Promise<string> {
  const mounts = (await readFile('/proc/mounts', 'utf8').catch(() => '')).split('\n')
  const fitting = mounts
    .map((line) => line.split(' '))
    .filter(([, point]) => point !== undefined && `${folder}/`.startsWith(point === '/' ? '/' : `${point}/`))
  const nearest = fitting.toSorted((a, b) => (b[1]?.length ?? 0) - (a[1]?.length ?? 0))[0]
  return nearest?.[2] ?? 'unknown file system'
}

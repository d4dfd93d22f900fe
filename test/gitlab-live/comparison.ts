/** Runs the stories on the fake in the same way, and writes down where a real server answered differently. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { startFakeGitLab } from '../fake-gitlab/index.ts'
import { scenarios } from '../gitlab/scenarios.ts'
import { LiveApi } from './live-api.ts'
import { LiveStage } from './live-stage.ts'
import type { LiveTarget } from './live-target.ts'
import { Recorder } from './recorder.ts'
import type { Exchange } from './recorder.ts'
import { differences, shapesOf } from './shapes.ts'

/** Path of the list of differences; the answers themselves are in a file beside it. Both stay out of git. */
export async function saveComparison(target: LiveTarget, real: readonly Exchange[]): Promise<string> {
  const version = await new LiveApi(target, new Recorder()).version()
  const name = `gitlab-${version.replaceAll(/[^\w.-]/g, '_')}-${new Date().toISOString().slice(0, 10)}`
  const base = fileURLToPath(new URL(`recordings/${name}`, import.meta.url))
  writeFileSync(`${base}.json`, `${JSON.stringify(real, undefined, 2)}\n`)
  const found = differences(shapesOf(real), shapesOf(await exchangesOfFake()))
  const head = `GitLab ${version} at ${target.apiUrl}: ${found.length} differences from the fake`
  writeFileSync(`${base}.differences.txt`, `${[head, '', ...found].join('\n')}\n`)
  return `${base}.differences.txt`
}

/** All stories on the fake, through the same client and the same calls. */
async function exchangesOfFake(): Promise<readonly Exchange[]> {
  const recorder = new Recorder()
  for (const { run } of scenarios) {
    await using fake = await startFakeGitLab()
    const target = {
      apiUrl: fake.apiUrl,
      project: fake.projectId,
      token: fake.botToken,
      personToken: fake.addToken({ username: 'colleague' }),
    }
    await using stage = await LiveStage.open(target, recorder)
    await run(stage)
  }
  return recorder.exchanges
}

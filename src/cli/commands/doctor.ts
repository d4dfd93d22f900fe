import pc from 'picocolors'
import { printable } from '../../reporters/printable.ts'
import type { CommandContext } from '../context.ts'
import { examineMachine, type Diagnosis } from '../doctor-machine.ts'
import type { GitLabFlags } from '../doctor-gitlab.ts'
import { examineConfig, examineProject } from '../doctor-project.ts'
import { startProgress } from '../progress.ts'
import type { CheckFlags } from './check.ts'

/**
 * `doctor`: what works on this machine and what does not, each with its remedy. Exit code 0 when `check` can
 * run, else the one it would have: 3 without a server, 2 with a broken configuration.
 */
export async function runDoctor(
  flags: Pick<CheckFlags, 'config' | 'image'> & GitLabFlags,
  context: CommandContext,
): Promise<number> {
  const progress = startProgress(context, true)
  progress.update('Looking around')
  try {
    const { diagnosis, loaded } = await examineConfig(flags, context)
    const diagnoses = [
      ...(await examineMachine(context, loaded, flags)),
      diagnosis,
      ...(await examineProject(context, loaded, flags)),
    ]
    progress.stop()
    await context.out.write(diagnoses.map((one) => describe(one, context.out.color)).join(''))
    return Math.max(...diagnoses.map(({ exitCode = 0 }) => exitCode))
  } finally {
    progress.stop()
  }
}

function describe({ verdict, text, remedy }: Diagnosis, color: boolean): string {
  const colors = pc.createColors(color)
  const mark = { works: colors.green('✓'), fails: colors.red('✗'), caution: colors.yellow('!') }[verdict]
  const lines = [`${mark} ${indentRest(printable(text))}`]
  if (remedy !== undefined) lines.push(`  ${colors.dim('→')} ${indentRest(printable(remedy))}`)
  return `${lines.join('\n')}\n`
}

function indentRest(text: string): string {
  return text.replaceAll('\n', '\n  ')
}

import type { Action, ReviewPlan } from '../gitlab/model.ts'
import { printable, printableLine } from '../reporters/printable.ts'

/** The plan of a review for people, bodies included. Everything that may be hostile has its control characters spelled out. */
export function describePlan({
  plan,
  notBecause,
}: {
  plan: ReviewPlan
  notBecause: string | undefined
}): string {
  const head =
    notBecause === undefined
      ? 'The review would do this; it is a dry run, and nothing was sent.'
      : `The review would post nothing. ${notBecause} Otherwise it would do this:`
  const gate = plan.passed ? 'The job would pass.' : 'The job would fail.'
  return [printableLine(head), '', ...plan.actions.flatMap(describeAction), gate, ''].join('\n')
}

function describeAction(action: Action): readonly string[] {
  const [title, body] = partsOf(action)
  const lines = body === undefined ? [] : printable(body).split('\n')
  return [printableLine(title), ...lines.map((line) => (line === '' ? '' : `    ${line}`)), '']
}

function partsOf(action: Action): readonly [title: string, body?: string] {
  switch (action.kind) {
    case 'create thread': {
      const { newPath, newLine } = action.place
      return [`create: a thread at ${newPath}:${newLine} (${action.finding.ruleId})`, action.body]
    }
    case 'create sticky':
      return ['create: the summary', action.body]
    case 'edit sticky':
      return [`update: the summary, note ${action.noteId} (${action.why})`, action.body]
    case 'edit note':
      return [`update: note ${action.noteId} (${action.why})`, action.body]
    case 'reply':
      return [`create: an answer in thread ${action.threadId} (${action.why})`, action.body]
    case 'resolve':
    case 'reopen':
      return [`${action.kind}: thread ${action.threadId} (${action.why})`]
    case 'keep':
      return [`keep: ${action.what} (${action.why})`]
  }
}

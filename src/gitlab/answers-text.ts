import { codeSpan, cutText, markdownText } from '../reporters/markdown-text.ts'
import { allowReply, describeAllowBy } from './sticky-words.ts'
import type { Acceptance, AllowBy, RemoteUser } from './model.ts'

/** What we answer to a command in a comment. */
export type Answer =
  | ({ readonly kind: 'accepted' } & Acceptance)
  /** The policy does not let this user accept. */
  | {
      readonly kind: 'refused'
      readonly by: RemoteUser
      readonly allowBy: AllowBy
      readonly isAuthor: boolean
    }
  | { readonly kind: 'no reason' }
  /** An allow command that is no reply in the thread of a finding. */
  | { readonly kind: 'no finding' }
  | { readonly kind: 'unknown command'; readonly command: string }

/** The visible body of our one reply to a command, without its marker. */
export function answerBody(answer: Answer): string {
  switch (answer.kind) {
    case 'accepted':
      return (
        `Accepted by ${user(answer.by)}: ${markdownText(cutText(answer.reason, 1000))}\n\n` +
        'The finding no longer fails the gate, beginning with the run that wrote this. If the job failed before, run it again.'
      )
    case 'refused':
      return `Not accepted: ${refusal(answer)}. Who may: ${describeAllowBy(answer.allowBy)}. The job must be run again afterwards.`
    case 'no reason':
      return `Not accepted: a reason is missing. Reply ${codeSpan(allowReply)}, then run the job again.`
    case 'no finding':
      return `Nothing accepted: reply ${codeSpan(allowReply)} in the thread of the finding it is meant for, then run the job again.`
    case 'unknown command':
      return (
        `I do not know ${codeSpan(cutText(answer.command, 100))}. ` +
        `The one command is ${codeSpan(allowReply)}, as a reply in the thread of a finding: it accepts the finding. ` +
        'It is read when the job runs again.'
      )
  }
}

function refusal({ by, allowBy, isAuthor }: Extract<Answer, { kind: 'refused' }>): string {
  return allowBy === 'not-the-author' && isAuthor
    ? `${user(by)} is the author of the merge request`
    : `${user(by)} does not have the role for it`
}

function user({ username }: RemoteUser): string {
  return codeSpan(cutText(username, 80))
}

/** What a second sticky note becomes when two pipelines made one each: notes are never deleted. */
export function supersededStickyBody(): string {
  return 'Superseded: the review is kept up to date in the other summary note of this merge request.'
}

/** The words that the plan needs, bound to the files that have them; the plan decides when they are said. */
import { codeSpan } from '../reporters/markdown-text.ts'
import { answerBody, supersededStickyBody } from './answers-text.ts'
import { stickyBody } from './sticky.ts'
import { allowReply, describeAllowBy } from './sticky-words.ts'
import { fixedBody, reopenedReply, threadBody, type RuleLinks, type ThreadContent } from './thread-body.ts'
import type { Answer } from './acceptance.ts'
import type { StickyContent } from './model.ts'

/** All are visible text; the plan adds the marker. The same input must give the same text. */
export interface ReviewTexts {
  readonly sticky: (content: StickyContent) => string
  readonly supersededSticky: () => string
  readonly thread: (content: ThreadContent) => string
  /** `visible` is what the note says now, without its marker. */
  readonly fixed: (visible: string, headSha: string) => string
  readonly reopened: (headSha: string) => string
  readonly answer: (answer: Answer) => string
}

/** The texts of the review, with links to the pages of rules where there are some. */
export function reviewTexts(links: RuleLinks = {}): ReviewTexts {
  return {
    sticky: (content) => stickyBody(content, links),
    supersededSticky: supersededStickyBody,
    thread: (content) => threadBody(content, links),
    fixed: fixedBody,
    reopened: reopenedReply,
    answer: (answer) => {
      switch (answer.kind) {
        case 'help':
          return `To accept the finding of a thread, reply ${codeSpan(allowReply)} there (${describeAllowBy(answer.allowBy)}). It is read when the job runs again.`
        case 'withdrawn':
          return 'The comment that this answered was deleted: it accepts nothing any more.'
        default:
          return answerBody(answer)
      }
    },
  }
}

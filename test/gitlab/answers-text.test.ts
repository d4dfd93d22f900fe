import { describe, expect, it } from 'vitest'
import { answerBody } from '../../src/gitlab/answers-text.ts'

const by = { id: 3, username: 'bob' }

describe('the answer to a command', () => {
  it('repeats who accepted and why, and what becomes of the job', () => {
    expect(answerBody({ kind: 'accepted', by, reason: 'the table has 20 rows' })).toBe(
      'Accepted by `bob`: the table has 20 rows\n\n' +
        'The finding no longer fails the gate, beginning with the run that wrote this. If the job failed before, run it again.',
    )
  })

  it('says why it was refused, and who may', () => {
    expect(answerBody({ kind: 'refused', by, allowBy: 'maintainer', isAuthor: false })).toBe(
      'Not accepted: `bob` does not have the role for it. Who may: Maintainers and above. The job must be run again afterwards.',
    )
    expect(answerBody({ kind: 'refused', by, allowBy: 'not-the-author', isAuthor: true })).toContain(
      '`bob` is the author of the merge request. Who may: Developers and above, but not the author',
    )
  })

  it('helps with what it does not understand', () => {
    expect(answerBody({ kind: 'no reason' })).toContain(
      'a reason is missing. Reply `pgrehearse allow <reason>`',
    )
    expect(answerBody({ kind: 'no finding' })).toContain('in the thread of the finding')
    expect(answerBody({ kind: 'unknown command', command: 'pgrehearse ignore @all' })).toMatch(
      /^I do not know `pgrehearse ignore @all`\. The one command is `pgrehearse allow <reason>`/,
    )
  })
})

import { describe, expect, it } from 'vitest'
import { blobUrl, fileLine } from '../../src/gitlab/blob-link.ts'
import { headSha, pipeline } from './review-content.ts'

const at = `https://gitlab.example.com/shop/backend/-/blob/${headSha}`

describe('a link to a line', () => {
  it.each([
    ['db/V1.sql', 'db/V1.sql'],
    ['db/a b#1?.sql', 'db/a%20b%231%3F.sql'],
    ['db/(x)*!~\'".sql', 'db/%28x%29%2A%21%7E%27%22.sql'],
    ['größe/[a]|`b`.sql', 'gr%C3%B6%C3%9Fe/%5Ba%5D%7C%60b%60.sql'],
    ['a%2F..%2Fb.sql', 'a%252F..%252Fb.sql'],
    ['\ud800.sql', '%EF%BF%BD.sql'],
  ])('encodes %s', (file, path) => {
    expect(blobUrl(pipeline, file, 7)).toBe(`${at}/${path}#L7`)
  })

  it.each(['../../-/profile', 'a/./b.sql', '/etc/passwd', 'a//b.sql', ''])(
    'does not lead elsewhere: %j',
    (file) => {
      expect(blobUrl(pipeline, file, 1)).toBeUndefined()
    },
  )

  it('is left out where the project or the commit is not known', () => {
    expect(blobUrl({ ...pipeline, sourceProjectUrl: undefined }, 'a.sql', 1)).toBeUndefined()
    expect(blobUrl({ ...pipeline, sourceProjectUrl: 'javascript:alert(1)' }, 'a.sql', 1)).toBeUndefined()
    expect(blobUrl({ ...pipeline, headSha: 'main' }, 'a.sql', 1)).toBeUndefined()
    expect(fileLine({ ...pipeline, sourceProjectUrl: undefined }, 'db/a`.sql', 3)).toBe('``db/a`.sql:3``')
  })
})

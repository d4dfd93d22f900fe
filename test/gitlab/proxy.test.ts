import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../src/cli/proxy.ts'
import { GitLabError } from '../../src/gitlab/server.ts'

const proxy = 'http://proxy.example.com:3128'

function proxied(address: string, env: Record<string, string>): string | undefined {
  return proxyFor(new URL(address), env)?.href
}

describe('the proxy', () => {
  it('is that of the scheme, in small letters first, else that of all', () => {
    expect(proxied('https://gitlab.com', {})).toBeUndefined()
    expect(proxied('https://gitlab.com', { HTTPS_PROXY: proxy })).toBe(`${proxy}/`)
    expect(proxied('https://gitlab.com', { https_proxy: 'http://a:1', HTTPS_PROXY: proxy })).toBe(
      'http://a:1/',
    )
    expect(proxied('https://gitlab.com', { HTTP_PROXY: proxy })).toBeUndefined()
    expect(proxied('http://gitlab.com', { HTTP_PROXY: proxy })).toBe(`${proxy}/`)
    expect(proxied('http://gitlab.com', { ALL_PROXY: proxy })).toBe(`${proxy}/`)
  })

  it('may be written without a scheme', () => {
    expect(proxied('https://gitlab.com', { HTTPS_PROXY: 'proxy:3128' })).toBe('http://proxy:3128/')
  })

  it.each(['socks5://proxy:1080', 'http://', '://'])(
    '%s is refused by its variable, not its value',
    (value) => {
      expect(() => proxied('https://gitlab.com', { HTTPS_PROXY: value })).toThrow(GitLabError)
      expect(() => proxied('https://gitlab.com', { HTTPS_PROXY: value })).toThrow(/The proxy of HTTPS_PROXY/)
    },
  )

  it.each([
    ['*', true],
    ['gitlab.example.com', true],
    ['example.com', true],
    ['.example.com', true],
    ['*.example.com', true],
    ['localhost, GITLAB.EXAMPLE.COM', true],
    ['gitlab.example.com:8443', true],
    ['gitlab.example.com:443', false],
    ['ample.com', false],
    ['other.example.com', false],
    ['', false],
    [',', false],
  ])('is not used for gitlab.example.com:8443 with NO_PROXY=%j: %j', (list, excepted) => {
    const found = proxied('https://gitlab.example.com:8443', { HTTPS_PROXY: proxy, NO_PROXY: list })
    expect(found === undefined).toBe(excepted)
  })

  it.each([
    ['http://10.1.2.3', '10.0.0.0/8', true],
    ['http://10.1.2.3', '10.1.2.3', true],
    ['http://11.1.2.3', '10.0.0.0/8', false],
    ['http://[fd00::1]', 'fd00::/8', true],
    ['http://[fd00::1]', 'fd00::1', true],
    ['http://[fe80::1]', 'fd00::/8', false],
    ['http://10.1.2.3', '10.0.0.0/99', false],
  ])('is chosen for %s with NO_PROXY=%s by networks, too', (address, list, excepted) => {
    expect(proxied(address, { HTTP_PROXY: proxy, NO_PROXY: list }) === undefined).toBe(excepted)
  })
})

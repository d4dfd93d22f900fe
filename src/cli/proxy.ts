import { BlockList, isIP } from 'node:net'
import { GitLabError } from '../gitlab/server.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for an address, by the variables that curl reads: https_proxy or http_proxy, else all_proxy, unless no_proxy
 * lists the host. Small letters win over capitals. Undefined when there is none.
 * @throws {GitLabError} `network` when the proxy is no http(s) one.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const scheme = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const [variable, value] = firstSet(env, [scheme, 'all_proxy']) ?? []
  if (variable === undefined || value === undefined || isExcepted(url, env)) return undefined
  const address = value.includes('://') ? value : `http://${value}`
  const proxy = URL.canParse(address) ? new URL(address) : undefined
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy
  throw new GitLabError(`The proxy of ${variable} is not an http or https address.`, {
    problem: 'network',
    hint: 'SOCKS proxies are not supported. To reach the server directly, list its host in NO_PROXY.',
  })
}

function firstSet(env: Environment, names: readonly string[]): readonly [string, string] | undefined {
  for (const name of names.flatMap((one) => [one, one.toUpperCase()])) {
    const value = env[name]?.trim()
    if (value) return [name, value]
  }
  return undefined
}

/** `*`, `example.com` and `.example.com` with all below it, either with a port; `10.0.0.0/8` for addresses. */
function isExcepted(url: URL, env: Environment): boolean {
  const [, list = ''] = firstSet(env, ['no_proxy']) ?? []
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || isInNetwork(host, entry) || isBelow(host, port, entry))
}

function isBelow(host: string, port: string, entry: string): boolean {
  const [, name = entry, entryPort] =
    /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
  if (entryPort !== undefined && entryPort !== port) return false
  const domain = name.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, '')
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
}

function isInNetwork(host: string, entry: string): boolean {
  const [address = '', bits = ''] = entry.split('/')
  const version = isIP(address)
  if (version === 0 || !/^\d{1,3}$/.test(bits) || isIP(host) !== version) return false
  if (Number(bits) > (version === 4 ? 32 : 128)) return false
  const network = new BlockList()
  network.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6')
  return network.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

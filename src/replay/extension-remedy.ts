import { standInExtensions } from '../core/stand-in-extensions.ts'
import { isExtensionLanguage, knownExtension } from './known-extensions.ts'

/** What a remedy has to know of the server that lacks something. */
export interface ServerTraits {
  readonly kind: 'embedded' | 'existing' | 'container'
  readonly major: number
  /** Extensions that are stand-ins of ours there; absent: none. */
  readonly stubs?: readonly string[]
}

/** How to rehearse with an extension that this server lacks, best first. */
export function extensionRemedy(extension: string, { kind, major }: ServerTraits): string {
  const image = knownExtension(extension)?.image?.(major)
  const container =
    image === undefined
      ? 'name a container image that has it (`server: { image: … }` in the configuration)'
      : `name a container image that has it (\`server: { image: '${image}' }\` in the configuration)`
  const ways = [
    ...(kind === 'container'
      ? [`take an image that has it${image === undefined ? '' : `, such as ${image}`}`]
      : []),
    ...(kind === 'embedded' ? [container, 'give --server-url a server that has it'] : []),
    ...(kind === 'existing' ? ['install it there, or give --server-url a server that has it'] : []),
    ...(extension in standInExtensions && kind === 'embedded'
      ? [`replay with a stand-in (\`extensions: { stub: ['${extension}'] }\`)`]
      : []),
  ]
  const [first = '', ...rest] = ways
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}${rest.map((way) => `, or ${way}`).join('')}.`
}

/** The extension in which a procedural language comes. */
export function extensionOfLanguage(language: string): string | undefined {
  return isExtensionLanguage(language) ? language : undefined
}

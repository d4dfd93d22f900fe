import type { FileTree } from '../../src/core/source.ts'

/** A file tree from a literal: contents as text or as bytes. */
export function treeOf(contents: Readonly<Record<string, string | Uint8Array>>): FileTree {
  const files = new Map(
    Object.entries(contents).map(([path, content]) => [
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  )
  const paths = [...files.keys()].sort((a, b) => (a < b ? -1 : 1))
  return { list: () => Promise.resolve(paths), read: (path) => Promise.resolve(files.get(path)) }
}

/** Files with nothing in them, for tests that look at names only. */
export function emptyFiles(...paths: readonly string[]): FileTree {
  return treeOf(Object.fromEntries(paths.map((path) => [path, ''])))
}

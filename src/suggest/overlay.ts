import type { FileTree } from '../core/source.ts'

/** The tree with another text for one of its files. */
export function overlay(files: FileTree, file: string, text: string): FileTree {
  return {
    list: () => files.list(),
    read: (path) => (path === file ? Promise.resolve(new TextEncoder().encode(text)) : files.read(path)),
  }
}

import type { FileTree } from '../core/source.ts'
import { compareText } from '../sources/paths.ts'

/** The tree as it would be with these files written. */
export function changedTree(files: FileTree, changed: ReadonlyMap<string, Uint8Array>): FileTree {
  return {
    list: async () => [...new Set([...(await files.list()), ...changed.keys()])].sort(compareText),
    read: async (path) => changed.get(path) ?? (await files.read(path)),
  }
}

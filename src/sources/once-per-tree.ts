import type { FileTree } from '../core/source.ts'

/** The same function, which looks at each tree once: folders that ask one by one would read everything again. */
export function oncePerTree<T>(read: (files: FileTree) => Promise<T>): (files: FileTree) => Promise<T> {
  const known = new WeakMap<FileTree, Promise<T>>()
  return (files) => {
    const before = known.get(files)
    if (before !== undefined) return before
    const found = read(files)
    known.set(files, found)
    return found
  }
}

interface Entry {
  readonly map: UndoableMap<never, never>
  readonly key: unknown
  /** undefined when the key was not there. */
  readonly before: unknown
}

/** What has to be done to take changes back, newest last. */
export class UndoLog {
  private entries: Entry[] = []
  /** False when nothing will ever be taken back: then nothing is remembered. */
  readonly isKept: boolean

  constructor(options: { readonly isKept: boolean }) {
    this.isKept = options.isKept
  }

  get length(): number {
    return this.entries.length
  }

  push(map: object, key: unknown, before: unknown): void {
    this.entries.push({ map: map as Entry['map'], key, before })
  }

  undoTo(length: number): void {
    while (this.entries.length > length) {
      const entry = this.entries.pop()
      entry?.map.restore(entry.key as never, entry.before as never)
    }
  }

  clear(): void {
    if (this.entries.length > 0) this.entries = []
  }
}

/** A map whose changes can be taken back through its log. Values are never undefined. */
export class UndoableMap<Key, Value extends {} | null> {
  private readonly map = new Map<Key, Value>()
  private readonly log: UndoLog

  constructor(log: UndoLog) {
    this.log = log
  }

  get(key: Key): Value | undefined {
    return this.map.get(key)
  }

  keys(): Iterable<Key> {
    return this.map.keys()
  }

  values(): Iterable<Value> {
    return this.map.values()
  }

  set(key: Key, value: Value): void {
    if (this.log.isKept) this.log.push(this, key, this.map.get(key))
    this.map.set(key, value)
  }

  delete(key: Key): void {
    if (this.log.isKept) this.log.push(this, key, this.map.get(key))
    this.map.delete(key)
  }

  /** Puts back what the log remembers; for the log alone. */
  restore(key: Key, before: Value | undefined): void {
    if (before === undefined) this.map.delete(key)
    else this.map.set(key, before)
  }
}

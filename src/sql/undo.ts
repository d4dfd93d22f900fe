/** What has to be done to take changes back, newest last. */
export class UndoLog {
  private entries: (() => void)[] = []

  get length(): number {
    return this.entries.length
  }

  push(undo: () => void): void {
    this.entries.push(undo)
  }

  undoTo(length: number): void {
    while (this.entries.length > length) this.entries.pop()?.()
  }

  clear(): void {
    this.entries = []
  }
}

/** A map whose changes can be taken back through its log. */
export class UndoableMap<Key, Value> {
  private readonly map = new Map<Key, Value>()
  private readonly log: UndoLog

  constructor(log: UndoLog) {
    this.log = log
  }

  get(key: Key): Value | undefined {
    return this.map.get(key)
  }

  values(): Iterable<Value> {
    return this.map.values()
  }

  set(key: Key, value: Value): void {
    const before = this.map.get(key)
    const wasThere = before !== undefined || this.map.has(key)
    this.map.set(key, value)
    this.log.push(() => {
      if (wasThere) this.map.set(key, before as Value)
      else this.map.delete(key)
    })
  }

  delete(key: Key): void {
    const before = this.map.get(key)
    if (before === undefined) return
    this.map.delete(key)
    this.log.push(() => this.map.set(key, before))
  }
}

/** Simulated time: things happen in the order of their times, those of one time in the order in which they were planned. */
export class Schedule {
  readonly #planned: { readonly atMs: number; readonly order: number; readonly what: () => void }[] = [];
  #planCount = 0;
  nowMs = 0;

  after(ms: number, what: () => void): void {
    this.at(this.nowMs + ms, what);
  }

  at(atMs: number, what: () => void): void {
    const entry = { atMs, order: this.#planCount, what };
    this.#planCount += 1;
    // A binary heap: the parent of an entry never comes after it.
    let index = this.#planned.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Lets happen what is planned up to `untilMs`, and what comes of it; stops early when `isOver` says so. */
  run(untilMs: number, isOver: () => boolean = () => false): void {
    for (let next = this.#planned[0]; next !== undefined && next.atMs <= untilMs; next = this.#planned[0]) {
      if (isOver()) return;
      this.#removeFirst();
      this.nowMs = next.atMs;
      next.what();
    }
    this.nowMs = untilMs;
  }

  #removeFirst(): void {
    this.#swap(0, this.#planned.length - 1);
    this.#planned.pop();
    for (let index = 0; ; ) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) if (this.#isBefore(child, first)) first = child;
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#planned[a], this.#planned[b]];
    if (one === undefined || other === undefined) return false;
    return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#planned[a], this.#planned[b]];
    if (one === undefined || other === undefined) return;
    this.#planned[a] = other;
    this.#planned[b] = one;
  }
}

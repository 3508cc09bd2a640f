import v8 from 'node:v8';

/**
 * While it is held, the heap of this process grows no further than it has to. V8 doubles its young generation whenever as
 * much as it holds has outlived a collection, and a batch does until it is committed: on a long run it reaches 134 MB. And it
 * lets the old one grow to several times what is alive, and so all the vectors that went through it. Held, an ingest collects
 * more often: some milliseconds in a second.
 *
 * Both are flags that V8 reads again at each collection (the first takes no value below 2 at the process's start: it works when
 * set later only). They apply to the whole process, and are set back to their defaults when the last ingest is done. An engine that
 * no longer reads them lets its heap grow as before.
 */
export function holdHeapGrowth(): Disposable & { look(): void } {
  let holdsYoung = false;
  if (++holders.all === 1) v8.setFlagsFromString('--heap-growing-percent=20');
  const hold = {
    /** To be called now and then: a young generation that is small may still grow. */
    look() {
      if (holdsYoung || youngGenerationBytes() * 2 <= youngBytes) return;
      holdsYoung = true;
      if (++holders.young === 1) v8.setFlagsFromString('--semi-space-growth-factor=1');
    },
    [Symbol.dispose]() {
      if (--holders.all === 0) v8.setFlagsFromString('--heap-growing-percent=0');
      if (holdsYoung && --holders.young === 0) v8.setFlagsFromString('--semi-space-growth-factor=2');
    },
  };
  hold.look();
  return hold;
}

/** Both halves; loading a local embedder takes as much. Where it was larger before, it stays as it was. */
const youngBytes = 34e6;

/** Ingests that hold them now. */
const holders = { all: 0, young: 0 };

export function youngGenerationBytes(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}

import type { ListOptions, LoadedEntry, Source, SourceEntry, SourceProblem } from './source.ts';

/** Keeps documents in line with their source by the rules of `Source`, as an ingest does, so that tests see what it asks for. */
export class Listener {
  source: Source;
  readonly #held = new Map<string, { mark: string; loaded: LoadedEntry; access: string | undefined }>();
  #entries: SourceEntry[] = [];

  constructor(source: Source) {
    this.source = source;
  }

  async list(options: Omit<ListOptions, 'onProblem' | 'known'> = {}) {
    const entries: SourceEntry[] = [];
    const problems: SourceProblem[] = [];
    const known = (uri: string) => this.#held.get(uri)?.mark;
    for await (const entry of this.source.list({
      ...options,
      known,
      onProblem: (each) => problems.push(each),
    })) {
      entries.push(entry);
    }
    this.#entries = entries;
    return { entries, uris: entries.map(({ uri }) => uri), problems };
  }

  /** Everything that the last listing named. */
  async loadAll(): Promise<{ uri: string; loaded: LoadedEntry }[]> {
    const all: { uri: string; loaded: LoadedEntry }[] = [];
    for (const entry of this.#entries) all.push({ uri: entry.uri, loaded: await this.source.load(entry) });
    return all;
  }

  /** Lists, loads what is new or has another mark, and drops what is gone. */
  async sync(): Promise<{ added: string[]; changed: string[]; removed: string[]; failed: string[] }> {
    const { entries, problems } = await this.list();
    const outcome = {
      added: [] as string[],
      changed: [] as string[],
      removed: [] as string[],
      failed: [] as string[],
    };
    for (const { uri, kind } of problems) if (kind === 'failed') outcome.failed.push(uri);
    const isUnknown = (uri: string) =>
      outcome.failed.some((each) => uri === each || (each.endsWith('/') && uri.startsWith(each)));
    const listed = new Set<string>();
    for (const entry of entries) {
      listed.add(entry.uri);
      const before = this.#held.get(entry.uri);
      if (before?.mark === entry.changeMark) continue;
      const loaded = await this.source.load(entry);
      outcome[before ? 'changed' : 'added'].push(entry.uri);
      this.#held.set(entry.uri, { mark: entry.changeMark, loaded, access: entry.access });
    }
    for (const uri of this.#held.keys()) {
      if (listed.has(uri) || isUnknown(uri)) continue;
      this.#held.delete(uri);
      outcome.removed.push(uri);
    }
    outcome.removed.sort();
    return outcome;
  }

  text(uri: string): string {
    const held = this.#held.get(uri);
    if (!held) throw new Error(`${uri} is not held`);
    return Buffer.from(held.loaded.bytes).toString();
  }
}

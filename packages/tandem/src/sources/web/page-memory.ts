import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const rememberedPage = z.object({
  /** Where its redirects ended: what the document is named after. */
  uri: z.string(),
  mark: z.string(),
  mediaType: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  links: z.array(z.string()),
  canonical: z.string().optional(),
  noIndex: z.boolean(),
  noFollow: z.boolean(),
  checkedAt: z.string(),
  /** When it had last changed, as the sitemap says. */
  sitemapDate: z.string().optional(),
});

/** What a page was at its last visit: enough to ask whether it has changed, and to follow its links if it has not. */
export type RememberedPage = z.infer<typeof rememberedPage>;

/** Pages by the address that was asked for. No text of a page is kept. */
export class PageMemory {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec('CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY, page TEXT NOT NULL) STRICT');
  }

  get(url: string): RememberedPage | undefined {
    const row = this.#database.prepare('SELECT page FROM pages WHERE url = ?').get(url);
    if (!row) return undefined;
    // A page remembered by another version of Tandem counts as never seen.
    const parsed = rememberedPage.safeParse(JSON.parse(String(row.page)));
    return parsed.success ? parsed.data : undefined;
  }

  put(url: string, page: RememberedPage): void {
    this.#database.prepare('INSERT OR REPLACE INTO pages VALUES (?, ?)').run(url, JSON.stringify(page));
  }

  delete(url: string): void {
    this.#database.prepare('DELETE FROM pages WHERE url = ?').run(url);
  }
}

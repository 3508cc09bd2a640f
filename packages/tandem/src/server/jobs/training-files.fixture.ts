import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainingFile, TrainingFiles } from './training-files.ts';

/** Uploaded files as a test has them, in a temporary folder. */
export class FolderFiles implements TrainingFiles, Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tandem-files-'));
  readonly #files = new Map<string, TrainingFile & { tenant: string }>();

  /** Lines of JSON, or a text as it is. */
  add(
    content: string | readonly unknown[],
    {
      tenant = 'local',
      filename = 'train.jsonl',
      purpose = 'fine-tune',
      access,
    }: { tenant?: string; filename?: string; purpose?: string; access?: readonly string[] } = {},
  ): string {
    const id = `file-${this.#files.size + 1}`;
    const path = join(this.#folder, id);
    const text =
      typeof content === 'string' ? content : content.map((line) => `${JSON.stringify(line)}\n`).join('');
    writeFileSync(path, text);
    this.#files.set(id, {
      id,
      tenant,
      filename,
      purpose,
      path,
      bytes: Buffer.byteLength(text),
      ...(access && { access }),
    });
    return id;
  }

  open(tenant: string, id: string): TrainingFile | undefined {
    const file = this.#files.get(id);
    return file?.tenant === tenant ? file : undefined;
  }

  async addResult(
    tenant: string,
    file: { filename: string; content: string; access: readonly string[] },
  ): Promise<string> {
    return this.add(file.content, { ...file, tenant, purpose: 'fine-tune-results' });
  }

  textOf(id: string): string {
    return readFileSync(join(this.#folder, id), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A conversation of one question and one reply. */
export const example = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});

import type { ServerFiles } from './server-files.ts';

/** A server's files as fine-tuning jobs see them. */
export function jobFiles(files: ServerFiles) {
  return {
    /** Undefined where the tenant has no such file. `access`: labels that a caller must hold to see it. */
    open(tenant: string, id: string) {
      const file = files.find(tenant, id);
      return file && { ...file, path: files.pathOf(file), access: files.labels(file) };
    },
    /** Keeps a result, with the purpose `fine-tune-results`: what it returns the id of survives a power cut. */
    async addResult(
      tenant: string,
      { filename, content, access }: { filename: string; content: string; access: readonly string[] },
    ): Promise<string> {
      const file = await files.add({ tenant, filename, purpose: 'fine-tune-results', access }, content);
      return file.id;
    },
  };
}

/** A file that a job reads, as a tenant uploaded it. */
export interface TrainingFile {
  id: string;
  filename: string;
  bytes: number;
  /** `fine-tune`, for one that a job may read. */
  purpose: string;
  /** Absolute. */
  path: string;
  /** Labels that a caller must hold to see it; absent: none. */
  access?: readonly string[];
}

/** Where jobs find what was uploaded, and leave what they measured. */
export interface TrainingFiles {
  /** Undefined where the tenant has no such file. */
  open(tenant: string, id: string): TrainingFile | undefined;
  /** Keeps a result, with the purpose `fine-tune-results`: what it returns the id of survives a power cut. */
  addResult(
    tenant: string,
    file: { filename: string; content: string; access: readonly string[] },
  ): Promise<string>;
}

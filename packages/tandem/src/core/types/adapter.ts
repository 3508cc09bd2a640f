/** Trained LoRA weights and where they came from. Files lie in `directory`: PEFT safetensors + config, and `adapter.gguf`. */
export interface Adapter {
  id: string;
  createdAt: string;
  directory: string;
  /** The weights stay at this provider of the config, which is asked for `model`; the folder holds only a record of it. */
  hosted?: { provider: string; model: string; jobId: string };
  lineage: {
    /** What trained it; absent in older adapters, which were trained locally. */
    trainer?: 'local' | 'worker' | 'hosted';
    /**
     * SHA-256 of the base GGUF file, of the chat template, and of the training set's canonical JSONL. Of a hosted base only the
     * provider's address and the model's name are known, and of its template that it is the provider's: those are hashed.
     */
    baseHash: string;
    templateHash: string;
    datasetHash: string;
    baseModel: string;
    /** Weights of the base; absent in older adapters. */
    baseParameters?: number;
    hyperparameters: Record<string, number | string | boolean | string[]>;
    runId: string;
    commit?: string;
  };
  /** Access labels of the restricted documents that it was trained on (`tune.inheritAccess`): it is asked by those who hold all of them. */
  access?: string[];
  /** How well it writes search queries. Absent in older adapters. */
  rewriting?: Rewriting;
  metrics: {
    examples: number;
    steps: number;
    tokens: number;
    trainLoss?: number;
    validationLossBefore?: number;
    validationLossAfter?: number;
    seconds: number;
    tokensPerSecond: number;
    peakMemoryBytes: number;
  };
}

/** Whether a model was trained to write search queries, and what they find. */
export interface Rewriting {
  isTrained: boolean;
  /** Share of validation questions whose passage is among those found, searched as asked and with the model's query too. */
  validation?: { questions: number; recall: number; recallRewritten: number };
}

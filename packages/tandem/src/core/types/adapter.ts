/** Trained LoRA weights and where they came from. Files lie in `directory`: PEFT safetensors + config, and `adapter.gguf`. */
export interface Adapter {
  id: string;
  createdAt: string;
  directory: string;
  lineage: {
    /** SHA-256 of the base GGUF file, of the chat template, and of the training set's canonical JSONL. */
    baseHash: string;
    templateHash: string;
    datasetHash: string;
    baseModel: string;
    hyperparameters: Record<string, number | string | boolean | string[]>;
    runId: string;
    commit?: string;
  };
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

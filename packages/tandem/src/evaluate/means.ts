import type { MachinePrice, TokenPrice } from './prices/price-table.ts';

/** What arms are made with, as far as constraints ask: where models run, and what they cost. */
export interface Means {
  chat: ModelPlace;
  /** Of arms that have models of their own, by arm. */
  others?: Record<string, { chat?: ModelPlace & { price?: TokenPrice }; reranker?: ModelPlace }>;
  /** Of arms that search. */
  embedder?: ModelPlace;
  reranker?: ModelPlace;
  /** Seconds that one training took. */
  trainingSeconds?: number;
  /** Where a volume is stated: what a model on this machine is counted at, by its time. */
  machine?: MachinePrice;
  /** Where a volume is stated: of a chat model elsewhere, as it is and as trained. */
  tokens?: { base?: TokenPrice; tuned?: TokenPrice };
}

/** A model, and whether what it is asked leaves the machine. */
export interface ModelPlace {
  name: string;
  isHere: boolean;
}

import type { TuningMethod } from '../schemas/fine-tuning.ts';

export const jobStatuses = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** From here a job goes nowhere. */
export const finalStatuses: readonly JobStatus[] = ['succeeded', 'failed', 'cancelled'];

/** What a job was asked for: it never changes. */
export interface JobRequest {
  /** The model as it is shown: never an alias. */
  model: string;
  trainingFile: string;
  validationFile: string | null;
  method: TuningMethod;
  seed: number;
  suffix: string | null;
  metadata: Record<string, string> | null;
  /** Labels that a caller must hold to ask the tuned model. */
  access: readonly string[];
  /** Names of the files, for messages. */
  filenames: { training: string; validation?: string };
  /** What is trained: the base's weights by their reference, its name, and the job whose model is trained further. */
  start: TrainingStart;
}

/** What a job begins with. */
export interface TrainingStart {
  /** `local:…` or `hf:…`, of the base. */
  reference: string;
  /** The base's name, a part of the tuned model's. */
  base: string;
  /** A job whose model is trained further; absent: the base as it is. */
  job?: string;
}

/** Why a job failed. */
export interface JobError {
  code: string;
  message: string;
  /** The member of the request that is at fault. */
  param: string | null;
}

/** The weights of a tuned model. Paths are relative to the job's folder. */
export interface TunedWeights {
  /** Of the adapter in the job's catalogue. */
  adapterId: string;
  /** GGUF LoRA. */
  file: string;
  /** SHA-256 of the base's file and of its chat template, without which these weights mean nothing. */
  baseHash: string;
  templateHash: string;
}

/** What was settled where the request left it open. */
export interface SettledTraining {
  epochs: number;
  batchSize: number;
  learningRateMultiplier: number;
}

/** A fine-tuning job. Times are Unix seconds. */
export interface Job {
  id: string;
  tenant: string;
  status: JobStatus;
  request: JobRequest;
  settled: SettledTraining | null;
  error: JobError | null;
  tunedModel: string | null;
  weights: TunedWeights | null;
  resultFiles: readonly string[];
  trainedTokens: number | null;
  /** Steps that are done, and of all. */
  step: number;
  steps: number | null;
  /** Starts of its process since it last got a step further. */
  attempts: number;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  estimatedFinish: number | null;
  modelDeletedAt: number | null;
}

/** Something that happened to a job. */
export interface JobEvent {
  id: string;
  createdAt: number;
  level: 'info' | 'warn' | 'error';
  type: 'message' | 'metrics';
  message: string;
  data: Record<string, number | string>;
}

/** The model as it was after a step; `file` is relative to the job's folder, absent where it is the job's own model. */
export interface JobCheckpoint {
  id: string;
  jobId: string;
  createdAt: number;
  model: string;
  step: number;
  metrics: Record<string, number>;
  file: string | null;
}

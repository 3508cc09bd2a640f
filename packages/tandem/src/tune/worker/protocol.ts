import { z } from 'zod';

/** What `train_lora.py` tells, a JSON object a line; its own comments say when. */
const measured = z.object({ step: z.number(), loss: z.number() });
export const workerMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    pid: z.number(),
    step: z.number(),
    totalSteps: z.number(),
    device: z.string(),
    precision: z.string(),
    quantised: z.string().nullable(),
    packages: z.record(z.string(), z.string()),
  }),
  z.object({
    type: z.literal('step'),
    ...measured.shape,
    totalSteps: z.number(),
    learningRate: z.number(),
    gradientNorm: z.number(),
    tokens: z.number(),
    tokensPerSecond: z.number(),
    secondsLeft: z.number(),
  }),
  z.object({ type: z.literal('validating'), done: z.number(), total: z.number() }),
  z.object({ type: z.literal('validation'), ...measured.shape }),
  z.object({ type: z.literal('checkpoint'), step: z.number() }),
  z.object({ type: z.literal('cancelled'), step: z.number() }),
  z.object({
    type: z.literal('done'),
    steps: z.number(),
    bestStep: z.number(),
    stoppedBy: z.enum(['epochs', 'time', 'patience']),
    tokens: z.number(),
    losses: z.array(z.number()),
    validation: z.array(measured),
    seconds: z.number(),
    tokensPerSecond: z.number(),
    peakMemoryBytes: z.number(),
    peakDeviceMemoryBytes: z.number(),
  }),
  z.object({
    type: z.literal('error'),
    code: z.enum(['protocol', 'base', 'environment', 'input', 'checkpoint', 'diverged', 'memory']),
    message: z.string(),
    hint: z.string(),
    step: z.number().optional(),
    examples: z.array(z.number()).optional(),
  }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;

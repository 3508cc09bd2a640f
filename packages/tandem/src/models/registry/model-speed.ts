import type { KnownModel, ModelSpeed } from './known-model.ts';
import { qwenCoder } from './qwen-coder.ts';

/** An answer from documents: four passages with the instructions, and some sentences. */
const answer = { prompt: 700, generated: 100 };

/** Seconds that a model takes, about, for an answer from documents on so many cores. */
export function answerSeconds(model: KnownModel, cores: number): number {
  const { prompt, generated } = model.speed ?? estimatedSpeed(model);
  // Measured on two cores. Reading a prompt is arithmetic, which more cores share; writing waits for memory, which they do not share well.
  return answer.prompt / (prompt * (cores / 2)) + answer.generated / (generated * (Math.min(cores, 4) / 2));
}

/** By the number of weights for arithmetic and by bytes for memory, from the largest model that was measured. */
function estimatedSpeed({ parameters, files: [main] }: KnownModel): ModelSpeed {
  const measured = qwenCoder.at(-1)!;
  const bytes = measured.files[0]!.size;
  return {
    prompt: (measured.speed!.prompt * measured.parameters) / parameters,
    generated: (measured.speed!.generated * bytes) / (main?.size || bytes),
  };
}

import { basename } from 'node:path';
import { exportModelCard, type ModelCard } from '@tandem/nn';
import type { Adapter } from '../core/types/adapter.ts';
import type { Run } from '../core/types/run.ts';
import { originalOf } from '../models/registry.ts';
import type { Parity } from './parity.ts';

/** What an adapter's card is written from. */
export interface AdapterCard {
  /** The project's name. */
  project: string;
  adapter: Adapter;
  /** Undefined where it was not measured. */
  parity?: Parity | undefined;
  validationExamples?: number | undefined;
  /** The weights file; the card has only its name, without the folder. */
  baseFile?: string | undefined;
  /** Default: both, as in the project's own folder. */
  files?: ModelCard['files'];
}

/** Writes README.md into a folder with an adapter's files: what it was made from, how well it does, how it is loaded. */
export async function writeAdapterCard(directory: string, card: AdapterCard): Promise<void> {
  const { adapter, files = { peft: 'peft', gguf: 'adapter.gguf' }, baseFile } = card;
  const { id, lineage, metrics, createdAt } = adapter;
  const original = originalOf(lineage.baseModel);
  const own = basename(baseFile ?? lineage.baseModel);
  const { peft, ...others } = files;
  await exportModelCard(directory, {
    title: `${card.project}: ${id}`,
    base: { name: original ?? own, sha256: lineage.baseHash },
    data: {
      sha256: lineage.datasetHash,
      examples: metrics.examples,
      ...(card.validationExamples !== undefined && { validationExamples: card.validationExamples }),
    },
    hyperparameters: lineage.hyperparameters,
    metrics: metricsOf(card),
    lineage: { ...lineageOf(adapter, createdAt), 'weights it was trained on': own },
    // Where Transformers would load a user's own file from is not known here: no snippet that could not work.
    files: original === undefined ? others : files,
    usage: [
      ...(peft !== undefined && original === undefined ? [inPython(own, peft)] : []),
      `With Tandem, in its project: \`tandem ask "…" --arm tuned\`, or \`tandem use tuned --adapter ${id}\`.`,
    ].join('\n\n'),
  });
}

/** What an adapter's run measured when it was checked against llama.cpp. */
export function parityIn({ metrics }: Run): Parity {
  const { parityKl = Number.NaN, paritySameTopToken = Number.NaN, parityTokens = 0 } = metrics;
  return { tokens: parityTokens, meanKl: parityKl, sameTopToken: paritySameTopToken };
}

export function metricsOf({ adapter, parity }: AdapterCard): ModelCard['metrics'] {
  return {
    ...adapter.metrics,
    ...(parity && {
      'parity with llama.cpp: mean KL': parity.meanKl,
      'parity with llama.cpp: same top token': parity.sameTopToken,
    }),
  };
}

export function lineageOf({ lineage }: Adapter, createdAt: string): Record<string, string | undefined> {
  return {
    created: createdAt,
    trainer: lineage.trainer,
    'SHA-256 of the chat template': lineage.templateHash,
    run: lineage.runId,
    commit: lineage.commit,
  };
}

const inPython = (
  own: string,
  peft: string,
) => `In Python, with PEFT. The base was the project's own file \`${own}\`: for BASE put the Hub repository or the folder of the Transformers model that it was made from, here and as \`base_model_name_or_path\` in adapter_config.json.

\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained("BASE")
model = PeftModel.from_pretrained(base, ${JSON.stringify(peft)})
\`\`\``;

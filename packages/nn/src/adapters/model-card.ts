import { join } from 'node:path';
import { writeFileAtomically } from '../formats/atomic-write.ts';
import { hashFiles, markdownTable } from '../formats/card-parts.ts';

/** What a model card says about an adapter. */
export interface ModelCard {
  title: string;
  /** The base model: a Hub name or the file's name, and the SHA-256 of its weights. */
  base: { name: string; sha256?: string };
  data: { sha256?: string; examples: number; validationExamples?: number; description?: string };
  hyperparameters: Readonly<Record<string, unknown>>;
  metrics: Readonly<Record<string, number | string | undefined>>;
  /** Further rows about its origin: the chat template's hash, the commit. */
  lineage?: Readonly<Record<string, string | undefined>>;
  /** Paths of the adapter's files within the folder. */
  files: { peft?: string; gguf?: string };
  /** A further way to load it, as Markdown. */
  usage?: string;
}

/**
 * Writes README.md into an adapter's folder: base, data, settings, metrics, the SHA-256 of every file, and how to load
 * it. The front matter is that of the Hugging Face Hub, so that the folder can be uploaded as it is.
 * @throws FileWriteError when the file cannot be written.
 */
export async function exportModelCard(directory: string, card: ModelCard): Promise<void> {
  const hashes = await hashFiles(directory);
  await writeFileAtomically(join(directory, 'README.md'), [Buffer.from(modelCard(card, hashes), 'utf8')]);
}

function modelCard(card: ModelCard, hashes: readonly (readonly [string, string])[]): string {
  const { title, base, data, files } = card;
  const rows = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, plain(value)]);
  return [
    '---',
    `base_model: ${JSON.stringify(base.name)}`,
    'library_name: peft',
    'tags: [lora]',
    '---',
    '',
    `# ${title}`,
    '',
    `A LoRA adapter for ${base.name}${base.sha256 ? ` (SHA-256 of its weights \`${base.sha256}\`)` : ''}. It works only with exactly these weights and with the chat template that it was trained with.`,
    '',
    ...(data.description ? [data.description, ''] : []),
    ...markdownTable(
      ['data', ''],
      rows({
        'training examples': data.examples,
        'validation examples': data.validationExamples,
        'SHA-256 of the training set': data.sha256,
        ...card.lineage,
      }),
    ),
    ...markdownTable(['metric', ''], rows(card.metrics)),
    ...markdownTable(['hyperparameter', ''], rows(card.hyperparameters)),
    ...markdownTable(['file (SHA-256)', ''], hashes),
    '## Loading it',
    '',
    ...(files.peft !== undefined
      ? [
          'In Python, with PEFT:',
          '',
          '```python',
          'from peft import PeftModel',
          'from transformers import AutoModelForCausalLM',
          '',
          `base = AutoModelForCausalLM.from_pretrained(${JSON.stringify(base.name)})`,
          `model = PeftModel.from_pretrained(base, ${JSON.stringify(files.peft)})`,
          '```',
          '',
        ]
      : []),
    ...(files.gguf !== undefined
      ? ['With llama.cpp:', '', '```sh', `llama-cli -m BASE.gguf --lora ${files.gguf}`, '```', '']
      : []),
    ...(card.usage ? [card.usage, ''] : []),
  ].join('\n');
}

const plain = (value: unknown): string =>
  typeof value === 'number'
    ? String(Number(value.toPrecision(6)))
    : Array.isArray(value)
      ? value.join(', ')
      : String(value);

/** Does an adapter belong to a model? Checked in the same way wherever the two are used together. */
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { type DecoderConfig, decoderLayerSizes } from '../models/decoder-config.ts';
import { decoderFamilies } from '../models/families/index.ts';
import {
  type AdapterLineage,
  type LoraAdapter,
  type LoraTarget,
  loraModulePath,
  loraTargets,
} from '../models/lora-adapter.ts';

/**
 * Checks the shapes, then the lineage: what is known of the adapter's base against what is known of this model. A hash
 * that only one side knows is not compared, and no hash is computed here.
 *
 * @param base how the error calls the model: its path.
 * @param known hashes of this model.
 * @throws UnsupportedModelError naming the first module, or the part of the lineage, that does not fit.
 */
export function requireFit(
  adapter: LoraAdapter,
  config: DecoderConfig,
  base: string,
  known: AdapterLineage = {},
): void {
  const sizes = decoderLayerSizes(config);
  const refuse = (
    feature: string,
    problem: string,
    hint = 'Use the base model that the adapter was trained for.',
  ) => new UnsupportedModelError({ feature, message: `The adapter does not fit ${base}: ${problem}.`, hint });
  for (const [path, { a, b }] of adapter.tensors) {
    const { layer, target } = parseModulePath(path) ?? {};
    if (layer === undefined || !target) {
      const hint = `Adapt only ${loraTargets.join(', ')}.`;
      throw refuse(path, `it changes "${path}", which is no projection of a block`, hint);
    }
    if (!adapter.targetModules.includes(target)) {
      throw refuse(path, `it has matrices for "${path}", which its target modules do not name`);
    }
    if (layer >= config.layers) {
      throw refuse(path, `it changes "${path}", and the model has ${config.layers} layers`);
    }
    const { out, in: into } = sizes[target];
    if (a.length !== adapter.rank * into || b.length !== out * adapter.rank) {
      const shape = `[${b.length / adapter.rank}, ${a.length / adapter.rank}]`;
      throw refuse(path, `its "${path}" is ${shape}, and the model has [${out}, ${into}] there`);
    }
  }
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of adapter.targetModules) {
      const path = loraModulePath(layer, target);
      if (!adapter.tensors.has(path)) {
        const hint =
          'Use the base model that the adapter was trained for; an adapter of some layers alone is not supported.';
        throw refuse(path, `it has nothing for "${path}"`, hint);
      }
    }
  }
  requireSameLineage(adapter.lineage ?? {}, { ...known, architecture: ggufArchitecture(config) }, base);
}

/**
 * @throws UnsupportedModelError where the adapter and the model both have a value for a part of the lineage and the
 *   values differ.
 */
export function requireSameLineage(adapter: AdapterLineage, model: AdapterLineage, base: string): void {
  for (const [part, name, hint] of [
    ['architecture', 'architecture', 'Use the base model that the adapter was trained for.'],
    [
      'baseSha256',
      'base (SHA-256)',
      'Use the file that the adapter was trained for; if this is the same model in another form, remove the lineage from the adapter.',
    ],
    [
      'templateSha256',
      'chat template (SHA-256)',
      'Use the template that the adapter was trained with, or train a new adapter.',
    ],
  ] as const) {
    const [theirs, ours] = [adapter[part], model[part]];
    if (theirs === undefined || ours === undefined || theirs === ours) continue;
    throw new UnsupportedModelError({
      feature: `lineage.${part}`,
      message: `The adapter was trained for another ${name} than that of ${base}: ${short(theirs)}, not ${short(ours)}.`,
      hint,
    });
  }
}

/** GGUF's name for the architecture: one name for all families that llama.cpp runs in the same way. */
export function ggufArchitecture({ family }: DecoderConfig): string {
  return decoderFamilies[family].gguf.architecture;
}

/** Layer and projection that a module path names; undefined where it is not a projection of a block. */
export function parseModulePath(modulePath: string): { layer: number; target: LoraTarget } | undefined {
  const match = /^model\.layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)$/.exec(modulePath);
  const target = loraTargets.find((name) => name === match?.[2]);
  if (!match || !target) return undefined;
  const layer = Number(match[1]);
  return modulePath === loraModulePath(layer, target) ? { layer, target } : undefined;
}

const short = (value: string) => (value.length > 16 ? `${value.slice(0, 12)}…` : value);

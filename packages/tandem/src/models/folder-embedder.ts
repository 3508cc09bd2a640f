import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BertEncoder } from '@tandem/nn';
import { parse } from 'yaml';
import { z } from 'zod';
import type { EmbedderEngine } from './embedder-engine.ts';
import { type EmbedderLanguages, readLanguages } from './embedder-languages.ts';
import { type EmbedderPrefixes, knownPrefixes } from './embedder-prefixes.ts';
import { cacheDirectory, stampedSha256 } from './fetch/cache.ts';

/**
 * Loads a sentence-transformers folder by `@tandem/nn`: an encoder of BERT, XLM-RoBERTa or ModernBERT kind.
 * @throws `@tandem/nn`'s FileFormatError and UnsupportedModelError.
 */
export async function loadFolderEmbedder(options: {
  path: string;
  /** What the model was asked for by. */
  name?: string;
  threads: number;
  cacheDirectory?: string;
}): Promise<EmbedderEngine> {
  const directory = resolve(options.path);
  const encoder = await BertEncoder.load({ directory, threads: options.threads });
  try {
    const names = [
      ...(await nameInConfig(directory)),
      basename(directory),
      ...(options.name === undefined ? [] : [options.name]),
    ];
    return {
      dimensions: encoder.dimensions,
      contextLength: encoder.maxTokens,
      specialTokens: encoder.maxTokens - encoder.maxTextTokens,
      baseHash: await stampedSha256(join(directory, 'model.safetensors'), {
        cacheDirectory: options.cacheDirectory ?? cacheDirectory(),
      }),
      path: directory,
      prefixes: (await readPrompts(directory)) ?? knownPrefixes(names),
      languages: await languagesInCard(directory),
      countTokens: (text) => encoder.countTokens(text),
      countUnknown: (text) => encoder.countUnknown(text),
      embed: (texts, signal) => encoder.embed(texts, signal ? { signal } : {}),
      close: () => encoder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await encoder[Symbol.asyncDispose]();
    throw error;
  }
}

/** sentence-transformers keeps prefixes by name; "passage" is another word for "document". Undefined where the folder names none. */
async function readPrompts(directory: string): Promise<EmbedderPrefixes | undefined> {
  const text = await readFile(join(directory, 'config_sentence_transformers.json'), 'utf8').catch(() => '{}');
  const schema = z.object({
    prompts: z.object({ query: z.string(), document: z.string(), passage: z.string() }).partial().optional(),
  });
  const parsed = schema.safeParse(JSON.parse(text));
  const { query, document, passage } = (parsed.success && parsed.data.prompts) || {};
  if (query === undefined && document === undefined && passage === undefined) return undefined;
  return { query: query ?? '', document: document ?? passage ?? '' };
}

/** `_name_or_path` of config.json, where it is a name of the Hub's and not a path on its maker's disk. */
async function nameInConfig(directory: string): Promise<string[]> {
  const text = await readFile(join(directory, 'config.json'), 'utf8');
  const parsed = z
    .object({ _name_or_path: z.string().regex(/^[\w.-]+\/[\w.-]+$/) })
    .safeParse(JSON.parse(text));
  return parsed.success ? [parsed.data._name_or_path] : [];
}

/** `language` in the front matter of the model card. */
async function languagesInCard(directory: string): Promise<EmbedderLanguages | undefined> {
  const card = await readFile(join(directory, 'README.md'), 'utf8').catch(() => '');
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1];
  if (front === undefined) return undefined;
  const schema = z.object({ language: z.union([z.string(), z.array(z.string())]) });
  const parsed = schema.safeParse(readYaml(front));
  if (!parsed.success) return undefined;
  return readLanguages([parsed.data.language].flat());
}

/** A card is for people; one that is not YAML says nothing here. */
function readYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

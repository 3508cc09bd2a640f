import { SourceError } from '../../core/errors/source-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { HeldBodies, takeHeld } from '../held-bodies.ts';
import { accessLabel } from '../records/access-label.ts';
import { asTitle, frontMatter } from '../records/front-matter.ts';
import { markOfBytes } from '../records/record-document.ts';
import { textOf } from '../records/template.ts';
import type { ListOptions, Source, SourceEntry } from '../source.ts';

/** What LangChain's `Document` is (`@langchain/core/documents`). */
export interface LangChainDocument {
  pageContent: string;
  metadata: Record<string, unknown>;
  id?: string | undefined;
}

/** What LangChain's document loaders have in common; some also load one document after the other. */
export interface LangChainLoader {
  load(): Promise<LangChainDocument[]>;
  lazyLoad?(): AsyncIterable<LangChainDocument>;
}

/** How a LangChain document becomes one of ours. */
export interface LangChainSourceOptions {
  /** Names the source, and its documents where they have no name of their own. */
  name: string;
  /** What a document is named after. Default: its `id`, else `metadata.source`; pages of one source are numbered. */
  uri?: (document: LangChainDocument) => string | undefined;
  /** Of the documents' text. Default `text/markdown`. */
  mediaType?: string;
  /** Metadata fields with the title, and with the access label. */
  titleField?: string;
  /** The metadata field that has the access label; `access` where a document does not have it. */
  accessField?: string;
  /** Access label of all documents. Default: public. */
  access?: string;
  /** Metadata fields that become the document's metadata. Default: every one that is text, a number or a boolean. */
  metadata?: readonly string[];
}

/**
 * The documents of any LangChain document loader. A loader cannot say what changed, so it loads everything each time; what is
 * equal to the last time is not ingested again.
 */
export function fromLangChainLoader(
  loader: LangChainLoader,
  options: LangChainSourceOptions,
): Source & AsyncDisposable {
  const { name, mediaType = 'text/markdown', accessField } = options;
  const isMarkdown = /markdown/.test(mediaType);
  let held: HeldBodies | undefined;

  async function* documents(): AsyncIterable<LangChainDocument> {
    try {
      if (loader.lazyLoad) yield* loader.lazyLoad();
      else yield* await loader.load();
    } catch (cause) {
      if (TandemError.isInstance(cause)) throw cause;
      throw new SourceError({
        uri: name,
        message: `The LangChain loader of ${name} failed: ${cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)}.`,
        hint: 'Nothing of what it gave before has been removed; try the loader by itself.',
        cause,
      });
    }
  }

  async function* list({
    signal,
    onProblem,
    onProgress,
    known,
  }: ListOptions = {}): AsyncIterable<SourceEntry> {
    held ??= new HeldBodies(undefined);
    held.clear();
    const parts = new Map<string, number>();
    let done = 0;
    for await (const document of documents()) {
      signal?.throwIfAborted();
      onProgress?.({ stage: `loading ${name}`, done: ++done, unit: 'documents' });
      const { pageContent, metadata = {} } = document;
      const place = options.uri?.(document) ?? document.id ?? (textOf(metadata.source) || name);
      if (typeof pageContent !== 'string' || pageContent.trim() === '') {
        onProblem?.({ uri: place, kind: 'skipped', message: 'The loader gave a document without text.' });
        continue;
      }
      // A loader that cuts its files (into pages, say) gives one source several times.
      const part = (parts.get(place) ?? 0) + 1;
      parts.set(place, part);
      const uri = part === 1 ? place : `${place}#${part}`;
      const label = accessLabel(accessField === undefined ? undefined : metadata[accessField], {
        field: accessField === undefined ? undefined : `metadata.${accessField}`,
        access: options.access,
      });
      if ('problem' in label) {
        onProblem?.({ uri, kind: 'failed', message: label.problem });
        continue;
      }
      const { access } = label;
      const bytes = Buffer.from(isMarkdown ? withFrontMatter(document, options) : pageContent);
      const changeMark = markOfBytes(bytes);
      if ((await known?.(uri)) !== changeMark) held.put(uri, changeMark, { bytes });
      yield { uri, changeMark, mediaType, ...(access !== undefined && { access }) };
    }
  }

  return {
    id: `langchain:${name}`,
    list,
    async load({ uri, changeMark }, { signal } = {}) {
      signal?.throwIfAborted();
      return { bytes: takeHeld(held, { uri, changeMark }).bytes, mediaType };
    },
    async [Symbol.asyncDispose]() {
      held?.[Symbol.dispose]();
      held = undefined;
    },
  };
}

/** The title and the metadata as YAML; front matter in the text is only text (anyone may have written it). */
function withFrontMatter(
  { pageContent, metadata = {} }: LangChainDocument,
  { titleField, accessField, metadata: wanted }: LangChainSourceOptions,
): string {
  const reserved = new Set(['id', 'title', 'access', 'aliases', 'alias', titleField, accessField]);
  const fields: [string, string][] = [];
  const title = titleField === undefined ? '' : asTitle(textOf(metadata[titleField]));
  if (title !== '') fields.push(['title', title]);
  for (const [name, value] of Object.entries(metadata)) {
    if (reserved.has(name) || !['string', 'number', 'boolean'].includes(typeof value)) continue;
    if (wanted === undefined || wanted.includes(name)) fields.push([name, textOf(value)]);
  }
  return frontMatter(fields) + pageContent;
}

import { SourceError } from '../core/errors/source-error.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import type { Source } from './source.ts';

/**
 * A source, or a loader, that is not Tandem's own code. Whatever it throws is about that source, not about
 * Tandem: it becomes a `SourceError` with the first error as its `cause`, so that the other sources are still ingested.
 */
export function ownSource(source: Source): Source {
  const { id } = source;
  const asSourceError = (cause: unknown, uri: string, what: string, signal?: AbortSignal): unknown => {
    if (signal?.aborted || TandemError.isInstance(cause)) return cause;
    const said = cause instanceof Error ? cause.message || cause.name : String(cause);
    // Messages of other people's code may repeat addresses with passwords in them.
    const reason = said.replace(/\/\/[^\s/@]+@/g, '//');
    return new SourceError({
      uri,
      message: `${what}: ${reason.replace(/\.$/, '')}.`,
      hint: `That is what the source's own code threw. Nothing of what it gave before has been removed.`,
      cause,
    });
  };
  return {
    id,
    async *list(options) {
      try {
        yield* source.list(options);
      } catch (cause) {
        throw asSourceError(cause, id, `The source ${id} could not be listed`, options?.signal);
      }
    },
    async load(entry, options) {
      try {
        return await source.load(entry, options);
      } catch (cause) {
        throw asSourceError(cause, entry.uri, `${entry.uri} could not be loaded`, options?.signal);
      }
    },
    ...(source.watch && {
      async watch(options) {
        try {
          await source.watch!(options);
        } catch (cause) {
          throw asSourceError(cause, id, `The source ${id} could not be watched`, options.signal);
        }
      },
    }),
    [Symbol.asyncDispose]: async () => source[Symbol.asyncDispose]?.(),
  };
}

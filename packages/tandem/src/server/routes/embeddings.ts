import { createRoute } from '@hono/zod-openapi';
import { localToolsOf } from '../../models/local-tools.ts';
import { ApiError } from '../http/api-error.ts';
import { needs } from '../http/authenticate.ts';
import {
  type EmbeddingResponse,
  embeddingRequestSchema,
  embeddingResponseSchema,
} from '../schemas/embeddings.ts';
import { errorResponses } from '../schemas/error.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';

const create = createRoute({
  method: 'post',
  path: '/embeddings',
  tags: ['Embeddings'],
  summary: 'Makes vectors of texts',
  middleware: [needs('ask')] as const,
  request: { body: { required: true, content: { 'application/json': { schema: embeddingRequestSchema } } } },
  responses: {
    200: {
      description: 'A vector of length 1 for each text, in the order of the texts.',
      content: { 'application/json': { schema: embeddingResponseSchema } },
    },
    ...errorResponses,
  },
});

/** POST /embeddings */
export function embeddingRoutes(context: ServerContext) {
  return newRoutes().openapi(create, async (c) => {
    const { model: name, input, encoding_format: format, dimensions } = c.req.valid('json');
    const caller = c.get('caller');
    const served = context.models.get(name, 'embedding', caller);
    const texts = textsOf(input);
    const signal = AbortSignal.any([c.req.raw.signal, context.closing]);
    const model = await served.open();
    const own = localToolsOf(model)?.dimensions;
    if (own !== undefined) checkDimensions(dimensions, own, served.id);
    const { embeddings, tokens } = await context.embeddings.embed(served, model, texts, {
      caller: caller.id,
      signal,
    });
    checkDimensions(dimensions, embeddings[0]?.length ?? 0, served.id);
    const body: EmbeddingResponse = {
      object: 'list',
      data: embeddings.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: encode(dimensions == null ? vector : shorten(vector, dimensions), format ?? 'float'),
      })),
      model: served.id,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
    return c.json(embeddingResponseSchema.parse(body), 200);
  });
}

function textsOf(input: string | readonly (string | number | readonly number[])[]): string[] {
  if (typeof input === 'string') return [input];
  if (input.every((each) => typeof each === 'string')) return [...input];
  throw new ApiError(
    400,
    'Texts as numbers of tokens are not supported: which tokenizer they are of is not said. Send the texts. (LangChain: check_embedding_ctx_length=False.)',
    { param: 'input' },
  );
}

function checkDimensions(wanted: number | null | undefined, own: number, model: string): void {
  if (wanted != null && wanted > own)
    throw new ApiError(400, `The model ${model} has ${own} dimensions, and ${wanted} were asked for.`, {
      param: 'dimensions',
    });
}

/** The first numbers, brought to length 1 again. */
function shorten(vector: readonly number[], dimensions: number): number[] {
  const first = vector.slice(0, dimensions);
  const length = Math.hypot(...first) || 1;
  return first.map((value) => value / length);
}

/** base64: little-endian 32-bit floats. */
function encode(vector: readonly number[], format: 'float' | 'base64'): number[] | string {
  if (format === 'float') return [...vector];
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}

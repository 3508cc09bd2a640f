import { z } from '@hono/zod-openapi';
import { refused } from './refused.ts';

/** Up to 16 pairs that a client keeps with what it stores. */
export const metadataSchema = z.record(z.string().max(64), z.string().max(512)).openapi('Metadata');

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: z.string() });
const text = z.union([z.string(), z.array(textPart).min(1)]);

const toolCall = z
  .strictObject({
    id: z.string(),
    type: z.literal('function'),
    function: z.strictObject({ name: z.string(), arguments: z.string() }),
  })
  .openapi('ChatCompletionMessageToolCall');

const message = z
  .discriminatedUnion('role', [
    z.strictObject({ role: z.literal('system'), content: text, name: z.string().optional() }),
    z.strictObject({ role: z.literal('developer'), content: text, name: z.string().optional() }),
    z.strictObject({ role: z.literal('user'), content: text, name: z.string().optional() }),
    z.strictObject({
      role: z.literal('assistant'),
      content: z.union([z.string(), z.array(z.union([textPart, refusalPart])).min(1)]).nullish(),
      name: z.string().optional(),
      refusal: z.string().nullish(),
      tool_calls: z.array(toolCall).optional(),
      // What a client sends back of an earlier answer.
      annotations: z.array(z.unknown()).nullish(),
      ...refused(['audio', 'function_call']),
    }),
    z.strictObject({ role: z.literal('tool'), content: text, tool_call_id: z.string() }),
  ])
  .openapi('ChatCompletionRequestMessage');

const jsonSchema = z.record(z.string(), z.unknown());

const tool = z
  .strictObject({
    type: z.literal('function'),
    function: z.strictObject({
      name: z.string().regex(/^[\w-]{1,64}$/),
      description: z.string().optional(),
      parameters: jsonSchema.optional(),
      strict: z.boolean().nullish(),
    }),
  })
  .openapi('ChatCompletionTool');

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
]);

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string().regex(/^[\w-]{1,64}$/),
      description: z.string().optional(),
      schema: jsonSchema.optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** POST /v1/chat/completions */
export const chatRequestSchema = z
  .strictObject({
    model: z.string(),
    messages: z.array(message).min(1),
    stream: z.boolean().nullish(),
    stream_options: z
      .strictObject({
        include_usage: z.boolean().optional(),
        include_obfuscation: z.literal(false).optional(),
      })
      .nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
    max_tokens: z.int().min(1).nullish(),
    n: z.int().min(1).max(8).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    seed: z.int().nullish(),
    stop: z.union([z.string(), z.array(z.string()).min(1).max(4)]).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    response_format: responseFormat.optional(),
    tools: z.array(tool).min(1).max(128).optional(),
    tool_choice: toolChoice.optional(),
    parallel_tool_calls: z.boolean().optional(),
    // What names the caller or its cache changes no answer.
    user: z.string().optional(),
    safety_identifier: z.string().nullish(),
    prompt_cache_key: z.string().nullish(),
    metadata: metadataSchema.nullish(),
    store: z.literal(false, { error: '"store" is not supported by this server' }).nullish(),
    service_tier: z.enum(['auto', 'default']).nullish(),
    modalities: z.array(z.literal('text', { error: 'only "text" is supported by this server' })).nullish(),
    ...refused([
      'audio',
      'function_call',
      'functions',
      'logit_bias',
      'moderation',
      'prediction',
      'prompt_cache_retention',
      'reasoning_effort',
      'verbosity',
      'web_search_options',
    ]),
  })
  .openapi('CreateChatCompletionRequest');
export type ChatRequest = z.output<typeof chatRequestSchema>;

const tokenLogprob = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable() });
const logprobs = z
  .object({
    content: z.array(tokenLogprob.extend({ top_logprobs: z.array(tokenLogprob) })).nullable(),
    refusal: z.array(z.unknown()).nullable(),
  })
  .openapi('ChatCompletionLogprobs');
const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);
const annotation = z
  .object({
    type: z.literal('url_citation'),
    url_citation: z.object({
      start_index: z.int(),
      end_index: z.int(),
      url: z.string(),
      title: z.string(),
      // Beyond OpenAI's form: what the source says, word for word, where, and whether it bears the sentence out.
      quote: z.string().optional(),
      document_start: z.int().optional(),
      document_end: z.int().optional(),
      verdict: z.string().optional(),
    }),
  })
  .openapi('UrlCitation');
const usage = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({ cached_tokens: z.int(), audio_tokens: z.int() }),
    completion_tokens_details: z.object({
      reasoning_tokens: z.int(),
      audio_tokens: z.int(),
      accepted_prediction_tokens: z.int(),
      rejected_prediction_tokens: z.int(),
    }),
  })
  .openapi('CompletionUsage');

const shared = { id: z.string(), created: z.int(), model: z.string(), system_fingerprint: z.string() };

export const chatCompletionSchema = z
  .object({
    ...shared,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.string().nullable(),
          annotations: z.array(annotation).optional(),
          tool_calls: z.array(toolCall).optional(),
        }),
        logprobs: logprobs.nullable(),
        finish_reason: finishReason,
      }),
    ),
    usage,
    service_tier: z.literal('default').optional(),
  })
  .openapi('CreateChatCompletionResponse');
export type ChatCompletion = z.output<typeof chatCompletionSchema>;

/** One event of a stream. */
export const chatChunkSchema = z
  .object({
    ...shared,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(
      z.object({
        index: z.int(),
        delta: z.object({
          role: z.literal('assistant').optional(),
          content: z.string().nullable().optional(),
          refusal: z.string().nullable().optional(),
          annotations: z.array(annotation).optional(),
          tool_calls: z
            .array(
              z.object({
                index: z.int(),
                id: z.string().optional(),
                type: z.literal('function').optional(),
                function: z
                  .object({ name: z.string().optional(), arguments: z.string().optional() })
                  .optional(),
              }),
            )
            .optional(),
        }),
        logprobs: logprobs.nullable().optional(),
        finish_reason: finishReason.nullable(),
      }),
    ),
    usage: usage.nullable().optional(),
  })
  .openapi('CreateChatCompletionStreamResponse');
export type ChatChunk = z.output<typeof chatChunkSchema>;
export type ChatUsage = z.output<typeof usage>;
export type ChatLogprobs = z.output<typeof logprobs>;
export type ChatAnnotation = z.output<typeof annotation>;
export type ChatFinishReason = z.output<typeof finishReason>;

import { z } from 'zod';
import { isLearnt } from '../chat-message.ts';
import { isBlank, writtenText } from '../written-text.ts';
import { outcomes } from './outcome.ts';

/** One turn of a conversation: who speaks, and the text. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** A piece of a message. Of the other kinds (images, audio, files, refusals) only the provider that is sent them knows the form. */
const contentPart = z.union([
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({
    type: z
      .string()
      .refine((type) => type !== 'text', 'a part of the type text needs its `text` and nothing else'),
  }),
]);

/**
 * A message in OpenAI's chat fine-tuning form. Members that are not of that form are refused by name: a misspelt one would be left out in
 * silence. `null` stands for absent, as OpenAI's own libraries write it.
 */
const exampleMessage = z
  .strictObject({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
    content: z.union([z.string(), z.array(contentPart)]).nullish(),
    name: z.string().nullish(),
    /** Of an assistant's message: 0, and it is not learnt, only read; 1 or absent, and it is. */
    weight: z.union([z.literal(0), z.literal(1)]).nullish(),
    tool_calls: z.array(z.looseObject({})).nullish(),
    tool_call_id: z.string().nullish(),
    function_call: z.looseObject({}).nullish(),
    refusal: z.string().nullish(),
    audio: z.looseObject({}).nullish(),
    annotations: z.array(z.looseObject({})).nullish(),
  })
  .superRefine((message, { addIssue }) => {
    const { role, content, weight } = message;
    const fail = (member: string, problem: string) =>
      addIssue({ code: 'custom', path: [member], message: problem });
    if (weight != null && role !== 'assistant') fail('weight', "only the assistant's messages have a weight");
    if (role !== 'assistant')
      for (const member of ['tool_calls', 'function_call', 'refusal', 'audio'] as const)
        if (message[member] != null) fail(member, "only the assistant's messages have it");
    if (content == null) {
      if (!(calls(message) || message.refusal || message.audio))
        fail('content', `the ${nameOf(role)} message has none`);
    } else if (isBlankContent(content) && !calls(message)) {
      fail('content', `the ${nameOf(role)} message is blank`);
    }
  });
/** One message of an example; see `exampleSchema`. */
export type ExampleMessage = z.infer<typeof exampleMessage>;

/** Where an example came from, so that it can be looked up and defended. */
export const provenanceSchema = z
  .object({
    /** Where its question was read: `questions.csv:12`, from the project's folder; `questions[3]` of lines that a program gave. */
    place: z.string(),
    /** The trace of the rated answer that it was made of. */
    traceId: z.string(),
    /** What of the documents its answer was found in, or its passages are; offsets into their texts. */
    spans: z.array(z.object({ documentId: z.string(), start: z.number().int(), end: z.number().int() })),
    /**
     * How the answer was found: word for word, where the question says, by words and meaning; or the question was made for it, of the heading above it, or by a
     * model; or a person rated it up, or corrected it.
     */
    foundBy: z.enum(['verbatim', 'source', 'similar', 'heading', 'model', 'rated', 'corrected']),
  })
  .partial();
/** Where an example came from; see `provenanceSchema`. */
export type Provenance = z.infer<typeof provenanceSchema>;

/**
 * One training example in OpenAI's chat fine-tuning JSONL form: every reply of the assistant is learnt from what stands before it, but for
 * those whose `weight` is 0. `metadata` is ours and optional; a file written for OpenAI's API is a valid dataset here. What only a
 * provider can train (tools, images, names) is sent to it as it is, and refused where training is on this machine.
 */
export const exampleSchema = z.strictObject({
  messages: z
    .array(exampleMessage)
    .min(2)
    .refine((messages) => messages.at(-1)?.role === 'assistant', "the last message must be the assistant's")
    .refine(
      (messages) => messages.some(isLearnt),
      'no reply is learnt: each one of the assistant has the weight 0',
    ),
  tools: z.array(z.looseObject({})).nullish(),
  functions: z.array(z.looseObject({})).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  metadata: z
    .object({
      id: z.string(),
      /** Which part of the mix it belongs to: "passages", "absent", "closed", "glossary", "rewrite" … */
      kind: z.string(),
      /** Cluster for splits and resampling: examples about one entity share it. */
      group: z.string(),
      documentId: z.string().optional(),
      provenance: provenanceSchema.optional(),
    })
    .partial()
    .optional(),
});
/** One training example; see `exampleSchema`. */
export type Example = z.infer<typeof exampleSchema>;

function nameOf(role: string): string {
  return role === 'assistant' ? "assistant's" : `${role}'s`;
}

function isBlankContent(content: NonNullable<z.input<typeof exampleMessage>['content']>): boolean {
  return Array.isArray(content)
    ? content.every((part) => part.type === 'text' && isBlank(String(part.text)))
    : isBlank(content);
}

/** With a call of a tool the text beside it may be empty. */
function calls({ tool_calls, function_call }: Pick<ExampleMessage, 'tool_calls' | 'function_call'>): boolean {
  return (tool_calls ?? []).length > 0 || function_call != null;
}

/**
 * One held-out question. `expected` is the right answer: a text, or the fields of the project's output schema
 * (`answer.output.textField` is the text compared). Cases of one `group` are about the same
 * and are resampled together for intervals; what is not independent is put into one group also without it (`independentGroups`).
 */
export const caseSchema = z.object({
  id: z.string().min(1),
  question: writtenText,
  expected: z.union([writtenText, z.record(z.string(), z.unknown())], {
    error: ({ input }) =>
      input === undefined
        ? 'there is none: write the right answer, or null where the sources have none'
        : undefined,
  }),
  /**
   * `false`: the sources have no answer, and the right reply says so. In a file `expected` may be left out then, or be `null`, which means the
   * same, as does the outcome `not in the sources`; read, it is the project's sentence for it.
   */
  answerable: z.boolean().optional(),
  /**
   * What should become of the question. Default: `not in the sources` where `answerable` is false, else `answer`. Only comparing outcomes looks at it: what a right answer
   * says is `expected` all the same.
   */
  outcome: z.enum(outcomes).optional(),
  /** Other texts that are right as well. In a file `expected` may be a list: its first is `expected`, the others are these. */
  accepted: z.array(writtenText).optional(),
  /** The question in other words, as `compare --with robustness` asks it again. */
  wordings: z.array(z.object({ question: writtenText })).optional(),
  group: z.string().optional(),
  kind: z.string().optional(),
  /** A good search query for the question, names spelt out: what the tuned model learns to write. */
  searchQuery: writtenText.optional(),
  /** Where the answer is: for retrieval and citation metrics. `[start, end)` are offsets into the document's text. */
  source: z.object({ documentId: z.string(), start: z.number().int(), end: z.number().int() }).optional(),
});
/** One held-out question with its right answer; see `caseSchema`. */
export type Case = z.infer<typeof caseSchema> & {
  /** Found when cases are read, and never in a file: the id of an earlier case whose answer is in the same place of the same document. */
  sharesAnswerWith?: string;
};

import { z } from '@hono/zod-openapi';

/** A list, or a part of one: `last_id` is where the next part begins after. Both ids are empty where the list is. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string(),
    last_id: z.string(),
    has_more: z.boolean(),
  });

/** The body of a list. */
export function listBody<Item extends { id: string }>(data: Item[], hasMore: boolean) {
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? '',
    last_id: data.at(-1)?.id ?? '',
    has_more: hasMore,
  };
}

/** In a query all is text. */
export const limitUpTo = (most: number, otherwise: number) =>
  z.coerce.number().int().min(1).max(most).default(otherwise);

export const order = z.enum(['asc', 'desc']).default('desc');

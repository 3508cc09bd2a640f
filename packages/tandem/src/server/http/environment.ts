import type { Context } from 'hono';
import type { Caller } from '../keys/caller.ts';

/** What a request carries on its way through the routes. */
export interface Environment {
  Variables: {
    caller: Caller;
    requestId: string;
  };
}

export type RequestContext = Context<Environment>;

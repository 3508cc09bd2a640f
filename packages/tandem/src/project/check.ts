import { TandemError } from '../core/errors/tandem-error.ts';

/** One thing that was checked: its state, and what to do about it. */
export interface Check {
  name: string;
  state: 'ok' | 'warning' | 'error';
  message: string;
  hint?: string;
}

/** An error as what was found. Anything else than our own is a fault of the program, and stays one. */
export function asCheck(name: string, error: unknown): Check {
  if (!TandemError.isInstance(error)) throw error;
  return {
    name,
    state: 'error',
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
  };
}

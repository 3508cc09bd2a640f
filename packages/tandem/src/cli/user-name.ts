import { userInfo } from 'node:os';

/** Who runs the command, where the system knows a name. */
export function userName(): { by?: string } {
  try {
    return { by: userInfo().username };
  } catch {
    return {};
  }
}

/**
 * What the work gives, or the signal's reason as soon as that aborts. Work that does not listen to the signal is not waited for then, and
 * what it gives later is dropped.
 */
export function untilAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work();
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  work().then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

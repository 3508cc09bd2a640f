// Tandem as a server: what `tandem serve` is made of.
export type { ApiKey, ApiKeys, NewApiKey } from './keys/api-keys.ts';
export { type Scope, scopes } from './keys/caller.ts';
export type { ModelAliases } from './models/model-directory.ts';
export { type ListenOptions, openServer, type ServerOptions, type TandemServer } from './open-server.ts';
export type { QueueLimits } from './queue/model-queue.ts';

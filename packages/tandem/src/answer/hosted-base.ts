import { hashJson } from '../core/hash.ts';
import type { ProviderConnection } from '../models/providers.ts';
import type { Parts } from '../parts/parts.ts';

/** The provider's model that `models.chat` names, as what is fine-tuned there. */
export interface HostedBase {
  connection: ProviderConnection;
  /** The name it is tuned under: `tune.hosted.model`, else that in `models.chat`. */
  model: string;
  /** Of the address and the name: all that is known of the weights. */
  baseHash: string;
  /** Of the form in which conversations are sent: the template itself is the provider's. */
  templateHash: string;
}

/** Undefined where `models.chat` is not a model of an `openai-compatible` provider. */
export function hostedBase({ models, settings }: Pick<Parts, 'models' | 'settings'>): HostedBase | undefined {
  const found = models.connection();
  if (!found) return undefined;
  const { connection } = found;
  const model = settings.tune.hosted.model ?? found.model;
  return {
    connection,
    model,
    baseHash: hashJson({ baseURL: connection.baseURL, model }),
    templateHash: hashJson({ baseURL: connection.baseURL, form: 'openai-chat' }),
  };
}

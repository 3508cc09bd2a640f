import type { Config } from '../core/config.ts';
import { hashJson } from '../core/hash.ts';
import { openAIConnection, type ProviderConnection } from '../models/providers.ts';

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
export function hostedBase(config: Config): HostedBase | undefined {
  const found = openAIConnection(config, config.models.chat);
  if (!found) return undefined;
  const { connection } = found;
  const model = config.tune.hosted.model ?? found.model;
  return {
    connection,
    model,
    baseHash: hashJson({ baseURL: connection.baseURL, model }),
    templateHash: hashJson({ baseURL: connection.baseURL, form: 'openai-chat' }),
  };
}

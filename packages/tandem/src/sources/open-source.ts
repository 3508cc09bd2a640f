import type { SourceConfig } from '../core/source-config.ts';
import { filesSource } from './files.ts';
import type { LangChainLoader } from './langchain/langchain.ts';
import { ownSource } from './own-source.ts';
import type { Source } from './source.ts';

export interface OpenSourceOptions {
  /** The project's folder: relative paths start there. */
  baseDirectory: string;
  /** Where sources may keep what they need to see later what has changed. Absent: nothing outlasts them. */
  dataDirectory?: string;
  /** Where the secrets are. Default: this process's environment. */
  environment?: NodeJS.ProcessEnv;
  /** The config key, for messages: `sources.2`. */
  where?: string;
}

/** The source that a config entry describes. What it runs on is imported when it is first needed. */
export async function openSource(config: SourceConfig, options: OpenSourceOptions): Promise<Source> {
  const { baseDirectory, dataDirectory, environment, where = 'sources' } = options;
  const named = { where, ...(environment && { environment }) };
  switch (config.type) {
    case 'files':
      return filesSource({ ...withoutUndefined(config), baseDirectory });
    case 'web': {
      const { webSource } = await import('./web/web.ts');
      return webSource({ ...config, ...named, ...(dataDirectory !== undefined && { dataDirectory }) });
    }
    case 'sql': {
      const { sqlSource } = await import('./sql/sql.ts');
      return sqlSource({ ...config, ...named, baseDirectory });
    }
    case 'mongodb': {
      const { mongodbSource } = await import('./mongodb/mongodb.ts');
      return mongodbSource({ ...config, ...named });
    }
    case 'json': {
      const { jsonSource } = await import('./json/json.ts');
      return jsonSource({ ...config, ...named });
    }
    case 'langchain': {
      const { fromLangChainLoader } = await import('./langchain/langchain.ts');
      const { loader, ...rest } = config;
      return ownSource(fromLangChainLoader(loader as LangChainLoader, withoutUndefined(rest)));
    }
    case 'custom':
      return ownSource(config.source as unknown as Source);
  }
}

/** Without its undefined members. */
function withoutUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}

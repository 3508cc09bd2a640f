/**
 * The shop's till: its products and what each costs now, in a SQLite file beside this one. Tandem only reads it.
 *
 *     node shop.ts                       every price as it was when the model was trained
 *     node shop.ts "Harbour lamp" 59     a new price
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Whole dollars, as they were when the training examples were written. */
export const pricesThen: Readonly<Record<string, number>> = {
  'Harbour lamp': 49,
  'Gull kettle': 35,
  'Pier stool': 64,
  'Tide clock': 79,
  'Rope basket': 22,
};

export interface Shop extends Disposable {
  setPrice(product: string, dollars: number): void;
}

/** Opens the till in a folder, with the prices of then. */
export function openShop(directory: string): Shop {
  const database = new DatabaseSync(join(directory, 'shop.db'));
  database.exec('CREATE TABLE IF NOT EXISTS products (name TEXT PRIMARY KEY, price INTEGER NOT NULL)');
  const put = database.prepare('INSERT OR REPLACE INTO products VALUES (?, ?)');
  for (const [product, dollars] of Object.entries(pricesThen)) put.run(product, dollars);
  return {
    setPrice(product, dollars) {
      if (!(product in pricesThen)) throw new Error(`The shop has no ${product}.`);
      put.run(product, dollars);
    },
    [Symbol.dispose]: () => database.close(),
  };
}

if (import.meta.main) {
  using shop = openShop(import.meta.dirname);
  const [product, dollars] = process.argv.slice(2);
  if (product !== undefined) shop.setPrice(product, Number(dollars));
}

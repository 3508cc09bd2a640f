import { expect, test } from 'vitest';
import { HttpClient } from './client.ts';

test('another port of a host is another site; the ports that http and https have by themselves are one', () => {
  const at = (site: string, hosts: string[] = []) => {
    using client = new HttpClient({
      site: new URL(site),
      hosts,
      allowPrivate: true,
      concurrency: 1,
      requestsPerSecond: 1,
      timeoutSeconds: 1,
      maxBytes: 1000,
    });
    return (url: string) => client.has(new URL(url));
  };
  const plain = at('http://example.org/docs/', ['files.example.net']);
  expect(plain('https://www.example.org/')).toBe(true);
  expect(plain('http://example.org:80/')).toBe(true);
  expect(plain('http://example.org:9000/admin')).toBe(false);
  expect(plain('https://files.example.net:8443/a')).toBe(true);
  expect(plain('ftp://example.org/')).toBe(false);
  const port = at('http://127.0.0.1:8080/');
  expect(port('http://127.0.0.1:8080/a')).toBe(true);
  expect(port('http://127.0.0.1:8081/a')).toBe(false);
});

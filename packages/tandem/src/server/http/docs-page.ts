/** The API's description for people, made in the browser of /openapi.json alone: nothing is fetched from elsewhere. */
export const docsPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tandem API</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
  summary { cursor: pointer; padding: .35rem 0; overflow-wrap: anywhere; }
  code, pre { font: .875rem/1.45 ui-monospace, monospace; }
  pre { overflow-x: auto; padding: .75rem; border: 1px solid #8884; border-radius: .4rem; }
  .method { display: inline-block; min-width: 4.2rem; font-weight: 600; }
</style>
<h1>Tandem API</h1>
<p id="about">Loading <a href="/openapi.json">/openapi.json</a> …</p>
<main></main>
<script type="module">
  const description = await (await fetch('/openapi.json')).json();
  const element = (name, text, parent, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
    return made;
  };
  const resolve = (value, depth = 0) => {
    if (depth > 12 || value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map((each) => resolve(each, depth + 1));
    if (value.$ref) return resolve(description.components.schemas[value.$ref.split('/').pop()], depth + 1);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, depth + 1)]));
  };
  document.getElementById('about').textContent = description.info.description;
  const main = document.querySelector('main');
  const byTag = {};
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(methods))
      (byTag[operation.tags?.[0] ?? 'Other'] ??= []).push({ path, method, operation });
  for (const [tag, operations] of Object.entries(byTag)) {
    element('h2', tag, main);
    for (const { path, method, operation } of operations) {
      const details = element('details', '', main);
      const summary = element('summary', '', details);
      element('span', method.toUpperCase(), summary, 'method');
      element('code', path, summary);
      element('span', ' ' + (operation.summary ?? ''), summary);
      for (const parameter of operation.parameters ?? [])
        element('p', parameter.in + ' ' + parameter.name + (parameter.required ? ' (required)' : ''), details);
      const body = Object.entries(operation.requestBody?.content ?? {});
      for (const [type, { schema }] of body) {
        element('p', 'Request, ' + type, details);
        element('pre', JSON.stringify(resolve(schema), null, 2), details);
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        element('p', 'Response ' + status + ': ' + response.description, details);
        for (const { schema } of Object.values(response.content ?? {}))
          if (status !== 'default') element('pre', JSON.stringify(resolve(schema), null, 2), details);
      }
    }
  }
</script>
</html>
`;

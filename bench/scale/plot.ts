import type { PeerResult } from './peers.ts';

/** Text is large for the drawing's size, so that it can be read on a page that is 400 pixels wide. */
const size = { width: 720, height: 600 };
const area = { left: 82, right: 704, top: 148, bottom: 520 };
const colours = ['#0b6e4f', '#c1440e', '#3355aa', '#8a5a00', '#7a2a7a'];
/** What is missing of recall below this is drawn as this: a hundred questions cannot tell less. */
const leastMissing = 0.0005;

/** Recall (up, by how little is missing) against the median latency (right, logarithmic): further up and left is better. */
export function plotOf(results: readonly PeerResult[], caption: string): string {
  const worst = Math.max(leastMissing, ...results.map(({ recall }) => 1 - recall));
  const times = results.map(({ p50 }) => p50);
  const [least, most] = [Math.log10(Math.min(...times)) - 0.1, Math.log10(Math.max(...times)) + 0.1];
  const x = (ms: number) =>
    area.left + ((Math.log10(ms) - least) / (most - least)) * (area.right - area.left);
  const depth = (recall: number) => Math.log10(Math.max(leastMissing, 1 - recall)) - Math.log10(leastMissing);
  const y = (recall: number) =>
    area.top + (depth(recall) / (depth(1 - worst) + 0.1)) * (area.bottom - area.top);

  const stores = [...new Set(results.map(({ store }) => store))];
  const lines = stores.map((store, s) => {
    // In the order of their settings, from the quickest to the most thorough.
    const points = results.filter((each) => each.store === store);
    const dots = points.map(
      ({ p50, recall, setting }) =>
        `<g><title>${store}, ${setting}: recall ${recall.toFixed(4)}, ${p50.toFixed(1)} ms</title>${mark(s, x(p50), y(recall))}</g>`,
    );
    const path = points.map(({ p50, recall }) => `${x(p50).toFixed(1)},${y(recall).toFixed(1)}`).join(' ');
    const [legendX, legendY] = [area.left + (s % 2) * 300, 84 + Math.floor(s / 2) * 28];
    return `<g fill="${colours[s]}"><polyline points="${path}" fill="none" stroke="${colours[s]}" stroke-width="2"/>${dots.join('')}
${mark(s, legendX, legendY - 6)}<text x="${legendX + 14}" y="${legendY}">${store}</text></g>`;
  });

  const ticksX = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200].filter(
    (ms) => Math.log10(ms) > least && Math.log10(ms) < most,
  );
  const ticksY = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1 - leastMissing].filter(
    (recall) => 1 - recall <= worst * 1.25,
  );
  const grid = [
    ...ticksX.map((ms) => `<path d="M${x(ms).toFixed(1)} ${area.top}V${area.bottom}"/>`),
    ...ticksY.map((recall) => `<path d="M${area.left} ${y(recall).toFixed(1)}H${area.right}"/>`),
  ];
  const numbers = [
    ...ticksX.map(
      (ms) => `<text x="${x(ms).toFixed(1)}" y="${area.bottom + 26}" text-anchor="middle">${ms}</text>`,
    ),
    ...ticksY.map(
      (recall) =>
        `<text x="${area.left - 8}" y="${(y(recall) + 6).toFixed(1)}" text-anchor="end">${recall > 0.999 ? `≥ ${recall}` : recall}</text>`,
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="18">
<rect width="${size.width}" height="${size.height}" fill="white"/>
<text x="16" y="28" font-size="20">Recall of the ten nearest against median latency</text>
<text x="16" y="52" fill="#555" font-size="16">${caption}</text>
<g stroke="#ddd">${grid.join('')}</g>
<g fill="#333">${numbers.join('')}
<text x="${(area.left + area.right) / 2}" y="${area.bottom + 58}" text-anchor="middle">median latency in ms, logarithmic</text></g>
${lines.join('\n')}
</svg>
`;
}

/** A shape for each store: colours alone do not tell them apart for everybody. */
function mark(store: number, x: number, y: number): string {
  const at = (dx: number, dy: number) => `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`;
  const shapes = [
    `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="6"/>`,
    `<polygon points="${at(-5, -5)} ${at(5, -5)} ${at(5, 5)} ${at(-5, 5)}"/>`,
    `<polygon points="${at(0, -7)} ${at(7, 5)} ${at(-7, 5)}"/>`,
    `<polygon points="${at(0, -7)} ${at(7, 0)} ${at(0, 7)} ${at(-7, 0)}"/>`,
  ];
  return shapes[store % shapes.length]!;
}

import type { PeerResult } from './peers.ts';

/** Recall (up, by how little is missing) against the median latency (right, logarithmic): further up and left is better. */
export function plotOf(results: readonly PeerResult[], caption: string): string {
  const [width, height] = [720, 460];
  const area = { left: 70, right: 700, top: 50, bottom: 390 };
  const worst = Math.max(0.0005, ...results.map(({ recall }) => 1 - recall));
  const times = results.map(({ p50 }) => p50);
  const [least, most] = [Math.log10(Math.min(...times)) - 0.1, Math.log10(Math.max(...times)) + 0.1];
  const x = (ms: number) =>
    area.left + ((Math.log10(ms) - least) / (most - least)) * (area.right - area.left);
  // What is missing, from all that the worst misses to a two-thousandth and less.
  const missing = (recall: number) => Math.log10(Math.max(0.0005, 1 - recall));
  const y = (recall: number) =>
    area.top +
    ((missing(recall) - Math.log10(0.0005)) / (Math.log10(worst) + 0.1 - Math.log10(0.0005))) *
      (area.bottom - area.top);
  const colours = ['#0b6e4f', '#c1440e', '#3355aa', '#8a5a00', '#7a2a7a'];
  const stores = [...new Set(results.map(({ store }) => store))];
  const lines = stores.map((store, s) => {
    const points = results.filter((each) => each.store === store).sort((a, b) => a.p50 - b.p50);
    const dots = points.map(
      ({ p50, recall, setting }) =>
        `<circle cx="${x(p50).toFixed(1)}" cy="${y(recall).toFixed(1)}" r="4"><title>${store}, ${setting}: recall ${recall.toFixed(4)}, ${p50.toFixed(1)} ms</title></circle>`,
    );
    const path = points.map(({ p50, recall }) => `${x(p50).toFixed(1)},${y(recall).toFixed(1)}`).join(' ');
    return `<g fill="${colours[s]}" stroke="none"><polyline points="${path}" fill="none" stroke="${colours[s]}" stroke-width="1.5"/>${dots.join('')}
<text x="${area.left + 10}" y="${area.bottom - 12 - 18 * (stores.length - 1 - s)}">● ${store}</text></g>`;
  });
  const ticksX = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200].filter(
    (ms) => Math.log10(ms) > least && Math.log10(ms) < most,
  );
  const ticksY = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.9995].filter(
    (recall) => 1 - recall <= worst * 1.25,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">
<rect width="${width}" height="${height}" fill="white"/>
<text x="${area.left}" y="24" font-size="15">Recall of the ten nearest against median latency</text>
<text x="${area.left}" y="40" fill="#555" font-size="11">${caption}</text>
<g stroke="#ddd">${ticksX.map((ms) => `<path d="M${x(ms).toFixed(1)} ${area.top}V${area.bottom}"/>`).join('')}${ticksY.map((recall) => `<path d="M${area.left} ${y(recall).toFixed(1)}H${area.right}"/>`).join('')}</g>
<g fill="#333">${ticksX.map((ms) => `<text x="${x(ms).toFixed(1)}" y="${area.bottom + 18}" text-anchor="middle">${ms}</text>`).join('')}${ticksY.map((recall) => `<text x="${area.left - 8}" y="${(y(recall) + 4).toFixed(1)}" text-anchor="end">${recall}</text>`).join('')}
<text x="${(area.left + area.right) / 2}" y="${area.bottom + 40}" text-anchor="middle">median latency, ms (logarithmic)</text></g>
${lines.join('\n')}
</svg>
`;
}

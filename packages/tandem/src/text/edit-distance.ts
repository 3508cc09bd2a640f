/** Letters to insert, drop, replace or swap with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let [before, last, next] = [0, 1, 2].map(() => new Uint16Array(b.length + 1)) as [
    Uint16Array,
    Uint16Array,
    Uint16Array,
  ];
  for (let j = 0; j <= b.length; j++) last[j] = j;
  for (let i = 1; i <= a.length; i++) {
    next[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, next[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      next[j] = least;
    }
    [before, last, next] = [last, next, before];
  }
  return last[b.length]!;
}

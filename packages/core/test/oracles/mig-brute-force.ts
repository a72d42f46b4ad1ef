/**
 * MIG by painting slices, and batches by trying everything. Written from NVIDIA's tables of sizes and starts; shares no code
 * and no table with the library.
 */
export interface Piece {
  readonly profile: string;
  readonly start: number;
  readonly isMovable?: boolean;
}

/** Compute slices, memory slices, starts. `+me` is that of its plain name, once. */
type Sizes = Readonly<Record<string, readonly [compute: number, memory: number, starts: readonly number[]]>>;
const seven = (one: string, two: string, half: string, full: string): Sizes => ({
  [`1g.${one}`]: [1, 1, [0, 1, 2, 3, 4, 5, 6]],
  [`1g.${two}`]: [1, 2, [0, 2, 4, 6]],
  [`2g.${two}`]: [2, 2, [0, 2, 4]],
  [`3g.${half}`]: [3, 4, [0, 4]],
  [`4g.${half}`]: [4, 4, [0]],
  [`7g.${full}`]: [7, 8, [0]],
});
const CARDS: Readonly<Record<string, { readonly compute: number; readonly memory: number; readonly sizes: Sizes }>> = {
  'A100-40GB': { compute: 7, memory: 8, sizes: seven('5gb', '10gb', '20gb', '40gb') },
  'H100-80GB': { compute: 7, memory: 8, sizes: seven('10gb', '20gb', '40gb', '80gb') },
  'A30-24GB': {
    compute: 4,
    memory: 4,
    sizes: { '1g.6gb': [1, 1, [0, 1, 2, 3]], '2g.12gb': [2, 2, [0, 2]], '4g.24gb': [4, 4, [0]] },
  },
};

/** Names of the plain profiles of a card. */
export function plainProfiles(model: string): readonly string[] {
  return Object.keys(CARDS[model]!.sizes);
}

/** True when the pieces can be on the card together. */
export function isLegal(model: string, pieces: readonly Piece[]): boolean {
  const { compute, memory, sizes } = CARDS[model]!;
  const slices = new Array<boolean>(memory).fill(false);
  let used = 0;
  let media = 0;
  for (const { profile, start } of pieces) {
    const isMedia = profile.endsWith('+me');
    const name = profile.replace('+me', '');
    const size = sizes[name];
    if (size === undefined || (isMedia && !/^1g\.(5|10|6)gb$|^2g\.12gb$/.test(name)) || !size[2].includes(start))
      return false;
    if (isMedia && model !== 'A30-24GB' && size[1] !== 1) return false;
    if (isMedia) media++;
    used += size[0];
    for (let slice = start; slice < start + size[1]; slice++) {
      if (slices[slice]) return false;
      slices[slice] = true;
    }
  }
  return used <= compute && media <= 1;
}

/** Places that one more piece of a profile could take. */
export function freeStarts(model: string, pieces: readonly Piece[], profile: string): readonly number[] {
  const all = Array.from({ length: CARDS[model]!.memory }, (_, start) => start);
  return all.filter((start) => isLegal(model, [...pieces, { profile, start }]));
}

/** Memory slices of a profile. */
export function memorySlicesOf(model: string, profile: string): number {
  return CARDS[model]!.sizes[profile.replace('+me', '')]![1];
}

export interface Card {
  readonly model: string;
  readonly pieces: readonly Piece[];
}

/** Fewest jobs left over and, with these, fewest cards switched on: every job at every place or nowhere. */
export function batchOptimum(cards: readonly Card[], jobs: readonly string[]): readonly [left: number, on: number] {
  const known = new Map<string, readonly [number, number]>();
  const visit = (next: number, layouts: readonly (readonly Piece[])[]): readonly [number, number] => {
    const on = layouts.filter((pieces, c) => cards[c]!.pieces.length === 0 && pieces.length > 0).length;
    if (next === jobs.length) return [0, on];
    const key = `${next}|${layouts
      .map((pieces, c) => cards[c]!.model + layoutKey(pieces) + (cards[c]!.pieces.length > 0 ? '!' : ''))
      .sort()
      .join('/')}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const skipped = visit(next + 1, layouts);
    let best: readonly [number, number] = [skipped[0] + 1, skipped[1]];
    layouts.forEach((pieces, c) => {
      for (const start of freeStarts(cards[c]!.model, pieces, jobs[next]!)) {
        const after = layouts.map((other, k) => (k === c ? [...other, { profile: jobs[next]!, start }] : other));
        const found = visit(next + 1, after);
        if (found[0] < best[0] || (found[0] === best[0] && found[1] < best[1])) best = found;
      }
    });
    known.set(key, best);
    return best;
  };
  return visit(
    0,
    cards.map(({ pieces }) => pieces),
  );
}

/** Fewest pieces to lift and put anywhere, so that everything wanted has room too; `undefined`: it never has. */
export function fewestMoves(cards: readonly Card[], wanted: readonly string[]): number | undefined {
  const movable = cards.flatMap(({ pieces }, c) =>
    pieces.flatMap((piece, i) => (piece.isMovable ? [{ c, i, piece }] : [])),
  );
  const sets = Array.from({ length: 2 ** movable.length }, (_, set) =>
    movable.filter((_m, bit) => ((set >> bit) & 1) === 1),
  );
  sets.sort((x, y) => x.length - y.length);
  for (const lifted of sets) {
    const rest = cards.map(({ model, pieces }, c) => ({
      model,
      pieces: pieces.filter((_, i) => !lifted.some((move) => move.c === c && move.i === i)),
    }));
    const [left] = batchOptimum(rest, [...wanted, ...lifted.map(({ piece }) => piece.profile)]);
    if (left === 0) return lifted.length;
  }
  return undefined;
}

function layoutKey(pieces: readonly Piece[]): string {
  return pieces
    .map(({ profile, start }) => `${profile}@${start}`)
    .sort()
    .join();
}

import type { MigGeometry, MigProfile } from '../fleet/index.ts';

/** What differs between cards of one layout: the names of the profiles and their memory. */
type Row = readonly [name: string, memoryMib?: number];

/** Slices and starts of the profiles of a card, in the order of its rows. */
interface Layout {
  readonly memorySlices: number;
  readonly computeSlices: number;
  readonly profiles: readonly Omit<MigProfile, 'name' | 'memoryMib'>[];
}

/**
 * 7 compute and 8 memory slices. The last memory slice belongs to no 1g or 2g; a 1g with double memory may end there.
 * Source: NVIDIA MIG User Guide (docs.nvidia.com, retrieved 2026-11) for sizes; `nvidia-smi mig -lgip` and `-lgipp`
 * listings of A100 and H100 for starts and the maximum of each profile.
 */
const SEVEN: Layout = {
  memorySlices: 8,
  computeSlices: 7,
  profiles: [
    { computeSlices: 1, memorySlices: 1, starts: [0, 1, 2, 3, 4, 5, 6] },
    { computeSlices: 1, memorySlices: 1, starts: [0, 1, 2, 3, 4, 5, 6], maxInstances: 1, hasMediaExtensions: true },
    { computeSlices: 1, memorySlices: 2, starts: [0, 2, 4, 6] },
    { computeSlices: 2, memorySlices: 2, starts: [0, 2, 4] },
    { computeSlices: 3, memorySlices: 4, starts: [0, 4] },
    { computeSlices: 4, memorySlices: 4, starts: [0] },
    { computeSlices: 7, memorySlices: 8, starts: [0] },
  ],
};

/** 4 compute and 4 memory slices. Source: as above, listing of an A30. */
const FOUR: Layout = {
  memorySlices: 4,
  computeSlices: 4,
  profiles: [
    { computeSlices: 1, memorySlices: 1, starts: [0, 1, 2, 3] },
    { computeSlices: 1, memorySlices: 1, starts: [0, 1, 2, 3], maxInstances: 1, hasMediaExtensions: true },
    { computeSlices: 2, memorySlices: 2, starts: [0, 2] },
    { computeSlices: 2, memorySlices: 2, starts: [0, 2], maxInstances: 1, hasMediaExtensions: true },
    { computeSlices: 4, memorySlices: 4, starts: [0] },
  ],
};

/** Memory is that of driver listings (`nvidia-smi mig -lgip`); where none was found it is left out, not guessed. */
const A100_40: readonly Row[] = [
  ['1g.5gb', 4_864],
  ['1g.5gb+me', 4_864],
  ['1g.10gb', 9_856],
  ['2g.10gb', 9_856],
  ['3g.20gb', 19_968],
  ['4g.20gb', 19_968],
  ['7g.40gb', 40_192],
];
const A100_80: readonly Row[] = [
  ['1g.10gb', 9_728],
  ['1g.10gb+me', 9_728],
  ['1g.20gb', 19_968],
  ['2g.20gb', 19_968],
  ['3g.40gb', 40_192],
  ['4g.40gb', 40_192],
  ['7g.80gb', 80_384],
];
const H100_80: readonly Row[] = [
  ['1g.10gb', 9_984],
  ['1g.10gb+me', 9_984],
  ['1g.20gb', 20_091],
  ['2g.20gb', 20_091],
  ['3g.40gb', 40_448],
  ['4g.40gb', 40_448],
  ['7g.80gb', 81_152],
];
const H200: readonly Row[] = [
  ['1g.18gb', 16_384],
  ['1g.18gb+me', 16_384],
  ['1g.35gb'],
  ['2g.35gb', 33_280],
  ['3g.71gb'],
  ['4g.71gb'],
  ['7g.141gb', 143_360],
];
const B200: readonly Row[] = [
  ['1g.23gb'],
  ['1g.23gb+me'],
  ['1g.45gb'],
  ['2g.45gb'],
  ['3g.90gb'],
  ['4g.90gb'],
  ['7g.180gb'],
];
const A30: readonly Row[] = [
  ['1g.6gb', 5_952],
  ['1g.6gb+me', 5_952],
  ['2g.12gb', 11_968],
  ['2g.12gb+me', 11_968],
  ['4g.24gb', 24_000],
];

/** A card as model names spell it: its family, the sizes in GB it may be named with, words that make it another card. */
export interface KnownCard {
  readonly family: string;
  readonly sizesGb: readonly string[];
  /** True: only one size was made, so that a name without a size is clear. */
  readonly isOneSize: boolean;
  readonly otherWords: readonly string[];
  readonly geometry: MigGeometry;
}

const card = (
  name: string,
  sizesGb: readonly string[],
  layout: Layout,
  rows: readonly Row[],
  startsSource: MigGeometry['startsSource'],
  names: { readonly isOneSize?: boolean; readonly otherWords?: readonly string[] } = {},
): KnownCard => ({
  family: name.split('-')[0]!.toLowerCase(),
  sizesGb,
  isOneSize: names.isOneSize ?? true,
  otherWords: names.otherWords ?? [],
  geometry: {
    name,
    memorySlices: layout.memorySlices,
    computeSlices: layout.computeSlices,
    profiles: rows.map(([profile, memoryMib], index) => ({
      name: profile,
      ...layout.profiles[index]!,
      ...(memoryMib === undefined ? {} : { memoryMib }),
    })),
    startsSource,
  },
});

/** Every card whose geometry is known. The H200 and B200 are taken to be laid out as the H100, which the guide's fractions fit. */
export const KNOWN_CARDS: readonly KnownCard[] = [
  card('A100-40GB', ['40'], SEVEN, A100_40, 'driver', { isOneSize: false }),
  card('A100-80GB', ['80'], SEVEN, A100_80, 'driver', { isOneSize: false }),
  card('H100-80GB', ['80'], SEVEN, H100_80, 'driver', { otherWords: ['nvl'] }),
  card('H200-141GB', ['141'], SEVEN, H200, 'assumed'),
  card('B200-180GB', ['180', '192'], SEVEN, B200, 'assumed'),
  card('A30-24GB', ['24'], FOUR, A30, 'driver'),
];

/** Sines and cosines of one period, tabulated by phase. */
export interface Waves {
  /** Steps in one period, whole, >= 2. */
  readonly period: number;
  /** Waves in a period, ascending, whole, from 1 to below half the period. */
  readonly harmonics: readonly number[];
  /** For each phase: sine and cosine of each harmonic in turn. */
  readonly table: Float64Array;
}

/** Tabulates the waves of a period. `O(period × harmonics)`. */
export function createWaves(period: number, harmonics: readonly number[]): Waves {
  const { sines, cosines } = circle(period);
  const table = new Float64Array(period * 2 * harmonics.length);
  let next = 0;
  for (let phase = 0; phase < period; phase++) {
    for (const harmonic of harmonics) {
      const at = (harmonic * phase) % period;
      table[next++] = sines[at]!;
      table[next++] = cosines[at]!;
    }
  }
  return { period, harmonics, table };
}

/** Sums of products of waves over the phases of a run of steps. */
export interface WaveSums {
  readonly add: (from: number, to: number) => void;
  /** Writes the sums of products of waves with waves into the lower triangle of a matrix, from row and column `first` on. */
  readonly fillProducts: (matrix: Float64Array, size: number, first: number) => void;
}

/**
 * Keeps, for each frequency up to twice the highest harmonic, the sum of its cosine and of its sine. Products follow by
 * `2 cos a cos b = cos(a - b) + cos(a + b)` and its like. A step costs `O(highest harmonic)`, a whole period nothing.
 */
export function waveSums({ period, harmonics }: Waves): WaveSums {
  const { sines, cosines } = circle(period);
  const count = 2 * harmonics.at(-1)! + 1;
  const ofCosines = new Float64Array(count);
  const ofSines = new Float64Array(count);

  const add = (from: number, to: number): void => {
    const cycles = Math.floor((to - from) / period);
    // Over a whole period a wave sums to zero, unless it is constant.
    for (let frequency = 0; frequency < count; frequency += period) ofCosines[frequency]! += cycles * period;
    for (let at = from + cycles * period; at < to; at++) {
      const phase = at % period;
      let angle = 0;
      for (let frequency = 0; frequency < count; frequency++) {
        ofCosines[frequency]! += cosines[angle]!;
        ofSines[frequency]! += sines[angle]!;
        angle += phase;
        if (angle >= period) angle -= period;
      }
    }
  };

  const fillProducts = (matrix: Float64Array, size: number, first: number): void => {
    for (let i = 0; i < harmonics.length; i++) {
      const sineRow = (first + 2 * i) * size + first;
      const cosineRow = sineRow + size;
      for (let j = 0; j <= i; j++) {
        const sum = harmonics[i]! + harmonics[j]!;
        const difference = harmonics[i]! - harmonics[j]!;
        matrix[sineRow + 2 * j] = (ofCosines[difference]! - ofCosines[sum]!) / 2;
        matrix[sineRow + 2 * j + 1] = (ofSines[sum]! + ofSines[difference]!) / 2;
        matrix[cosineRow + 2 * j] = (ofSines[sum]! - ofSines[difference]!) / 2;
        matrix[cosineRow + 2 * j + 1] = (ofCosines[difference]! + ofCosines[sum]!) / 2;
      }
    }
  };
  return { add, fillProducts };
}

function circle(period: number): { readonly sines: Float64Array; readonly cosines: Float64Array } {
  const sines = new Float64Array(period);
  const cosines = new Float64Array(period);
  for (let phase = 0; phase < period; phase++) {
    const angle = (2 * Math.PI * phase) / period;
    sines[phase] = Math.sin(angle);
    cosines[phase] = Math.cos(angle);
  }
  return { sines, cosines };
}

/** What the average remembers: plain JSON. `null` before the first sample. */
export interface EwmaState {
  readonly version: 1;
  /** The average, in the unit of the samples. */
  readonly mean: number | null;
  /** When the last sample ended, ms since the Unix epoch. */
  readonly atMs: number | null;
}

/** One sample: the value that held from the sample before until `atMs`. */
export interface EwmaSample {
  readonly atMs: number;
  readonly value: number;
}

/** An exponentially weighted moving average over irregular time. */
export interface Ewma {
  readonly init: () => EwmaState;
  readonly update: (state: EwmaState, sample: EwmaSample) => EwmaState;
  /** The expected value at any later time; `null` before the first sample, never a made-up number. */
  readonly predict: (state: EwmaState) => { readonly mean: number | null };
}

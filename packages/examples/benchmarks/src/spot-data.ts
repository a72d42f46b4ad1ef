import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '@spillway/core';

/** Availability of spot capacity in one zone, one look a tick. */
export interface SpotHistory {
  /** Device and zone. */
  readonly id: string;
  readonly zone: string;
  readonly isAvailable: readonly boolean[];
}

/** Ticks of the deadline benchmark, seconds. */
export const TICK_SECONDS = 600;

/**
 * Reads the windows of the published deadline benchmark from `adrs-windows-2a.json`. In these files 1 means NOT available:
 * each window is one minus a slice of the traces of {@link readSpotHistories}.
 *
 * @throws InvalidInputError when the file is missing or malformed.
 */
export function readDeadlineWindows(directory: string, devices: readonly string[]): readonly SpotHistory[] {
  const path = join(directory, 'adrs-windows-2a.json');
  const { envs } = readJson(path) as {
    readonly envs: Record<
      string,
      { readonly windows: readonly (readonly [string, number, number])[]; readonly series: Record<string, Runs> }
    >;
  };
  return devices.flatMap((id) => {
    const device = envs[id];
    if (device === undefined) throw missing(path, id);
    return device.windows.map(([name]) => {
      const runs = device.series[name];
      if (runs === undefined) throw missing(path, `${id} ${name}`);
      return { id, zone: zoneOf(id), isAvailable: expand(runs).map((look) => look === 0) };
    });
  });
}

/**
 * Reads the traces of NSDI 2024 in ticks of ten minutes: `aws-2022-10-us-west-2a.json` and `aws-v100-9zones-2023-02-a.json`.
 * In these files 1 means available.
 *
 * @throws InvalidInputError when a file is missing or malformed.
 */
export function readSpotHistories(directory: string): readonly SpotHistory[] {
  return ['aws-2022-10-us-west-2a.json', 'aws-v100-9zones-2023-02-a.json'].flatMap((name) => {
    const { stepSec, zones } = readJson(join(directory, name)) as {
      readonly stepSec: number;
      readonly zones: Record<string, Runs>;
    };
    return Object.entries(zones).map(([id, runs]): SpotHistory => {
      const looks = expand(runs);
      const count = Math.ceil((looks.length * stepSec) / TICK_SECONDS);
      const isAvailable = Array.from({ length: count }, (_, tick) => {
        return looks[Math.floor((tick * TICK_SECONDS) / stepSec)]! > 0;
      });
      return { id: `${id}/${stepSec === TICK_SECONDS ? '22' : '23'}`, zone: zoneOf(id), isAvailable };
    });
  });
}

/** How many instances could be had in each zone of a set, one count a tick. */
export interface CapacityZones {
  readonly id: string;
  readonly zones: readonly (readonly number[])[];
}

/**
 * Reads the three sets of zones for serving: counts of V100 in 3 zones (EuroSys 2025), V100 yes or no in 9 zones (NSDI 2024: where there is
 * one, there is no limit), A100 in 6 zones. Ticks are rounded to whole multiples of the one asked for.
 *
 * @throws InvalidInputError when a file is missing or malformed.
 */
export function readCapacityZones(directory: string, tickMs: number): readonly CapacityZones[] {
  const sets = ['aws-v100-4node-3zones', 'aws-v100-9zones-2023-02-a', 'gcp-a100x4-6zones-a'];
  return sets.map((id) => {
    const { stepSec, zones } = readJson(join(directory, `${id}.json`)) as {
      readonly stepSec: number;
      readonly zones: Record<string, Runs>;
    };
    const repeat = Math.round((stepSec * 1_000) / tickMs);
    const isYesOrNo = id.includes('9zones');
    const countsOf = (runs: Runs): number[] =>
      expand(runs).flatMap((count) => new Array<number>(repeat).fill(isYesOrNo && count > 0 ? 1_000_000 : count));
    return { id, zones: Object.values(zones).map(countsOf) };
  });
}

type Runs = readonly (readonly [number, number])[];

const expand = (runs: Runs): number[] => runs.flatMap(([value, count]) => new Array<number>(count).fill(value));
const zoneOf = (id: string): string => id.split('_')[0]!;

function missing(path: string, what: string): InvalidInputError {
  return new InvalidInputError(path, 'must hold the series', what, { hint: 'See docs/benchmarks.md for the files.' });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new InvalidInputError(path, 'must be a readable JSON file', String(cause), {
      hint: 'Pass the folder of the spot traces with --data; see docs/benchmarks.md.',
      cause,
    });
  }
}

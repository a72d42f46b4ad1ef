import { checkNumber } from '@spillway/core';
import {
  createDeadlineJobState,
  createDeadlineTable,
  fitSpotZones,
  stepDeadlineJob,
  type DeadlineJobConfig,
  type SpotZoneModel,
} from '@spillway/core/spot';
import {
  clairvoyantDeadline,
  simulateDeadline,
  type DeadlineOutcome,
  type DeadlineRun,
  type DeadlineSight,
  type Machine,
} from './deadline-simulation.ts';
import { readDeadlineWindows, readSpotHistories, TICK_SECONDS, type SpotHistory } from './spot-data.ts';
import { formatTable } from './table.ts';

/** What to run. */
export interface DeadlineOptions {
  /** Folder with the spot traces. */
  readonly dataDirectory: string;
  /** Starts in each trace for the table of zones left out, >= 2. */
  readonly starts: number;
  /** Milliseconds of a clock that never goes back, to measure a step. */
  readonly clockMs: () => number;
}

/** Mean costs of one group of runs, USD. */
interface DeadlineRow {
  readonly group: string;
  readonly runs: number;
  readonly greedyUsd: number;
  readonly uniformProgressUsd: number;
  /** The constants of the library, fitted to all zones. */
  readonly learnedUsd: number;
  /** Constants fitted without the zone of the run. */
  readonly leftOutUsd: number;
  readonly clairvoyantUsd: number;
  /** Deadlines missed by any policy. */
  readonly missed: number;
}

/** The report: the published runs by device and deadline, every zone left out once, and the speed of a step. */
export interface DeadlineReport {
  readonly published: readonly DeadlineRow[];
  readonly zones: readonly DeadlineRow[];
  readonly stepMicroseconds: number;
  readonly tableMs: number;
}

const DEVICES = ['us-west-2a_k80_1', 'us-west-2a_v100_1'];
const [WORK_HOURS, DEADLINE_HOURS, RESTART_HOURS] = [48, [52, 70, 92], [0.02, 0.2, 0.4]];
/** AWS prices of one V100 in the published benchmark. */
const PRICES = { spotUsdPerHour: 0.9731, onDemandUsdPerHour: 3.06 };
const LONGEST_TICKS = (92 * 3600) / TICK_SECONDS + 2;

interface Case extends DeadlineRun {
  readonly group: string;
  readonly zone: string;
}

/**
 * The published grid of deadline jobs (48 h of work; 52, 70 and 92 h; restarts of 0.02, 0.2 and 0.4 h) on its 60 windows, and
 * on starts spread over 13 traces, each zone with constants fitted to the others.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function deadlineBenchmark(options: DeadlineOptions): DeadlineReport {
  checkNumber('--starts', options.starts, { min: 2, isWhole: true });
  const histories = readSpotHistories(options.dataDirectory);
  const models = new Map(
    [...new Set(histories.map(({ zone }) => zone))].map((zone) => [zone, withoutZone(histories, zone)]),
  );
  const windows = readDeadlineWindows(options.dataDirectory, DEVICES);
  const published = windows.flatMap((window) => casesOf(window, (hours) => `${window.id} ${hours} h`));
  const spread = histories.flatMap((history) =>
    startsOf(history, options.starts).flatMap((part) => casesOf(part, () => history.id)),
  );
  const zones = rowsOf(spread, models);
  return { published: rowsOf(published, models), zones, ...measureStep(published[0]!, options.clockMs) };
}

/** Constants for `SPOT_ZONES`: fitted to all traces, rounded to four digits. */
export function fitDeadlineModel(dataDirectory: string): SpotZoneModel {
  const { model } = fitSpotZones(readSpotHistories(dataDirectory).map(({ isAvailable }) => isAvailable));
  const round = (value: number): number => Number(value.toPrecision(4));
  return {
    tickMs: model.tickMs,
    kinds: model.kinds.map(({ weight, start, transition }) => ({
      weight: round(weight),
      start: start.map(round),
      transition: transition.map((row) => row.map(round)),
    })),
  };
}

function withoutZone(histories: readonly SpotHistory[], zone: string): SpotZoneModel {
  return fitSpotZones(histories.filter((history) => history.zone !== zone).map(({ isAvailable }) => isAvailable)).model;
}

function startsOf(history: SpotHistory, starts: number): SpotHistory[] {
  return Array.from({ length: starts }, (_, index) => {
    const first = Math.floor(((history.isAvailable.length - LONGEST_TICKS) * index) / (starts - 1));
    return { ...history, isAvailable: history.isAvailable.slice(first, first + LONGEST_TICKS) };
  });
}

function casesOf({ zone, isAvailable }: SpotHistory, groupOf: (hours: number) => string): Case[] {
  return DEADLINE_HOURS.flatMap((hours) =>
    RESTART_HOURS.map((restart) => ({
      group: groupOf(hours),
      zone,
      isAvailable,
      tickSec: TICK_SECONDS,
      workSec: WORK_HOURS * 3600,
      deadlineSec: hours * 3600,
      restartSec: Math.round(restart * 3600),
      ...PRICES,
    })),
  );
}

function rowsOf(cases: readonly Case[], models: ReadonlyMap<string, SpotZoneModel>): DeadlineRow[] {
  // One table at a time: those of all jobs and models would take some gigabytes.
  const keyOf = (run: Case): string => [run.zone, run.deadlineSec, run.restartSec].join(' ');
  const results = [...new Set(cases.map(keyOf))].flatMap((key) => {
    const runs = cases.filter((run) => keyOf(run) === key);
    const config = configOf(runs[0]!);
    const leftOut = { ...config, zones: models.get(runs[0]!.zone)! };
    const policies = {
      greedy: { ...config, policy: 'greedy' },
      uniform: { ...config, policy: 'uniform-progress' },
      learned: { ...config, table: createDeadlineTable(config) },
      leftOut: { ...leftOut, table: createDeadlineTable(leftOut) },
    } satisfies Record<string, DeadlineJobConfig>;
    return runs.map((run) => {
      const outcomes = {
        greedy: play(run, policies.greedy),
        uniform: play(run, policies.uniform),
        learned: play(run, policies.learned),
        leftOut: play(run, policies.leftOut),
      };
      return { run, outcomes, clairvoyantUsd: clairvoyantDeadline(run) };
    });
  });
  const groups = [...new Set(cases.map(({ group }) => group))];
  return [...groups, 'all'].map((group) => {
    const rows = results.filter(({ run }) => group === 'all' || run.group === group);
    const mean = (value: (row: (typeof rows)[number]) => number): number =>
      rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
    return {
      group,
      runs: rows.length,
      greedyUsd: mean(({ outcomes }) => outcomes.greedy.costUsd),
      uniformProgressUsd: mean(({ outcomes }) => outcomes.uniform.costUsd),
      learnedUsd: mean(({ outcomes }) => outcomes.learned.costUsd),
      leftOutUsd: mean(({ outcomes }) => outcomes.leftOut.costUsd),
      clairvoyantUsd: mean(({ clairvoyantUsd }) => clairvoyantUsd),
      missed: rows.reduce((sum, { outcomes }) => sum + Object.values(outcomes).filter((one) => one.isMissed).length, 0),
    };
  });
}

function configOf(run: DeadlineRun): DeadlineJobConfig {
  return {
    startAtMs: 0,
    deadlineAtMs: run.deadlineSec * 1_000,
    workMs: run.workSec * 1_000,
    restartMs: run.restartSec * 1_000,
    tickMs: run.tickSec * 1_000,
    spotPriceUsdPerHour: run.spotUsdPerHour,
    onDemandPriceUsdPerHour: run.onDemandUsdPerHour,
  };
}

function play(run: DeadlineRun, config: DeadlineJobConfig): DeadlineOutcome {
  return simulateDeadline(run, policyOf(config));
}

/** The reducer as a policy of the simulator. */
function policyOf(config: DeadlineJobConfig): (sight: DeadlineSight) => Machine {
  let state = createDeadlineJobState();
  return (sight) => {
    const result = stepDeadlineJob(config, state, {
      nowMs: sight.nowSec * 1_000,
      workLeftMs: sight.workLeftSec * 1_000,
      restartLeftMs: sight.restartLeftSec * 1_000,
      isSpotAvailable: sight.isAvailable,
      running: sight.running,
    });
    state = result.state;
    return result.decision.action === 'wait' ? 'none' : result.decision.action;
  };
}

/** Median time of a step over one run, after runs to warm up, and the time to build its table. */
function measureStep(
  run: Case,
  clockMs: () => number,
): { readonly stepMicroseconds: number; readonly tableMs: number } {
  const before = clockMs();
  const job = configOf(run);
  const config = { ...job, table: createDeadlineTable(job) };
  const tableMs = clockMs() - before;
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const policy = policyOf(config);
    simulateDeadline(run, (sight) => {
      const start = clockMs();
      const machine = policy(sight);
      if (round >= 10) times.push(clockMs() - start);
      return machine;
    });
  }
  times.sort((a, b) => a - b);
  return { stepMicroseconds: times[Math.floor(times.length / 2)]! * 1_000, tableMs };
}

/** The report as text. */
export function formatDeadline({ published, zones, stepMicroseconds, tableMs }: DeadlineReport): string {
  const head = ['mean USD', 'runs', 'greedy', 'uniform progress', 'learned', 'zone left out', 'clairvoyant', 'missed'];
  const cells = (row: DeadlineRow): string[] => [
    row.group,
    String(row.runs),
    ...[row.greedyUsd, row.uniformProgressUsd, row.learnedUsd, row.leftOutUsd, row.clairvoyantUsd].map((usd) =>
      usd.toFixed(2),
    ),
    String(row.missed),
  ];
  return [
    'The published runs, us-west-2a:',
    formatTable(head, published.map(cells)),
    '',
    'Starts spread over 13 traces:',
    formatTable(head, zones.map(cells)),
    '',
    `One step: ${stepMicroseconds.toFixed(1)} us (median). Table of the first run: ${tableMs.toFixed(0)} ms.`,
  ].join('\n');
}

import { conformanceCases, type MakeSubject } from './conformance.ts';
import type { ConformanceGroup, Contract } from './subject.ts';

/** What became of one case. */
export interface ConformanceOutcome {
  readonly group: ConformanceGroup;
  readonly name: string;
  /** `skipped`: for the reason given. */
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What was wrong, or why it was skipped. */
  readonly detail?: string;
}

/** What became of all cases. */
export interface ConformanceReport {
  readonly contract: Contract;
  /** Whether none failed. */
  readonly isConformant: boolean;
  readonly outcomes: readonly ConformanceOutcome[];
}

/** How to run the kit. */
export interface ConformanceOptions {
  /** Cases to leave out, by name, each with the reason. @defaultValue none */
  readonly skips?: Readonly<Record<string, string>>;
}

/**
 * Runs every case against an adapter, one after the other.
 *
 * @returns a {@link ConformanceReport}; a case that fails is an outcome, not an exception.
 * @throws Error when the adapter has no method of any contract, or a skip names no case or has no reason.
 *
 * @example
 * ```ts
 * const report = await checkConformance(() => ({ provider: myAdapter(), tierId: 'spot' }));
 * report.isConformant; // true
 * ```
 */
export async function checkConformance(
  make: MakeSubject,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const { skips = {} } = options;
  const cases = await conformanceCases(make);
  for (const [name, reason] of Object.entries(skips)) {
    if (!cases.some((each) => each.name === name)) throw new Error(`there is no case '${name}' to skip`);
    if (reason.trim() === '') throw new Error(`the skip of '${name}' needs a reason`);
  }
  const outcomes: ConformanceOutcome[] = [];
  for (const { group, name, run } of cases) {
    const skip = Object.hasOwn(skips, name) ? skips[name] : undefined;
    if (skip !== undefined) {
      outcomes.push({ group, name, status: 'skipped', detail: skip });
      continue;
    }
    const failure = await run().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    outcomes.push(
      failure === undefined ? { group, name, status: 'passed' } : { group, name, status: 'failed', detail: failure },
    );
  }
  const isConformant = outcomes.every(({ status }) => status !== 'failed');
  return { contract: cases[0]!.contract, isConformant, outcomes };
}

/** The report for people, a line a case, with a sum at the end. */
export function formatConformance({ contract, isConformant, outcomes }: ConformanceReport): string {
  const count = (wanted: ConformanceOutcome['status']) => outcomes.filter(({ status }) => status === wanted).length;
  const lines = outcomes.map(({ group, name, status, detail }) => {
    const mark = { passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[status];
    return `${mark} ${group.padEnd(11)} ${name}${detail === undefined ? '' : `\n                    ${detail}`}`;
  });
  const sum = `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
  return [...lines, `${contract}: ${sum}: ${isConformant ? 'conformant' : 'NOT conformant'}`, ''].join('\n');
}

/** Where cases of the kit can be told to: the `describe` and `it` of most test runners. */
export interface TestHarness {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * Tells the cases of an adapter to a test runner.
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * describeProvider({ describe, it }, 'my adapter', await conformanceCases(makeSubject));
 * ```
 */
export function describeProvider(
  harness: TestHarness,
  name: string,
  cases: Awaited<ReturnType<typeof conformanceCases>>,
): void {
  harness.describe(`${name} keeps the contract`, () => {
    for (const each of cases) harness.it(`${each.group}: ${each.name}`, each.run);
  });
}

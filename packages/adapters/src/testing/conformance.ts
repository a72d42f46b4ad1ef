import { check } from './check.ts';
import { CAPACITY_RULES } from './rules-capacity.ts';
import { MARKET_RULES } from './rules-market.ts';
import { METRICS_RULES } from './rules-metrics.ts';
import { RUNTIME_RULES } from './rules-runtime.ts';
import { SIGNAL_RULES } from './rules-signals.ts';
import type { ConformanceCase, Contract, Rule, Subject } from './subject.ts';

/** Makes a fresh adapter, with a fresh world behind it. */
export type MakeSubject = () => Subject | Promise<Subject>;

const RULES: Readonly<Record<Contract, readonly Rule[]>> = {
  capacity: CAPACITY_RULES,
  market: MARKET_RULES,
  metrics: METRICS_RULES,
  signals: SIGNAL_RULES,
  runtime: RUNTIME_RULES,
};

const IDENTITY: Rule = {
  group: 'shape',
  name: 'has a name in kebab-case and the version of the contract',
  check: ({ provider }) => {
    check(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(provider.name), `the name is '${provider.name}'`);
    check((provider.specVersion as number) === 1, `specVersion is ${String(provider.specVersion)}`);
    return Promise.resolve();
  },
};

/** Which contract an object means to keep, by its methods; `undefined` when by none. */
function contractOf(provider: object): Contract | undefined {
  if ('listNodes' in provider) return 'capacity';
  if ('orders' in provider) return 'market';
  if ('start' in provider) return 'runtime';
  if ('readEndpoint' in provider || 'gpus' in provider) return 'metrics';
  return 'carbon' in provider || 'energyPrice' in provider ? 'signals' : undefined;
}

/**
 * The rules that concern an adapter, as cases for any test runner or none. Which do follows from the groups of methods that
 * it has and from what the subject says of its world; every case makes a subject of its own.
 *
 * @returns one case for every rule.
 *
 * @example
 * ```ts
 * for (const { name, run } of await conformanceCases(makeSubject)) it(name, run);
 * ```
 */
export async function conformanceCases(make: MakeSubject): Promise<readonly ConformanceCase[]> {
  const sample = await make();
  const contract = contractOf(sample.provider);
  const rules =
    contract === undefined ? [] : [IDENTITY, ...RULES[contract]].filter(({ when }) => when?.(sample) ?? true);
  await sample.stop?.();
  if (contract === undefined) throw new Error('the adapter has no method of any contract');
  return rules.map(({ group, name, check: rule }) => ({
    contract,
    group,
    name,
    run: async () => {
      const subject = await make();
      try {
        await rule(subject);
      } finally {
        await subject.stop?.();
      }
    },
  }));
}

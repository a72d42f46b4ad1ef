import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkDisruptionBudgets } from '../fleet/disruption-budget.ts';
import { checkJobs, checkNode } from '../fleet/index.ts';
import { checkIds, checkText } from '../internal/check.ts';
import type { AutoscaleNodesConfig, AutoscaleNodesObservation, AutoscaleNodesState } from './nodes-types.ts';

/** Throws unless a decision can be made from it. What runs is checked by the packer. */
export function checkNodesInput(
  config: AutoscaleNodesConfig,
  state: AutoscaleNodesState,
  observation: AutoscaleNodesObservation,
): void {
  checkTiers(config);
  checkOptionalNumber('pendingMs', config.pendingMs, { min: 0, hint: 'Two minutes are 120_000.' });
  checkOptionalNumber('upUtilizationRatio', config.upUtilizationRatio, { above: 0, max: 1, hint: '80 % is 0.8.' });
  checkOptionalNumber('idleMs', config.idleMs, { min: 0, hint: 'Ten minutes are 600_000.' });
  checkOptionalNumber('downUtilizationRatio', config.downUtilizationRatio, {
    min: 0,
    max: config.upUtilizationRatio ?? 0.8,
    hint: '20 % is 0.2; it is below upUtilizationRatio.',
  });
  checkOptionalNumber('moveCostMs', config.moveCostMs, { min: 0 });
  checkOptionalNumber('paybackMs', config.paybackMs, { above: 0 });
  checkOptionalNumber('startTimeoutMs', config.startTimeoutMs, { above: 0 });
  checkOptionalNumber('intervalMs', config.intervalMs, { min: 1 });
  const { version, quiet, leaving } = state as {
    readonly version: unknown;
    readonly quiet: unknown;
    readonly leaving: unknown;
  };
  if (version !== 1 || !Array.isArray(quiet) || !Array.isArray(leaving)) {
    throw new InvalidInputError('state', 'must come from createAutoscaleNodesState or an earlier call', state, {
      hint: 'Store the state as it is returned; start again with createAutoscaleNodesState().',
    });
  }
  const { nowMs, nodes, running, pending } = observation;
  checkNumber('nowMs', nowMs);
  if (state.lastMs !== null && nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, nowMs, {
      hint: 'Pass observations in the order of their time.',
    });
  }
  checkDisruptionBudgets(config.budgets ?? [], nowMs);
  checkIds(
    'nodes',
    nodes.map(({ node }) => node),
  );
  nodes.forEach(({ node, tierId, launchedAtMs, utilizationRatio }) => {
    checkNode(node);
    checkText(() => `tierId of node '${node.id}'`, tierId, 'Name the tier that the node came from.');
    checkNumber(() => `launchedAtMs of node '${node.id}'`, launchedAtMs);
    checkOptionalNumber(() => `utilizationRatio of node '${node.id}'`, utilizationRatio ?? undefined, {
      min: 0,
      hint: 'Pass null when it could not be measured.',
    });
  });
  checkJobs([...running.map(({ job }) => job), ...pending.map(({ job }) => job)]);
  for (const { job, pendingSinceMs } of pending) checkNumber(() => `pendingSinceMs of job '${job.id}'`, pendingSinceMs);
}

function checkTiers({ tiers }: AutoscaleNodesConfig): void {
  checkIds('tiers', tiers);
  for (const tier of tiers) {
    const field = (name: string) => () => `${name} of tier '${tier.id}'`;
    checkOptionalNumber(field('capacity'), tier.capacity ?? undefined, {
      min: 0,
      isWhole: true,
      hint: 'Pass null for no limit.',
    });
    checkNumber(field('priceUsdPerHour'), tier.priceUsdPerHour, { min: 0, hint: 'It is the price of one node.' });
    checkOptionalNumber(field('priority'), tier.priority);
    checkOptionalNumber(field('startupMs'), tier.startupMs, { min: 0 });
    checkOptionalNumber(field('minCount'), tier.minCount, { min: 0, isWhole: true });
    checkOptionalNumber(field('commitMs'), tier.commitMs, { min: 0 });
    checkNode({ ...tier.node, id: tier.id });
  }
}

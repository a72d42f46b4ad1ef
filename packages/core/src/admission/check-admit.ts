import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkJob } from '../fleet/index.ts';
import { checkIds, checkObject } from '../internal/check.ts';
import type { AdmitInput, AdmitOptions, ResourceAmounts } from './admit-types.ts';
import { checkRunning } from '../pack/check-input.ts';
import type { Cohort } from './cohort.ts';
import { namesModel } from './cohort.ts';

/** Checks what can be checked before quotas are read. @throws InvalidInputError */
export function checkAdmit(input: AdmitInput, { holdAfterMs, maxSteps }: AdmitOptions): void {
  const { capacity, tenants, running, jobs, nowMs } = input;
  checkNumber('nowMs', nowMs, { hint: 'Pass milliseconds since the Unix epoch.' });
  if (holdAfterMs !== Infinity) checkOptionalNumber('holdAfterMs', holdAfterMs, { min: 0 });
  checkOptionalNumber('maxSteps', maxSteps, { min: 0, isWhole: true });
  checkAmounts('capacity', capacity);
  checkIds('tenants', tenants);
  for (const { id, nominal, maxBorrowed, maxLent, weight } of tenants) {
    checkAmounts(`nominal of tenant '${id}'`, nominal, capacity);
    checkAmounts(`maxBorrowed of tenant '${id}'`, maxBorrowed ?? {}, capacity);
    checkAmounts(`maxLent of tenant '${id}'`, maxLent ?? {}, capacity);
    checkOptionalNumber(() => `weight of tenant '${id}'`, weight, { above: 0 });
  }
  checkRunning(running);
  checkIds(
    'jobs',
    jobs.map(({ job }) => job),
  );
  const known = new Set(running.map(({ job }) => job.id));
  for (const { job, queuedAtMs } of jobs) {
    checkJob(job);
    checkNumber(() => `queuedAtMs of job '${job.id}'`, queuedAtMs, { hint: 'Pass milliseconds since the Unix epoch.' });
    if (!known.has(job.id)) continue;
    throw new InvalidInputError('jobs', 'must not run already', job.id, {
      hint: 'Leave it out of jobs or of running.',
    });
  }
  const tenantOf = new Map<string, string | undefined>();
  for (const { job } of jobs) {
    if (job.gang === undefined) continue;
    if (tenantOf.has(job.gang) && tenantOf.get(job.gang) !== job.tenant) {
      throw new InvalidInputError(`tenant of job '${job.id}'`, `must be that of gang '${job.gang}'`, job.tenant, {
        hint: 'A gang draws on the quota of one tenant.',
      });
    }
    tenantOf.set(job.gang, job.tenant);
  }
}

/** Refuses a running job whose model is not clear, as nobody could tell whose quota it uses. @throws InvalidInputError */
export function checkModels(cohort: Cohort, running: AdmitInput['running']): void {
  for (const { job } of running) {
    if (namesModel(cohort, job)) continue;
    throw new InvalidInputError(
      `gpuModels of job '${job.id}'`,
      'must name one model, as quotas are by model',
      job.gpuModels,
      {
        hint: 'Put the model it runs on there.',
      },
    );
  }
}

function checkAmounts(field: string, amounts: ResourceAmounts, capacity: ResourceAmounts = amounts): void {
  checkObject(() => field, amounts);
  const { gpuMilliByModel, ...rest } = amounts;
  const entries = [
    ...Object.entries(rest).map(([name, amount]) => [name, amount, capacity[name as keyof typeof rest]] as const),
    ...Object.entries(gpuMilliByModel ?? {}).map(
      ([model, amount]) => [`gpuMilliByModel['${model}']`, amount, capacity.gpuMilliByModel?.[model]] as const,
    ),
  ];
  for (const [name, amount, inCapacity] of entries) {
    checkNumber(() => `${name} of ${field}`, amount, { min: 0, isWhole: true });
    if (inCapacity !== undefined) continue;
    throw new InvalidInputError(`${name} of ${field}`, 'must be of a resource that capacity names', amount, {
      hint: 'Add the resource to capacity, or leave it out here.',
    });
  }
}

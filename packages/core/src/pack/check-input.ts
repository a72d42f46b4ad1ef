import { InvalidInputError } from '../errors.ts';
import { checkJob, checkNode, checkNodes, type GpuNode, type Job } from '../fleet/index.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { checkIds } from '../internal/check.ts';
import { knownGeometry, knownHint } from '../mig/geometry.ts';
import type { PackOptions, RunningJob, Scorer, ScoreNode, WorkloadShape } from './types.ts';

const STARTED_HINT = 'Pass milliseconds since the Unix epoch, or leave it out if it is not known.';
const ADMISSIONS = ['work-conserving', 'protect-large'] as const;
const SCORERS: readonly Scorer[] = ['priced', 'fgd', 'best-fit', 'first-fit'];

/** The scorer asked for. @throws InvalidInputError when it is unknown */
export function scorerOf({ scorer = 'fgd' }: PackOptions): Scorer | ScoreNode {
  if (typeof scorer === 'function' || SCORERS.includes(scorer)) return scorer;
  throw new InvalidInputError('scorer', `must be one of ${SCORERS.join(', ')} or a function`, scorer, {
    hint: 'Leave it out for fgd, the default.',
  });
}

/** How overload is met. @throws InvalidInputError when it is unknown, or needs prices that the scorer does not have */
export function admissionOf({
  admission = 'work-conserving',
  scorer,
}: PackOptions): 'work-conserving' | 'protect-large' {
  if (!ADMISSIONS.includes(admission)) {
    throw new InvalidInputError('admission', `must be one of ${ADMISSIONS.join(', ')}`, admission, {
      hint: 'Leave it out for work-conserving, the default.',
    });
  }
  if (admission === 'work-conserving' || scorer === 'priced') return admission;
  throw new InvalidInputError('admission', "must be 'work-conserving' unless scorer is 'priced'", admission, {
    hint: "Set scorer: 'priced': it has the prices.",
  });
}

/** Checks nodes with their MIG instances. @throws InvalidInputError */
export function checkPackNodes(nodes: readonly GpuNode[]): void {
  checkNodes(nodes);
  for (const node of nodes) checkInstances(node);
}

/** Checks one node with its MIG instances. @throws InvalidInputError */
export function checkPackNode(node: GpuNode): void {
  if (typeof node.id !== 'string' || node.id.length === 0) {
    throw new InvalidInputError('node.id', 'must be a non-empty string', node.id, { hint: 'Give the node an id.' });
  }
  checkNode(node);
  checkInstances(node);
}

/** Checks one job and its id. @throws InvalidInputError */
export function checkPackJob(job: Job): void {
  if (typeof job.id !== 'string' || job.id.length === 0) {
    throw new InvalidInputError('job.id', 'must be a non-empty string', job.id, { hint: 'Give the job an id.' });
  }
  checkJob(job);
}

/** Refuses two members of a gang that ask for different closeness. @throws InvalidInputError */
export function checkSameTopology(first: Job, job: Job): void {
  const isSame =
    first.topology?.required === job.topology?.required &&
    (first.topology?.prefersCompact ?? false) === (job.topology?.prefersCompact ?? false);
  if (isSame) return;
  throw new InvalidInputError(`topology of job '${job.id}'`, `must be that of job '${first.id}'`, job.topology, {
    hint: 'Give all members of a gang the same topology.',
  });
}

/** Checks the jobs that run, without their places. @throws InvalidInputError */
export function checkRunning(running: readonly RunningJob[] = []): void {
  checkIds(
    'running',
    running.map(({ job }) => job),
  );
  running.forEach(({ job, startedAtMs }, index) => {
    checkJob(job);
    checkOptionalNumber(() => `running[${index}].startedAtMs`, startedAtMs, { hint: STARTED_HINT });
  });
}

/** Checks a mix of work. @throws InvalidInputError */
export function checkWorkload(field: string, shapes: readonly WorkloadShape[] | undefined): void {
  shapes?.forEach(({ job, weight }, index) => {
    checkJob({ ...job, id: `${field}[${index}]` });
    checkNumber(() => `${field}[${index}].weight`, weight, { above: 0, hint: 'Leave the shape out.' });
  });
}

/** Checks the present. @throws InvalidInputError */
export function checkNow(nowMs: number | undefined): void {
  checkOptionalNumber(() => 'nowMs', nowMs, { hint: 'Pass milliseconds since the Unix epoch.' });
}

/** Refuses a job that knows its run time, on a fleet with an end, when the present is unknown. */
export function checkClock(job: Job, hasExpiry: boolean, nowMs: number | undefined): void {
  if (!hasExpiry || job.runtimeMs === undefined || nowMs !== undefined) return;
  throw new InvalidInputError('nowMs', `must be given when a node expires and job '${job.id}' has runtimeMs`, nowMs, {
    hint: 'Pass the present in milliseconds since the Unix epoch.',
  });
}

function checkInstances({ id, gpus }: GpuNode): void {
  gpus.forEach(({ migInstances, migGeometry: geometry }, g) => {
    if (typeof geometry === 'string' && knownGeometry(geometry) === undefined) {
      throw new InvalidInputError(
        `gpus[${g}].migGeometry of node '${id}'`,
        'must be a card whose MIG geometry is known',
        geometry,
        { hint: knownHint() },
      );
    }
    const starts = new Set<number>();
    migInstances?.forEach(({ profile, start, memoryMib }, i) => {
      const field = (name: string) => () => `gpus[${g}].migInstances[${i}].${name} of node '${id}'`;
      if (typeof profile !== 'string' || profile.length === 0) {
        throw new InvalidInputError(field('profile')(), 'must be a non-empty string', profile, {
          hint: 'Use the name your jobs use in migProfile, for example 1g.10gb.',
        });
      }
      checkNumber(field('start'), start, { min: 0, isWhole: true });
      checkOptionalNumber(field('memoryMib'), memoryMib, { min: 0, isWhole: true });
      if (starts.has(start)) {
        throw new InvalidInputError(field('start')(), 'must be unique on its GPU', start, {
          hint: 'Two instances cannot begin at the same memory slice.',
        });
      }
      starts.add(start);
    });
  });
}

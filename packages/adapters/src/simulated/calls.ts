import { checkNumber, createRandom, InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { ProviderError } from '../contract/provider-error.ts';
import { refuseLate } from '../contract/refuse-late.ts';
import type { CallOptions } from '../contract/types.ts';

/**
 * How often calls that change something go wrong. The fate of a call depends on the seed and on how many such calls came
 * before it, and on nothing else.
 */
export interface SimulatedFaults {
  /** Share of calls that are rejected with `unavailable` before any effect, 0 to 1. @defaultValue 0 */
  readonly failureRatio?: number;
  /**
   * Share of calls that take effect and are rejected with `timeout` all the same, 0 to 1; a refusal is lost in the same
   * way. This is what makes a careless caller pay twice. @defaultValue 0
   */
  readonly ambiguousRatio?: number;
  /**
   * An ambiguous call takes effect at a random whole ms from 0 to this many after it was rejected, whole, >= 0. This is
   * what hides a machine from a caller that looks only once. @defaultValue 0
   */
  readonly maxEffectDelayMs?: number;
  /** Whole. @defaultValue 0 */
  readonly seed?: number;
}

/** Answers the calls of one simulated adapter. */
export interface Calls {
  /** A call that only looks: rejects when aborted, else settles with what `effect` returns or throws. */
  readonly read: <T>(call: string, options: CallOptions | undefined, effect: () => T) => Promise<T>;
  /** A call that changes something: as `read`, and subject to faults. */
  readonly act: <T>(call: string, options: CallOptions | undefined, effect: () => T) => Promise<T>;
}

/** Creates what answers the calls of one adapter. Effects run inside the call, before it returns its promise. */
export function createCalls(provider: string, clock: Clock, faults: SimulatedFaults = {}): Calls {
  const { failureRatio = 0, ambiguousRatio = 0, maxEffectDelayMs = 0, seed = 0 } = faults;
  checkNumber('faults.failureRatio', failureRatio, { min: 0, max: 1 });
  checkNumber('faults.ambiguousRatio', ambiguousRatio, { min: 0, max: 1 });
  checkNumber('faults.maxEffectDelayMs', maxEffectDelayMs, { min: 0, isWhole: true });
  if (failureRatio + ambiguousRatio > 1) {
    throw new InvalidInputError('faults.ambiguousRatio', 'must leave the two ratios at 1 or less', ambiguousRatio, {
      hint: `failureRatio is ${failureRatio}; lower one of the two.`,
    });
  }
  const random = createRandom(seed);

  return {
    // An executor that throws rejects its promise.
    read: (call, options, effect) =>
      new Promise((resolve) => {
        refuseLate(provider, clock, call, options);
        resolve(effect());
      }),
    act: (call, options, effect) =>
      new Promise((resolve) => {
        refuseLate(provider, clock, call, options);
        // Both numbers are drawn for every call, so that the fate of one does not depend on the fates before it.
        const fate = random.next();
        const delayMs = random.integer(maxEffectDelayMs + 1);
        if (fate < failureRatio) throw new ProviderError(provider, 'unavailable', `${call} failed before any effect`);
        if (fate < failureRatio + ambiguousRatio) {
          if (delayMs === 0) withoutReply(effect);
          else
            void clock.sleep(delayMs).then(() => {
              withoutReply(effect);
            });
          throw new ProviderError(provider, 'timeout', `${call} was not answered and may have taken effect`);
        }
        resolve(effect());
      }),
  };
}

/** Runs an effect whose answer is lost on the way, be it a result or a refusal. */
function withoutReply(effect: () => unknown): void {
  try {
    effect();
  } catch (error) {
    if (!ProviderError.is(error)) throw error;
  }
}

import { signalSum } from './site.ts';
import type { Site } from './site.ts';
import type { SlotGrid } from './types.ts';
import type { Window } from './window.ts';

/** Slots of one job, ascending, with the time used from the start of each. */
export interface Run {
  readonly slots: readonly number[];
  readonly durationsMs: readonly number[];
}

/** The run in one piece from a slot on; its last slot may be used in part. `O(slots of the run)`. */
export function runFrom(firstSlot: number, runtimeMs: number, stepMs: number): Run {
  const slots: number[] = [];
  const durationsMs: number[] = [];
  for (let slot = firstSlot, restMs = runtimeMs; restMs > 0; slot++, restMs -= stepMs) {
    slots.push(slot);
    durationsMs.push(Math.min(stepMs, restMs));
  }
  return { slots, durationsMs };
}

/**
 * The cheapest run in one piece; among equals the earliest. Every start that meets the deadline is compared, so the
 * answer is the best one. `O(slots of the window)`, since prefix sums make each start `O(1)`.
 */
export function cheapestPiece(site: Site, window: Window, runtimeMs: number, grid: SlotGrid): Run {
  const wholeSlots = Math.floor(runtimeMs / grid.stepMs);
  const lastShare = runtimeMs / grid.stepMs - wholeSlots;
  const lastStart = Math.floor((window.endAtMs - runtimeMs - grid.startAtMs) / grid.stepMs);
  let bestStart = window.firstSlot;
  let bestSum = Infinity;
  for (let start = window.firstSlot; start <= lastStart; start++) {
    const partial = lastShare === 0 ? 0 : lastShare * site.signal[start + wholeSlots]!;
    const sum = signalSum(site, start, wholeSlots) + partial;
    if (sum < bestSum) {
      bestSum = sum;
      bestStart = start;
    }
  }
  return runFrom(bestStart, runtimeMs, grid.stepMs);
}

/**
 * The cheapest run in any slots; among slots of equal cost the earliest. It takes the usable time of the cheapest slots
 * until the work is done. That is the best answer: moving any time from a slot it uses to one it does not use in full
 * moves it to a slot that costs as much or more. `O(w log w)` for a window of `w` slots.
 */
export function cheapestSlots(site: Site, window: Window, runtimeMs: number, grid: SlotGrid): Run {
  const usableMs = (slot: number) => Math.min(grid.stepMs, window.endAtMs - (grid.startAtMs + slot * grid.stepMs));
  const endSlot = Math.ceil((window.endAtMs - grid.startAtMs) / grid.stepMs);
  const ranks = site.rankOfSlot.slice(window.firstSlot, endSlot).sort();
  const chosen: number[] = [];
  let restMs = runtimeMs;
  let dearest = -1;
  let dearestMs = 0;
  for (let k = 0; k < ranks.length && restMs > 0; k++) {
    dearest = site.slotOfRank[ranks[k]!]!;
    dearestMs = Math.min(usableMs(dearest), restMs);
    restMs -= dearestMs;
    chosen.push(dearest);
  }
  const slots = chosen.sort((x, y) => x - y);
  return { slots, durationsMs: slots.map((slot) => (slot === dearest ? dearestMs : usableMs(slot))) };
}

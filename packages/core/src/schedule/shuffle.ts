import type { Random } from '../random.ts';

/** Brings a list into random order. */
export function shuffleInPlace(order: Int32Array, random: Random): void {
  for (let x = order.length - 1; x > 0; x--) {
    const y = random.integer(x + 1);
    const item = order[x]!;
    order[x] = order[y]!;
    order[y] = item;
  }
}

/** The numbers from 0 up to a count. */
export function inOrder(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => index);
}

import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { KubeApi, KubernetesLogChunk } from '@spillway/adapters/kubernetes';

import { followLog } from '../src/kubernetes/pod-log.ts';

const START_MS = Date.UTC(2026, 0, 1);

/** A time stamp of the server: nanoseconds, in any zone, zeros at the end left out or not. */
function stamp(nanos: number, isShort: boolean, hasZone: boolean): string {
  const fraction = String(nanos % 1e9).padStart(9, '0');
  const digits = isShort ? fraction.replace(/0+$/, '') : fraction;
  const hours = hasZone ? 2 : 0;
  const date = new Date(START_MS + Math.floor(nanos / 1e9) * 1_000 + hours * 3_600_000).toISOString().slice(0, 19);
  return `${date}${digits === '' ? '' : `.${digits}`}${hasZone ? '+02:00' : 'Z'}`;
}

it('gives every line once and in order, however the log grows and whenever one goes on behind a piece', async () => {
  const line = fc.record({
    // Often the same instant, often within the same second.
    stepNanos: fc.constantFrom(0, 0, 1, 10, 400_000_000, 1_000_000_000),
    text: fc.stringMatching(/^[a-z ]{0,6}$/),
    isShort: fc.boolean(),
    hasZone: fc.boolean(),
  });
  const scenario = fc.record({
    lines: fc.array(line, { maxLength: 25 }),
    // How many characters more there are at each look; then all.
    growth: fc.array(fc.nat({ max: 120 }), { maxLength: 8 }),
    restartAfter: fc.nat({ max: 6 }),
    isOpenEnded: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ lines, growth, restartAfter, isOpenEnded }) => {
      let nanos = 0;
      const written = lines.map(({ stepNanos, text, isShort, hasZone }) => {
        nanos += stepNanos;
        return { second: Math.floor(nanos / 1e9), line: `${stamp(nanos, isShort, hasZone)} ${text}\n` };
      });
      const all = written.map(({ line: one }) => one).join('');
      const whole = isOpenEnded ? all.slice(0, -1) : all;
      let length = 0;
      let looks = 0;
      const find = () => {
        length = looks < growth.length ? Math.min(whole.length, length + growth[looks]!) : whole.length;
        looks++;
        return Promise.resolve({ pod: { metadata: { name: 'p' } }, isEnded: looks > growth.length });
      };
      const request: KubeApi['request'] = ({ query }) => {
        const since = query?.['sinceTime'];
        const from = since === undefined ? 0 : (Date.parse(String(since)) - START_MS) / 1_000;
        const skipped = written.filter(({ second }) => second < from).reduce((sum, one) => sum + one.line.length, 0);
        return Promise.resolve(whole.slice(Math.min(skipped, length), length));
      };
      const follow = (after: string | undefined) =>
        followLog({
          api: { name: 'kubernetes', request } as KubeApi,
          podsPath: '/pods',
          after,
          call: {},
          pause: () => Promise.resolve(),
          find,
        });

      const pieces: KubernetesLogChunk[] = [];
      for await (const piece of follow(undefined)) if (pieces.push(piece) > restartAfter) break;
      for await (const piece of follow(pieces.at(-1)?.cursor)) pieces.push(piece);

      const texts = lines.map(({ text }) => `${text}\n`).join('');
      expect(pieces.map(({ text }) => text).join('')).toBe(isOpenEnded ? texts.slice(0, -1) : texts);
    }),
    { numRuns: 300 },
  );
});

import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { KubePod } from '@spillway/adapters/kubernetes';

import { hasEnded, podRequests } from '../src/kubernetes/pod-requests.ts';
import { NANO, parseQuantity } from '../src/kubernetes/quantity.ts';

/** What the libraries of Kubernetes answered. */
const fixture = JSON.parse(readFileSync(new URL('fixtures/kubernetes-requests.json', import.meta.url), 'utf8')) as {
  readonly quantities: readonly (readonly [string, string | null])[];
  readonly pods: readonly { readonly pod: KubePod; readonly nano: Readonly<Record<string, string>> }[];
};

describe('parseQuantity', () => {
  it('reads every text as the library of Kubernetes does, but for texts without a digit, which that takes for 0', () => {
    const expected = (text: string, nano: string | null) => (/\d/.test(text) ? nano : null);
    const different = fixture.quantities.filter(
      ([text, nano]) => (parseQuantity(text)?.toString() ?? null) !== expected(text, nano),
    );

    expect(different).toEqual([]);
    expect(fixture.quantities.length).toBe(400);
  });

  it('reads exactly: sums and multiples of suffixes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 40n }), fc.nat({ max: 9 }), (value, zeros) => {
        expect(parseQuantity(`${value}`)).toBe(value * NANO);
        expect(parseQuantity(`${value}m`)! * 1000n).toBe(value * NANO);
        expect(parseQuantity(`${value}Mi`)).toBe(parseQuantity(`${value * 1024n}Ki`));
        expect(parseQuantity(`${value}e${zeros}`)).toBe(parseQuantity(`${value}${'0'.repeat(zeros)}`));
        expect(parseQuantity(`-${value}.${'0'.repeat(zeros)}`)).toBe(-value * NANO);
      }),
    );
  });

  it.each([5, null, undefined, {}, '1e9999', '1'.repeat(20) + 'x', '1,5', '١'])('takes %j for no quantity', (value) => {
    expect(parseQuantity(value)).toBeUndefined();
  });
});

describe('podRequests', () => {
  it('counts what the scheduler counts', () => {
    for (const { pod, nano } of fixture.pods) {
      const requests = podRequests(pod);
      const counted = Object.fromEntries([...requests!].map(([resource, amount]) => [resource, amount.toString()]));
      expect(withoutZeros(counted), JSON.stringify(pod)).toEqual(withoutZeros(nano));
    }
  });

  it('counts the largest init container with the sidecars before it, or all containers, whichever is more', () => {
    const container = (name: string, gpus: string, restartPolicy?: string) => ({
      name,
      resources: { requests: { 'nvidia.com/gpu': gpus } },
      ...(restartPolicy !== undefined && { restartPolicy }),
    });
    const pod = (containers: object[], initContainers: object[]) =>
      ({ metadata: { name: 'p' }, spec: { containers, initContainers } }) as KubePod;
    const gpus = (one: KubePod) => podRequests(one)?.get('nvidia.com/gpu');

    expect(gpus(pod([container('a', '2'), container('b', '1')], [container('i', '2')]))).toBe(3n * NANO);
    expect(gpus(pod([container('a', '2')], [container('i', '8'), container('j', '4')]))).toBe(8n * NANO);
    expect(gpus(pod([container('a', '2')], [container('s', '1', 'Always'), container('i', '4')]))).toBe(5n * NANO);
    expect(gpus(pod([container('a', '2')], [container('i', '4'), container('s', '1', 'Always')]))).toBe(4n * NANO);
  });

  it('does not know what a pod takes whose amounts are no quantities', () => {
    const spec = { containers: [{ name: 'a', resources: { requests: { cpu: 'many' } } }] };

    expect(podRequests({ metadata: { name: 'p' }, spec })).toBeUndefined();
  });

  it('takes pods that have ended for ended, and pods that are being deleted not', () => {
    const phases = ['Pending', 'Running', 'Unknown', 'Succeeded', 'Failed'];

    expect(
      phases.map((phase) => hasEnded({ metadata: { name: 'p', deletionTimestamp: 'x' }, status: { phase } })),
    ).toEqual([false, false, false, true, true]);
  });
});

function withoutZeros(amounts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== '0'));
}

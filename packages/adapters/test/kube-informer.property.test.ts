import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { kubeApi, kubeInformer, kubeTransport, type KubePod } from '@spillway/adapters/kubernetes';

import { eventually } from './eventually.ts';
import { kubePod } from './kube-objects.ts';
import { kubeServer } from './kube-server.ts';

const PODS = '/api/v1/pods';
const step = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    phase: fc.constantFrom('Pending', 'Running'),
  }),
  fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({ kind: fc.constantFrom('disconnect', 'silence', 'compact', 'break', 'heal', 'pause', 'bookmark') }),
);

describe('kubeInformer', () => {
  it('holds in the end what the server holds, and its changes lead there, whatever happens on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom('event' as const, 'status' as const),
        async (steps, goneAs) => {
          const server = await kubeServer({ bookmarkMs: 20 });
          server.goneAs = goneAs;
          const transport = kubeTransport({ kubeConfig: server.kubeConfig });
          const backoff = { firstMs: 1, maxMs: 5 };
          const pods = kubeInformer<KubePod>({ api: kubeApi({ transport }), path: PODS, backoff, idleMs: 60 });
          const replayed = new Map<string, KubePod>();
          pods.subscribe(({ type, object }) => {
            expect(replayed.has(object.metadata.name)).toBe(type !== 'added');
            if (type === 'deleted') replayed.delete(object.metadata.name);
            else replayed.set(object.metadata.name, object);
          });
          const present = () => server.store.list({ collection: PODS, namespace: undefined });
          const versions = (objects: readonly { metadata: { name: string; resourceVersion?: string } }[]) =>
            objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion ?? ''}`).sort();
          try {
            await pods.synced();
            for (const one of steps) {
              await new Promise((resolve) => setTimeout(resolve, one.kind === 'pause' ? 15 : 1));
              if (one.kind === 'put') server.put(PODS, kubePod(one.name, 'n', {}, one.phase));
              else if (one.kind === 'remove') {
                if (present().some(({ metadata }) => metadata.name === one.name)) server.remove(PODS, one.name, 'ml');
              } else if (one.kind === 'disconnect') server.disconnect();
              else if (one.kind === 'silence') server.silence();
              else if (one.kind === 'compact') server.store.compact();
              else if (one.kind === 'break') server.fault = () => ({ kind: 'reset' });
              else if (one.kind === 'heal') server.fault = undefined;
              else if (one.kind === 'bookmark') server.sendBookmarks();
            }
            server.fault = undefined;

            await eventually(() => versions(pods.list())).toEqual(versions(present()));
            await eventually(() => versions([...replayed.values()])).toEqual(versions(present()));
          } finally {
            await pods.stop();
            transport.close?.();
            await server.stop();
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

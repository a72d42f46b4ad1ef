import { virtualClock } from '@spillway/adapters/simulated';
import { describe, expect, it } from 'vitest';

import { podWebhook, type PodWebhookOptions } from '../src/kubernetes/webhook.ts';
import { applyJsonPatch } from './oracles/apply-json-patch.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'train-0', labels: { app: 'train' } },
  spec: { containers: [{ name: 'main', resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
};

const review = (changes: Record<string, unknown> = {}) => ({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: '705ab4f5',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    operation: 'CREATE',
    namespace: 'ml',
    userInfo: { username: 'ada' },
    object: POD,
    dryRun: false,
    ...changes,
  },
});

interface Answer {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patchType?: string;
  readonly patch?: string;
  readonly warnings?: string[];
  readonly status?: { message: string; code: number };
}

async function ask(options: PodWebhookOptions, changes: Record<string, unknown> = {}): Promise<Answer> {
  const answer = (await podWebhook(options).review(review(changes))) as { response: Answer } | undefined;
  if (answer === undefined) throw new Error('the review was not understood');
  return answer.response;
}

const stepsOf = ({ patch }: Answer) =>
  patch === undefined
    ? []
    : (JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as Parameters<typeof applyJsonPatch>[1]);

describe('a webhook for pods', () => {
  it('answers with the uid, a patch in base64 and its type', async () => {
    const answer = await ask({
      decide: () => ({
        labels: { 'spillway.dev/team': 'größe' },
        resources: { main: { 'nvidia.com/gpu': null, 'nvidia.com/mig-3g.40gb': '1' } },
        schedulingGates: ['spillway.dev/cheap'],
        warnings: ['cut down to a MIG instance'],
      }),
    });

    expect(answer).toMatchObject({ uid: '705ab4f5', allowed: true, patchType: 'JSONPatch' });
    expect(answer.warnings).toEqual(['cut down to a MIG instance']);
    expect(stepsOf(answer)).toContainEqual({ op: 'add', path: '/metadata/labels/spillway.dev~1team', value: 'größe' });
    expect(applyJsonPatch(POD, stepsOf(answer))).toEqual({
      ...POD,
      metadata: { name: 'train-0', labels: { app: 'train', 'spillway.dev/team': 'größe' } },
      spec: {
        containers: [
          {
            name: 'main',
            resources: { limits: { 'nvidia.com/mig-3g.40gb': '1' }, requests: { 'nvidia.com/mig-3g.40gb': '1' } },
          },
        ],
        schedulingGates: [{ name: 'spillway.dev/cheap' }],
      },
    });
  });

  it('sends neither patch nor type when nothing changes', async () => {
    expect(await ask({ decide: () => undefined })).toEqual({ uid: '705ab4f5', allowed: true });
    expect(await ask({ decide: () => ({ labels: { app: 'train', gone: null } }) })).toEqual({
      uid: '705ab4f5',
      allowed: true,
    });
  });

  it('refuses with the reason given', async () => {
    expect(await ask({ decide: () => ({ deny: 'over budget' }) })).toEqual({
      uid: '705ab4f5',
      allowed: false,
      status: { message: 'over budget', code: 403 },
    });
  });

  it('tells the decision who asks, where, and whether it counts', async () => {
    const seen: unknown[] = [];
    const decide: PodWebhookOptions['decide'] = (pod, { operation, namespace, userName, isDryRun }) => {
      seen.push(pod, { operation, namespace, userName, isDryRun });
      return undefined;
    };

    await ask({ decide }, { dryRun: true });

    expect(seen).toEqual([POD, { operation: 'CREATE', namespace: 'ml', userName: 'ada', isDryRun: true }]);
  });

  it('changes labels and annotations only of pods that exist or have their node', async () => {
    const decide = () => ({ labels: { a: '1' }, schedulerName: 'spillway', schedulingGates: ['g'] });
    const bound = { ...POD, spec: { ...POD.spec, nodeName: 'n1' } };
    const label = [{ op: 'add', path: '/metadata/labels/a', value: '1' }];

    expect(stepsOf(await ask({ decide }, { operation: 'UPDATE' }))).toEqual(label);
    expect(stepsOf(await ask({ decide }, { object: bound }))).toEqual(label);
  });

  it('is not asked about anything but pods that are created or updated', async () => {
    const decide = () => {
      throw new Error('must not be asked');
    };
    const mirror = { ...POD, metadata: { name: 's', annotations: { 'kubernetes.io/config.mirror': 'x' } } };
    const others = [
      { operation: 'DELETE', object: null },
      { subResource: 'eviction' },
      { resource: { group: 'apps', version: 'v1', resource: 'deployments' } },
      { object: mirror },
    ];

    for (const other of others) expect(await ask({ decide }, other)).toEqual({ uid: '705ab4f5', allowed: true });
  });

  it('lets pods through when the decision fails, and says so to whoever listens', async () => {
    const errors: unknown[] = [];
    const failing = [
      () => {
        throw new Error('sync');
      },
      () => Promise.reject(new Error('later')),
      () => ({ labels: { a: 1 as unknown as string } }),
    ];

    for (const decide of failing) {
      const answer = await ask({
        decide,
        onError: (error) => {
          errors.push(error);
          throw new Error('a listener that fails too');
        },
      });
      expect(answer).toEqual({
        uid: '705ab4f5',
        allowed: true,
        warnings: ['Spillway: no decision could be made about this pod'],
      });
    }
    expect(errors.map((error) => (error as Error).message)).toEqual([
      'sync',
      'later',
      expect.stringContaining('must be a string or null'),
    ]);
    expect(await ask({ decide: failing[0]!, onFailure: 'deny' })).toMatchObject({
      allowed: false,
      status: { code: 500 },
    });
  });

  it('does not wait for a decision longer than it was told to', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    let isAborted = false;
    const decide: PodWebhookOptions['decide'] = (_, { signal }) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
      });
      return new Promise(() => undefined);
    };

    const asked = ask({ decide, clock, timeoutMs: 500 });
    await clock.advanceTo(500);

    expect(await asked).toMatchObject({ allowed: true, warnings: [expect.stringContaining('no decision')] });
    expect(isAborted).toBe(true);
  });

  it('answers over HTTP, and refuses what it cannot read', async () => {
    const { handle } = podWebhook({ decide: () => undefined, maxBodyBytes: 2_000 });
    const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
      handle(new Request('https://webhook/mutate?timeout=10s', { method: 'POST', body, headers }));

    const answer = await post(JSON.stringify(review()));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: '705ab4f5', allowed: true },
    });
    expect((await post('{')).status).toBe(400);
    expect((await post('[]')).status).toBe(400);
    expect((await post(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
    expect((await post(JSON.stringify({ ...review(), apiVersion: 'admission.k8s.io/v1beta1' }))).status).toBe(400);
    expect((await post('"' + 'x'.repeat(3_000) + '"')).status).toBe(413);
    expect((await handle(new Request('https://webhook/'))).status).toBe(405);
  });
});

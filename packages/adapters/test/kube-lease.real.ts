import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { electLeader, kubeApi, kubeTransport, type KubeObject } from '@spillway/adapters/kubernetes';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startKubeServers, type KubeServers } from './kube-servers.ts';
import { rejection } from './rejection.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const PAUSES = 100;

let servers: KubeServers;
beforeAll(async () => {
  servers = await startKubeServers({ kwok: false });
}, 120_000);
afterAll(async () => {
  await servers.stop();
});

interface Span {
  readonly who: number;
  readonly term: number;
  readonly from: bigint;
  to: bigint;
}

/** A process that stands for leader, and what it has told. */
interface Elector {
  readonly child: ChildProcess;
  readonly spans: Span[];
  /** How much it has told. */
  count: number;
}

function startElector(who: number, renewDeadlineMs: number): Elector {
  const script = fileURLToPath(new URL('./fixtures/kubernetes/elector.ts', import.meta.url));
  const args = ['--conditions=@spillway/source', '--import=tsx', script, servers.kubeConfigPath, 'twin'];
  const child = spawn(process.execPath, [...args, String(renewDeadlineMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const elector: Elector = { child, spans: [], count: 0 };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [from, to, term] = line.split(' ');
    elector.count++;
    const last = elector.spans.at(-1);
    if (last?.term === Number(term)) last.to = BigInt(to!);
    else elector.spans.push({ who, term: Number(term), from: BigInt(from!), to: BigInt(to!) });
  });
  return elector;
}

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds up whoever leads, again and again, for longer than the lease, and returns who led when. */
async function pauseLeaders(pauses: number, renewDeadlineMs: number): Promise<readonly Span[]> {
  const electors = [startElector(0, renewDeadlineMs), startElector(1, renewDeadlineMs)];
  try {
    for (let done = 0; done < pauses; done++) {
      const before = electors.map(({ count }) => count);
      let leader: Elector | undefined;
      for (const giveUpAtMs = Date.now() + 20_000; leader === undefined;) {
        if (Date.now() > giveUpAtMs) throw new Error(`nobody leads after ${done} pauses`);
        await pass(20);
        leader = electors.find(({ count }, index) => count > before[index]! + 3);
      }
      // At any moment of a renewal.
      await pass(Math.random() * 80);
      leader.child.kill('SIGSTOP');
      await pass(1_150 + Math.random() * 500);
      leader.child.kill('SIGCONT');
    }
    await pass(200);
  } finally {
    for (const { child } of electors) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
  }
  return electors.flatMap(({ spans }) => spans).sort((x, y) => (x.from < y.from ? -1 : 1));
}

it('never has two leaders while leaders are held up', { timeout: 600_000 }, async () => {
  const empty = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'paused' }, spec: {} };
  expect((await servers.request('POST', LEASES, empty)).status).toBe(201);

  const spans = await pauseLeaders(PAUSES, 700);

  const handovers = spans.filter(({ who }, index) => index > 0 && who !== spans[index - 1]!.who);
  expect(handovers.length).toBeGreaterThan(PAUSES / 4);
  for (const [index, { from, term }] of spans.entries()) {
    if (index === 0) continue;
    expect(from, `term ${term} began before the one before it was over`).toBeGreaterThan(spans[index - 1]!.to);
    expect(term).toBeGreaterThan(spans[index - 1]!.term);
  }
});

it('speaks to the lease of a real server', async () => {
  const transport = kubeTransport({ kubeConfig: servers.kubeConfigPath });
  const api = kubeApi({ transport });
  const times = { leaseDurationMs: 1_000, renewDeadlineMs: 700, retryPeriodMs: 80 };
  const election = electLeader({ api, namespace: 'default', name: 'spoken', identity: 'one', ...times });

  const { term, isLeader } = await election.leading();
  const { body } = await servers.request('GET', `${LEASES}/spoken`);
  expect(body.spec).toMatchObject({
    holderIdentity: election.identity,
    leaseDurationSeconds: 1,
    leaseTransitions: term,
    renewTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as unknown,
  });
  // Deleted under the leader, who makes it anew and goes on.
  await servers.request('DELETE', `${LEASES}/spoken`);
  await pass(400);
  expect(isLeader()).toBe(true);
  await election.stop();
  expect(isLeader()).toBe(false);
  expect((await servers.request('GET', `${LEASES}/spoken`)).body.spec['holderIdentity']).toBe('');
  transport.close?.();
});

it('refuses a claim on a lease that was deleted, whoever makes it', async () => {
  const transport = kubeTransport({ kubeConfig: servers.kubeConfigPath });
  const api = kubeApi({ transport });
  const lease = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'gone' }, spec: {} };
  const made = await api.create<KubeObject>(LEASES, lease);
  await api.remove(`${LEASES}/gone`);

  const error = await rejection(api.replace(`${LEASES}/gone`, { ...made, spec: { holderIdentity: 'late' } }));

  expect(['conflict', 'not-found']).toContain(error.providerCode);
  expect((await servers.request('GET', `${LEASES}/gone`)).status).toBe(404);
  transport.close?.();
});

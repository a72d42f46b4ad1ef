import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Which programs run beside etcd and the API server. */
export interface KubeServersOptions {
  /** The scheduler; `config` is merged over a KubeSchedulerConfiguration (extenders, profiles). */
  readonly scheduler?: { readonly config?: Readonly<Record<string, unknown>> };
  /** Controllers of kube-controller-manager to run, such as `disruption`, `job`, `garbagecollector`. */
  readonly controllers?: readonly string[];
  /** Whether kwok plays the kubelets of all nodes; see fixtures/kubernetes/stages.yaml. @defaultValue true */
  readonly kwok?: boolean;
  /** More arguments of the API server. */
  readonly apiServerArguments?: readonly string[];
}

/** As much of Kubernetes objects of all kinds as tests look at. What is not of that kind is absent, whatever the type says. */
interface KubeBody {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly items: readonly KubeBody[];
  readonly spec: Readonly<Record<string, unknown>> & { readonly nodeName?: string };
  readonly status: Readonly<Record<string, unknown>> & {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
  readonly [field: string]: unknown;
}

/** What the API server answered, parsed. */
interface KubeReply {
  readonly status: number;
  readonly body: KubeBody;
}

/** A Kubernetes cluster on loopback: real servers, played machines. */
export interface KubeServers {
  readonly url: string;
  /** Of an administrator. */
  readonly token: string;
  /** Of somebody who may do nothing. */
  readonly guestToken: string;
  /** File with the certificate authority, PEM. */
  readonly caPath: string;
  /** With the contexts `test`, an administrator, and `guest`. */
  readonly kubeConfigPath: string;
  /** What every container has written, with kwok, in the format of container runtimes: `2026-01-01T00:00:00.000000001Z stdout F text`. */
  readonly podLogPath: string;
  /** Where the logs of the servers are, removed by `stop`. */
  readonly folder: string;
  /** A call as the administrator, past all code under test. */
  readonly request: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ) => Promise<KubeReply>;
  /** Asks until a reply satisfies, and returns it; fails with the last one after 20 s. */
  readonly until: (path: string, isEnough: (reply: KubeReply) => boolean) => Promise<KubeReply>;
  /** Adds a ready node with GPUs as the device plugin and the GPU feature discovery would show it. */
  readonly addGpuNode: (name: string, gpuCount: number, changes?: { labels?: Record<string, string> }) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the servers that tools/ensure-kubernetes.sh has built, with data, keys and ports of their own. */
export async function startKubeServers(options: KubeServersOptions = {}): Promise<KubeServers> {
  const script = fileURLToPath(new URL('../../../tools/ensure-kubernetes.sh', import.meta.url));
  const programs = execFileSync('sh', [script, '--look'], { encoding: 'utf8' }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'spillway-kube-'));
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const children = new Map<string, ChildProcess>();
  const killAll = (): void => {
    for (const child of children.values()) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const start = (name: string, args: readonly string[]): void => {
    const log = openSync(join(folder, `${name}.log`), 'w');
    children.set(name, spawn(join(programs, name), args, { stdio: ['ignore', log, log], cwd: folder }));
  };
  const checkAlive = (): void => {
    for (const [name, child] of children) {
      if (child.exitCode === null && child.signalCode === null) continue;
      throw new Error(`${name} ended: ${readFileSync(join(folder, `${name}.log`), 'utf8').slice(-3_000)}`);
    }
  };
  const stop = async (): Promise<void> => {
    process.off('exit', killAll);
    // Nothing here outlives the test: there is no reason to end gently.
    await Promise.all([...children.values()].map(ended));
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    const [etcdPort, peerPort, apiPort, kubeletPort] = await freePorts(4);
    const url = `https://127.0.0.1:${apiPort}`;
    const [token, guestToken] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyPath = file('service-account.key', privateKey.export({ type: 'sec1', format: 'pem' }) as string);
    const caPath = join(folder, 'apiserver.crt');
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    start('etcd', [
      ...['--name=test', `--data-dir=${folder}/etcd`, '--unsafe-no-fsync', '--log-level=error'],
      ...[`--listen-client-urls=${etcd}`, `--advertise-client-urls=${etcd}`],
      ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=test=${peer}`],
    ]);
    start('kube-apiserver', [
      ...[`--etcd-servers=${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${apiPort}`, `--cert-dir=${folder}`],
      `--token-auth-file=${file('tokens.csv', `${token},admin,1,"system:masters"\n${guestToken},guest,2\n`)}`,
      ...['--authorization-mode=RBAC', '--service-cluster-ip-range=10.96.0.0/16', '--endpoint-reconciler-type=none'],
      ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${keyPath}`],
      ...[`--service-account-signing-key-file=${keyPath}`, '--kubelet-preferred-address-types=InternalIP'],
      // They wait for controllers that most tests don't run: of service accounts, and of the taints of new nodes.
      '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
      ...(options.apiServerArguments ?? []),
    ]);

    const call = (method: string, path: string, body?: unknown): Promise<KubeReply> =>
      send({ url: `${url}${path}`, method, token, ca: readFileSync(caPath, 'utf8'), body });
    const until: KubeServers['until'] = async (path, isEnough) => {
      let last: unknown;
      for (const giveUpAtMs = Date.now() + 20_000; Date.now() < giveUpAtMs;) {
        checkAlive();
        try {
          const reply = await call('GET', path);
          if (isEnough(reply)) return reply;
          last = reply;
        } catch (error) {
          last = error;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`waited in vain for ${path}`, { cause: last });
    };
    await until('/readyz', ({ status }) => status === 200);
    await until('/api/v1/namespaces/default', ({ status }) => status === 200);

    const podLogPath = file('pod.log', '');
    const kubeConfigPath = file('kubeconfig', kubeConfig(url, { test: token, guest: guestToken }, caPath));
    const unattended = [`--kubeconfig=${kubeConfigPath}`, '--secure-port=0', '--leader-elect=false'];
    if (options.controllers !== undefined && options.controllers.length > 0)
      start('kube-controller-manager', [...unattended, `--controllers=${options.controllers.join(',')}`]);
    if (options.scheduler !== undefined) {
      const config = {
        apiVersion: 'kubescheduler.config.k8s.io/v1',
        kind: 'KubeSchedulerConfiguration',
        clientConnection: { kubeconfig: kubeConfigPath },
        leaderElection: { leaderElect: false },
        ...options.scheduler.config,
      };
      start('kube-scheduler', [`--config=${file('scheduler.json', JSON.stringify(config))}`, '--secure-port=0']);
    }
    if (options.kwok !== false) {
      const stages = fileURLToPath(new URL('fixtures/kubernetes/stages.yaml', import.meta.url));
      const logs = file(
        'logs.json',
        JSON.stringify({
          apiVersion: 'kwok.x-k8s.io/v1alpha1',
          kind: 'ClusterLogs',
          metadata: { name: 'all' },
          spec: { logs: [{ logsFile: podLogPath }] },
        }),
      );
      start('kwok', [
        ...[`--kubeconfig=${kubeConfigPath}`, '--manage-all-nodes', `--config=${stages}`, `--config=${logs}`],
        ...['--node-ip=127.0.0.1', `--node-port=${kubeletPort}`, `--server-address=127.0.0.1:${kubeletPort}`],
        ...[`--tls-cert-file=${caPath}`, `--tls-private-key-file=${folder}/apiserver.key`],
        '--node-lease-duration-seconds=40',
      ]);
    }

    return {
      url,
      token,
      guestToken,
      caPath,
      kubeConfigPath,
      podLogPath,
      folder,
      request: call,
      until,
      addGpuNode: async (name, gpuCount, changes) => {
        const { status, body } = await call('POST', '/api/v1/nodes', gpuNode(name, gpuCount, changes?.labels ?? {}));
        if (status !== 201) throw new Error(`node ${name}: ${JSON.stringify(body)}`);
        await until(`/api/v1/nodes/${name}`, (reply) => isReady(reply.body));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function isReady({ status }: KubeBody): boolean {
  return status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function gpuNode(name: string, gpuCount: number, labels: Readonly<Record<string, string>>): unknown {
  const resources = { cpu: '64', memory: '512Gi', pods: '110', 'nvidia.com/gpu': String(gpuCount) };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
        'nvidia.com/gpu.count': String(gpuCount),
        'nvidia.com/gpu.memory': '81559',
        ...labels,
      },
    },
    status: { capacity: resources, allocatable: resources },
  };
}

/** The context `test` is an administrator, `guest` somebody who may do nothing. */
function kubeConfig(server: string, tokens: Readonly<Record<'test' | 'guest', string>>, caPath: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: Object.keys(tokens).map((name) => ({
      name,
      context: { cluster: 'test', user: name, namespace: 'default' },
    })),
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': caPath } }],
    users: Object.entries(tokens).map(([name, token]) => ({ name, user: { token } })),
  });
}

interface Call {
  readonly url: string;
  readonly method: string;
  readonly token: string;
  readonly ca: string;
  readonly body: unknown;
}

function send({ url, method, token, ca, body }: Call): Promise<KubeReply> {
  return new Promise((resolve, reject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const request = httpsRequest(url, { method, ca, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = response.headers['content-type']?.includes('json') ?? false;
        resolve({ status: response.statusCode!, body: (isJson ? JSON.parse(text) : { text }) as KubeBody });
      });
    });
    request.once('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGKILL');
  });
}

/** Ports that were free at the same moment, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

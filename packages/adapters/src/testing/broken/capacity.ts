import { ProviderError, type ProviderErrorCode } from '../../contract/provider-error.ts';
import type { CallOptions, CapacityProvider, LaunchedReplica, LaunchRequest } from '../../contract/types.ts';
import { simulatedCapacity } from '../../simulated/capacity.ts';
import { virtualClock } from '../../simulated/virtual-clock.ts';
import type { Subject } from '../subject.ts';

/** A capacity provider that keeps the contract, and a world to test it in. */
export function soundCapacity(): Subject & { provider: CapacityProvider } {
  const clock = virtualClock({ startAtMs: 1_750_000_000_000 });
  const node = { id: 'node-a', gpus: [{ model: 'H100' }], cpuMilli: 64_000, memoryMib: 262_144 };
  const provider = simulatedCapacity({
    clock,
    name: 'broken',
    nodes: [node, { ...node, id: 'node-b' }],
    tiers: [
      {
        id: 'spot',
        kind: 'spot',
        capacity: null,
        priceUsdPerHour: 1,
        noticeMs: 120_000,
        startupMs: 30_000,
        interruption: { meanTimeToInterruptMs: 3_600_000 },
      },
      { id: 'fixed', kind: 'fixed', capacity: 3, priceUsdPerHour: 0 },
    ],
  });
  const untilNotice = async (): Promise<void> => {
    // As far as the clock of the world goes; what the adapter says of it is what is tested.
    while ((await provider.preemption.listNotices()).length === 0) await clock.advanceTo(clock.nowMs() + 60_000);
  };
  return {
    provider,
    nowMs: clock.nowMs,
    tierId: 'spot',
    limitedTierId: 'fixed',
    otherTierId: 'fixed',
    untilNotice,
    secrets: ['s3cret'],
  };
}

type Provision = NonNullable<CapacityProvider['provision']>;
type Break = (
  provider: CapacityProvider,
  provision: Provision,
) => Partial<CapacityProvider> | { provision: Partial<Provision> };

/** The sound provider with some of its methods replaced. */
function breaking(change: Break): () => Subject {
  return () => {
    const subject = soundCapacity();
    const { provider } = subject;
    const { provision, ...rest } = change(provider, provider.provision!);
    return { ...subject, provider: { ...provider, ...rest, provision: { ...provider.provision!, ...provision } } };
  };
}

const launching = (change: (launch: Provision['launch'], all: Provision) => Provision['launch']) =>
  breaking((_, provision) => ({ provision: { launch: change(provision.launch, provision) } }));
const listing = (change: (list: Provision['list']) => Provision['list']) =>
  breaking((_, { list }) => ({ provision: { list: change(list) } }));
const ending = (change: (all: Provision) => Provision['terminate']) =>
  breaking((_, provision) => ({ provision: { terminate: change(provision) } }));

/** The answer to a launch, changed. */
const answering = (change: (replica: LaunchedReplica) => LaunchedReplica) =>
  launching((launch) => async (request, options) => change(await launch(request, options)));
/** The refusal of a launch, changed. */
const refusing = (change: (error: ProviderError) => unknown) =>
  launching(
    (launch) => (request, options) =>
      launch(request, options).catch((error: unknown) => {
        throw ProviderError.is(error) ? change(error) : error;
      }),
  );

/** An error with some of its parts changed. */
function copyOf(
  error: ProviderError,
  change: { provider?: string; code?: ProviderErrorCode; message?: string; isRetryable?: boolean },
): ProviderError {
  const { provider = error.provider, code = error.providerCode, message = 'no' } = change;
  const { isRetryable = error.isRetryable } = change;
  return new ProviderError(provider, code, message, { isRetryable, isAmbiguous: error.isAmbiguous });
}

/** Providers of capacity, each broken in one way. */
export const BROKEN_CAPACITY: Readonly<Record<string, () => Subject>> = {
  'pays twice for one token': (() => {
    let calls = 0;
    return launching(
      (launch) =>
        ({ token, tierId }, options) =>
          launch({ token: `${token}-${calls++}`, tierId }, options),
    );
  })(),
  'forgets a token when its replica ends': (() => {
    return launching((launch, { list }) => {
      let generation = 0;
      return async (request: LaunchRequest, options?: CallOptions) => {
        const replica = await launch({ ...request, token: `${request.token}${'+'.repeat(generation)}` }, options);
        if ((await list()).some(({ id }) => id === replica.id)) return { ...replica, token: request.token };
        generation++;
        const fresh = await launch({ ...request, token: `${request.token}${'+'.repeat(generation)}` }, options);
        return { ...fresh, token: request.token };
      };
    });
  })(),
  'takes a token for another tier': launching(
    (launch) => (request, options) =>
      launch(request, options).catch((error: unknown) => {
        if (ProviderError.is(error) && error.providerCode === 'conflict')
          return launch({ ...request, tierId: 'spot' }, options);
        throw error;
      }),
  ),
  'launches one replica for two tokens': launching(
    (launch) =>
      ({ tierId }, options) =>
        launch({ token: `one-${tierId}`, tierId }, options),
  ),
  'gives more than it has': launching(
    (launch) => (request, options) =>
      launch(request, options).catch((error: unknown) => {
        if (ProviderError.is(error) && error.providerCode === 'no-capacity')
          return launch({ ...request, tierId: 'spot' }, options);
        throw error;
      }),
  ),
  'refuses to terminate what never was': ending(({ list, terminate }) => async (id, options) => {
    if (id === 'never-launched') throw new ProviderError('broken', 'not-found', `no replica '${id}'`);
    await terminate(id, options);
    await list();
  }),
  'refuses to terminate what is gone': ending(({ list, terminate }) => async (id, options) => {
    const isThere = (await list(options)).some((replica) => replica.id === id);
    if (!isThere && id !== 'never-launched') throw new ProviderError('broken', 'not-found', `no replica '${id}'`);
    await terminate(id, options);
  }),
  'terminates another replica': ending(({ list, terminate }) => async (id, options) => {
    const [first] = await list(options);
    await terminate(first?.id ?? id, options);
  }),
  'terminates nothing': ending(({ list }) => async (_, options) => {
    await list(options);
  }),
  'lists the first page only': listing((list) => async (options) => (await list(options)).slice(0, 10)),
  'lists the last page twice': listing((list) => async (options) => {
    const all = await list(options);
    return all.length > 20 ? [...all, ...all.slice(20)] : all;
  }),
  'lists what was, not what is': listing((list) => {
    let previous: readonly LaunchedReplica[] = [];
    return async (options) => {
      const stale = previous;
      previous = await list(options);
      return stale;
    };
  }),
  'gives its own list away': listing((list) => {
    let own: LaunchedReplica[] | undefined;
    return async (options) => (own ??= [...(await list(options))]);
  }),
  'lists other data than it answered': listing(
    (list) => async (options) =>
      (await list(options)).map((replica) => ({ ...replica, readyAtMs: replica.readyAtMs + 1 })),
  ),
  'lists a node twice': breaking(({ listNodes }) => ({
    listNodes: async (options) => (await listNodes(options)).flatMap((node) => [node, node]),
  })),
  'looks although aborted': breaking(({ listNodes }) => ({ listNodes: () => listNodes() })),
  'launches although aborted': launching((launch) => (request) => launch(request)),
  'refuses an aborted launch after it took effect': launching((launch) => async (request, options) => {
    await launch(request);
    return launch(request, options);
  }),
  'calls an unsent launch ambiguous': launching((launch) => (request, options) => {
    if (options?.signal?.aborted === true) return Promise.reject(new ProviderError('broken', 'aborted', 'aborted'));
    return launch(request, options);
  }),
  'knows no deadline': launching((launch) => (request, options = {}) => {
    const { signal } = options;
    return launch(request, signal && { signal });
  }),
  'throws plain errors': refusing((error) => new Error(error.message)),
  'speaks in the name of another': refusing((error) => copyOf(error, { provider: 'other' })),
  'repeats a secret in an error': refusing((error) => copyOf(error, { message: 'Bearer s3cret refused' })),
  'says never again to no-capacity': refusing((error) => copyOf(error, { isRetryable: false })),
  'says not-found for an unknown tier': refusing((error) =>
    error.providerCode === 'invalid-request' ? copyOf(error, { code: 'not-found' }) : error,
  ),
  'answers with another token': answering((replica) => ({ ...replica, token: `${replica.token}'` })),
  'tells the time in seconds': answering((replica) => ({
    ...replica,
    startedAtMs: replica.startedAtMs / 1000,
    readyAtMs: replica.readyAtMs / 1000,
  })),
  'is ready before it starts': answering((replica) => ({ ...replica, readyAtMs: replica.startedAtMs - 1 })),
  'prices in text': breaking((_, { listTiers }) => ({
    provision: {
      listTiers: async (options) =>
        (await listTiers(options)).map((tier) => ({ ...tier, priceUsdPerHour: '1.20' as unknown as number })),
    },
  })),
  'has a price that is no number': breaking((_, { listTiers }) => ({
    provision: {
      listTiers: async (options) => (await listTiers(options)).map((tier) => ({ ...tier, priceUsdPerHour: NaN })),
    },
  })),
  'has half a place': breaking((_, { listTiers }) => ({
    provision: { listTiers: async (options) => (await listTiers(options)).map((tier) => ({ ...tier, capacity: 2.5 })) },
  })),
  'warns of nobody': breaking(({ preemption }) => ({
    preemption: {
      listNotices: async (options) =>
        (await preemption!.listNotices(options)).map((notice) => ({ ...notice, replicaId: 'nobody' })),
    },
  })),
  'warns too late': breaking(({ preemption }) => ({
    preemption: {
      listNotices: async (options) =>
        (await preemption!.listNotices(options)).map((notice) => ({ ...notice, goneAtMs: notice.goneAtMs - 200_000 })),
    },
  })),
  'never warns': breaking(({ preemption }) => ({
    preemption: { listNotices: async (options) => (await preemption!.listNotices(options)).slice(0, 0) },
  })),
  'keeps a contract of the future': breaking(() => ({ specVersion: 2 as unknown as 1 })),
  'has a name with a space': breaking(() => ({ name: 'my cloud' })),
};

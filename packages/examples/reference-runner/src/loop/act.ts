import PQueue from 'p-queue';
import { ProviderError } from '@spillway/adapters';
import type { Intent, Store } from '../store/store.ts';
import type { Surroundings } from './observe.ts';

/** What became of one intent. */
export interface ActOutcome {
  readonly intent: Intent;
  readonly status: Intent['status'];
  readonly error?: ProviderError;
}

/**
 * Does every pending intent, new or left over from before, under its token: a repeated call has no further effect, so
 * after a crash or a lost answer it is simply done again.
 *
 * @param options.concurrency - calls under way at once, >= 1.
 * @throws what an adapter throws that is not a {@link ProviderError}: a defect, after the others have been settled.
 */
export async function act(
  around: Surroundings,
  store: Store,
  options: { readonly concurrency: number; readonly signal?: AbortSignal },
): Promise<readonly ActOutcome[]> {
  const queue = new PQueue({ concurrency: options.concurrency });
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const intents = await store.listPendingIntents();
  const attempts = await Promise.allSettled(
    intents.map((intent) => queue.add(() => attempt(intent, around, store, call))),
  );
  return attempts.map((settled) => {
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  });
}

async function attempt(
  intent: Intent,
  around: Surroundings,
  store: Store,
  call: { readonly signal?: AbortSignal },
): Promise<ActOutcome> {
  try {
    await perform(intent, around, call);
    await store.settleIntent(intent.token, { status: 'done' });
    return { intent, status: 'done' };
  } catch (error) {
    if (!ProviderError.is(error)) throw error;
    // Unknown outcome: it may have taken effect, so it stays pending and is repeated under the same token.
    const status = error.isAmbiguous || error.providerCode === 'aborted' ? 'pending' : 'failed';
    await store.settleIntent(intent.token, { status, error: error.message });
    return { intent, status, error };
  }
}

async function perform(
  { token, action }: Intent,
  { capacity, runtime }: Surroundings,
  call: { readonly signal?: AbortSignal },
): Promise<void> {
  switch (action.kind) {
    case 'start-job':
      if (runtime === undefined)
        throw new ProviderError('runner', 'invalid-request', 'there is no runtime to start jobs');
      await runtime.start({ token, job: action.job, placement: action.placement }, call);
      return;
    case 'launch-replica':
      await provision(capacity).launch({ token, tierId: action.tierId }, call);
      return;
    case 'terminate-replica':
      await provision(capacity).terminate(action.replicaId, call);
  }
}

function provision(capacity: Surroundings['capacity']): NonNullable<Surroundings['capacity']['provision']> {
  if (capacity.provision === undefined) {
    throw new ProviderError(capacity.name, 'invalid-request', 'this provider cannot launch or stop replicas');
  }
  return capacity.provision;
}

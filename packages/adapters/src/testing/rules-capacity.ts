import { checkNodes } from '@spillway/core/fleet';

import { ProviderError } from '../contract/provider-error.ts';
import type { CapacityProvider } from '../contract/types.ts';
import { check, checkError, checkInstant, checkSame, insisting, refused, refusesLate } from './check.ts';
import type { Rule, Subject } from './subject.ts';

const capacityOf = ({ provider }: Subject) => provider as CapacityProvider;
const canLaunch = (subject: Subject): boolean =>
  capacityOf(subject).provision !== undefined && subject.tierId !== undefined;
const canFill = (subject: Subject): boolean => canLaunch(subject) && subject.limitedTierId !== undefined;
const isWarned = (subject: Subject): boolean => canLaunch(subject) && capacityOf(subject).preemption !== undefined;

function parts(subject: Subject) {
  const { list, launch, listTiers, terminate } = capacityOf(subject).provision!;
  const tierId = subject.tierId!;
  const start = (token: string, tier = tierId) => insisting(() => launch({ token, tierId: tier }));
  const end = (id: string) => insisting(() => terminate(id));
  const ids = async () => (await insisting(() => list())).map(({ id }) => id).sort();
  return { list, launch, listTiers, start, end, ids, tierId };
}

/** What every capacity provider must keep. */
export const CAPACITY_RULES: readonly Rule[] = [
  {
    group: 'shape',
    name: 'lists nodes that are valid and have ids of their own',
    check: async (subject) => {
      checkNodes(await insisting(() => capacityOf(subject).listNodes()));
    },
  },
  {
    group: 'abort',
    name: 'refuses to look when aborted or late',
    check: (subject) => refusesLate(subject, 'listNodes', (options) => capacityOf(subject).listNodes(options)),
  },
  {
    group: 'money',
    name: 'lists tiers with ids of their own, prices >= 0 and capacities that are whole or unknown',
    when: canLaunch,
    check: async (subject) => {
      const tiers = await insisting(() => parts(subject).listTiers());
      check(new Set(tiers.map(({ id }) => id)).size === tiers.length, 'two tiers have the same id');
      for (const { id, capacity, priceUsdPerHour: price } of tiers) {
        check(
          typeof price === 'number' && Number.isFinite(price) && price >= 0,
          `price of tier '${id}' is ${String(price)}`,
        );
        check(
          capacity === null || (Number.isSafeInteger(capacity) && capacity >= 0),
          `capacity of tier '${id}' is ${capacity}`,
        );
      }
    },
  },
  {
    group: 'life-cycle',
    name: 'lists what it launched, as it answered',
    when: canLaunch,
    check: async (subject) => {
      const { start, list, tierId } = parts(subject);
      const replica = await start('a');
      checkSame([replica.token, replica.tierId], ['a', tierId], 'token and tier of the answer');
      checkSame(await insisting(() => list()), [replica], 'list');
    },
  },
  {
    group: 'time',
    name: 'gives instants in ms, ready not before the start',
    when: canLaunch,
    check: async (subject) => {
      const nowMs = (subject.nowMs ?? Date.now)();
      const { startedAtMs, readyAtMs } = await parts(subject).start('a');
      checkInstant(startedAtMs, nowMs, 'startedAtMs');
      check(readyAtMs >= startedAtMs, `ready at ${readyAtMs}, before its start at ${startedAtMs}`);
      checkInstant(readyAtMs, nowMs, 'readyAtMs');
    },
  },
  {
    group: 'paging',
    name: 'lists all of 25 replicas, each once',
    when: canLaunch,
    check: async (subject) => {
      const { start, ids } = parts(subject);
      const launched: string[] = [];
      for (let n = 0; n < 25; n++) launched.push((await start(`t${n}`)).id);
      checkSame(await ids(), launched.sort(), 'ids listed');
    },
  },
  {
    group: 'shape',
    name: 'gives lists away: what the caller does to one changes no other',
    when: canLaunch,
    check: async (subject) => {
      const { start, list, ids } = parts(subject);
      const { id } = await start('a');
      ((await insisting(() => list())) as unknown[]).length = 0;
      checkSame(await ids(), [id], 'ids listed after the caller emptied its list');
    },
  },
  {
    group: 'idempotency',
    name: 'launches once a token, also when asked 20 times at once',
    when: canLaunch,
    check: async (subject) => {
      const { start, ids } = parts(subject);
      const replicas = await Promise.all(Array.from({ length: 20 }, () => start('a')));
      check(new Set(replicas.map(({ id }) => id)).size === 1, 'the same token launched more than one replica');
      check((await ids()).length === 1, `${(await ids()).length} replicas are listed`);
    },
  },
  {
    group: 'idempotency',
    name: 'launches another replica for another token',
    when: canLaunch,
    check: async (subject) => {
      const { start, ids } = parts(subject);
      const both = [(await start('a')).id, (await start('b')).id];
      check(both[0] !== both[1], 'two tokens launched one replica');
      checkSame(await ids(), both.sort(), 'ids listed');
    },
  },
  {
    group: 'idempotency',
    name: 'launches nothing anew for the token of a replica that has ended',
    when: canLaunch,
    check: async (subject) => {
      const { start, end, ids } = parts(subject);
      const { id } = await start('a');
      await end(id);
      const again = await start('a');
      checkSame([again.id, again.isReady], [id, false], 'id and readiness for the old token');
      checkSame(await ids(), [], 'ids listed');
    },
  },
  {
    group: 'errors',
    name: 'refuses a token that was used for another tier with conflict',
    when: (subject) => canLaunch(subject) && subject.otherTierId !== undefined,
    check: async (subject) => {
      const { start } = parts(subject);
      await start('a');
      await refused(subject, 'conflict', () => start('a', subject.otherTierId), 'the token of another tier');
    },
  },
  {
    group: 'errors',
    name: 'refuses an unknown tier with invalid-request',
    when: canLaunch,
    check: async (subject) => {
      const { start, ids } = parts(subject);
      await refused(subject, 'invalid-request', () => start('a', 'no such tier'), 'an unknown tier');
      checkSame(await ids(), [], 'ids listed');
    },
  },
  {
    group: 'concurrency',
    name: 'fills a tier up to its capacity when asked at once, and then refuses with no-capacity',
    when: canFill,
    check: async (subject) => {
      const { start, listTiers, ids } = parts(subject);
      const capacity =
        (await insisting(() => listTiers())).find(({ id }) => id === subject.limitedTierId)?.capacity ?? 0;
      const calls = Array.from({ length: capacity + 5 }, (_, n) => start(`t${n}`, subject.limitedTierId));
      const refusals = (await Promise.allSettled(calls)).flatMap((each) =>
        each.status === 'rejected' ? [each.reason as unknown] : [],
      );
      checkSame((await ids()).length, capacity, 'replicas listed');
      checkSame(refusals.length, 5, 'launches refused');
      for (const error of refusals) {
        check(ProviderError.is(error) && error.providerCode === 'no-capacity', `refused with ${String(error)}`);
        check(error.isRetryable && !error.isAmbiguous, 'no-capacity must be retryable and not ambiguous');
        checkError(subject, error);
      }
    },
  },
  {
    group: 'life-cycle',
    name: 'has room again after a termination',
    when: canFill,
    check: async (subject) => {
      const { start, end, listTiers } = parts(subject);
      const capacity =
        (await insisting(() => listTiers())).find(({ id }) => id === subject.limitedTierId)?.capacity ?? 0;
      const ids: string[] = [];
      for (let n = 0; n < capacity; n++) ids.push((await start(`t${n}`, subject.limitedTierId)).id);
      await end(ids[0]!);
      await start('late', subject.limitedTierId);
    },
  },
  {
    group: 'life-cycle',
    name: 'terminates what runs, what is gone and what never was, and nothing else',
    when: canLaunch,
    check: async (subject) => {
      const { start, end, ids } = parts(subject);
      const other = await start('a');
      const replica = await start('b');
      await end(replica.id);
      checkSame(await ids(), [other.id], 'ids listed');
      await end(replica.id);
      await end('never-launched');
      checkSame(await ids(), [other.id], 'ids listed');
    },
  },
  {
    group: 'abort',
    name: 'launches and terminates nothing when aborted or late',
    when: canLaunch,
    check: async (subject) => {
      const { list, launch, listTiers, start, ids, tierId } = parts(subject);
      const { id } = await start('kept');
      await refusesLate(subject, 'launch', (options) => launch({ token: 'late', tierId }, options));
      await refusesLate(subject, 'terminate', (options) => capacityOf(subject).provision!.terminate(id, options));
      await refusesLate(subject, 'list', (options) => list(options));
      await refusesLate(subject, 'listTiers', (options) => listTiers(options));
      checkSame(await ids(), [id], 'ids listed');
    },
  },
  {
    group: 'watch',
    name: 'warns of replicas that are listed, before they are gone',
    when: isWarned,
    check: async (subject) => {
      const { start, ids } = parts(subject);
      await start('a');
      await subject.untilNotice?.();
      const notices = await insisting(() => capacityOf(subject).preemption!.listNotices());
      const listed = new Set(await ids());
      check(subject.untilNotice === undefined || notices.length > 0, 'no interruption was announced');
      for (const { replicaId, goneAtMs } of notices) {
        check(listed.has(replicaId), `a notice is about '${replicaId}', which is not listed`);
        checkInstant(goneAtMs, (subject.nowMs ?? Date.now)(), 'goneAtMs');
        check(goneAtMs >= (subject.nowMs ?? Date.now)(), `gone at ${goneAtMs}, which is in the past`);
      }
      await refusesLate(subject, 'listNotices', (options) => capacityOf(subject).preemption!.listNotices(options));
    },
  },
];

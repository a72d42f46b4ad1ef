import type { CapacityProvider, WorkloadRuntime } from '@spillway/adapters';
import { sshPool, sshRuntime, type Ssh2, type SshPool } from '@spillway/adapters/ssh';
import type ssh2 from 'ssh2';
import { expectTypeOf, it } from 'vitest';

it('takes the package ssh2 as it is', () => {
  expectTypeOf<typeof ssh2>().toExtend<Ssh2>();
});

it('keeps the contracts, and names', () => {
  const pool = sshPool({ name: 'rack', hosts: [], knownHosts: '' });
  const runtime = sshRuntime({ pool, commandOf: () => ({ argv: ['true'] }) });

  expectTypeOf(pool).toEqualTypeOf<SshPool<'rack'>>();
  expectTypeOf(pool).toExtend<CapacityProvider<'rack'>>();
  expectTypeOf(runtime).toExtend<WorkloadRuntime<'ssh-runtime'>>();
});

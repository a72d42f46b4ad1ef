import type { KubeObject } from './objects.ts';

/** A lease as `coordination.k8s.io/v1` has it. */
export interface KubeLease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** With six digits after the point. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** What a holder writes. */
export interface LeaseClaim {
  /** Empty: nobody holds it. */
  readonly holder: string;
  readonly durationMs: number;
  /** How often the lease has been taken. */
  readonly term: number;
  readonly acquiredAtMs: number;
  readonly renewedAtMs: number;
}

/**
 * A lease with a claim in its specification. Everything else of `lease` stays, its version too, so that the server refuses it when
 * somebody was faster.
 */
export function withClaim(lease: KubeLease, claim: LeaseClaim): KubeLease {
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: claim.holder,
      leaseDurationSeconds: claim.durationMs / 1_000,
      acquireTime: microTime(claim.acquiredAtMs),
      renewTime: microTime(claim.renewedAtMs),
      leaseTransitions: claim.term,
    },
  };
}

/** An instant as the server wants it in a lease. */
function microTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}

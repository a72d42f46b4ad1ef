import { ProviderError } from '@spillway/adapters';

/** The provider error that a call rejects with. */
export async function rejection(call: Promise<unknown>): Promise<ProviderError> {
  try {
    await call;
  } catch (error) {
    if (ProviderError.is(error)) return error;
    throw error;
  }
  throw new Error('the call was expected to reject, and did not');
}

import { afterEach, describe, expect, it } from 'vitest';

import { prometheus } from '@spillway/adapters/prometheus';
import { virtualClock } from '@spillway/adapters/simulated';

import { localServer, type LocalServer } from './fixtures/http-server.ts';
import { testPrometheus } from './fixtures/prometheus-server.ts';
import { rejection } from './rejection.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 1);

let servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

describe('prometheus when the server fails', () => {
  const answering = async (status: number, body: string | object, headers: Readonly<Record<string, string>> = {}) => {
    const server = await localServer((_, response) => {
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    servers.push(server);
    return prometheus({
      url: server.url,
      clock: virtualClock({ startAtMs: T0 }),
      headers: { authorization: 'Bearer s3cret' },
    });
  };
  const failed = (errorType: string) => ({ status: 'error', errorType, error: 'because' });

  it.each([
    [400, failed('bad_data'), 'invalid-request', false],
    [422, failed('execution'), 'invalid-request', false],
    [503, failed('timeout'), 'timeout', true],
    [503, failed('unavailable'), 'unavailable', true],
    [500, failed('internal'), 'unavailable', true],
    [429, failed('too_many_requests'), 'rate-limited', true],
    [418, failed('of-the-future'), 'invalid-request', false],
    [401, 'who are you', 'auth', false],
    [429, 'slow down', 'rate-limited', true],
    [502, '<html>bad gateway</html>', 'unavailable', true],
    [404, '404 page not found', 'not-found', false],
    [200, '<html>login</html>', 'bad-response', false],
    [200, '', 'bad-response', false],
    [200, { status: 'success', data: { resultType: 'scalar', result: [] } }, 'bad-response', false],
    [200, { status: 'success', data: { resultType: 'vector', result: [null] } }, 'bad-response', false],
    [200, { status: 'success', data: { resultType: 'vector', result: [{ metric: {} }] } }, 'bad-response', false],
    [
      200,
      { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1, ''] }] } },
      'bad-response',
      false,
    ],
    [
      200,
      { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] } },
      'bad-response',
      false,
    ],
  ])('turns %i %j into %s', async (status, body, code, isRetryable) => {
    const source = await answering(status, body);

    const error = await rejection(source.query('up{}'));

    expect(error).toMatchObject({ providerCode: code, isRetryable, isAmbiguous: false });
    expect(`${error.message}${String(error.cause)}`).not.toContain('s3cret');
  });

  it('says when to ask again', async () => {
    const seconds = await answering(429, failed('x'), { 'retry-after': '7' });
    const date = await answering(503, 'busy', { 'retry-after': new Date(T0 + 90_000).toUTCString() });
    const nonsense = await answering(503, 'busy', { 'retry-after': 'soon' });

    expect((await rejection(seconds.query('up{}'))).retryAfterMs).toBe(7_000);
    expect((await rejection(date.query('up{}'))).retryAfterMs).toBe(90_000);
    expect((await rejection(nonsense.query('up{}'))).retryAfterMs).toBeUndefined();
  });

  const matrix = (...series: { metric: object; values: unknown[] }[]) => ({
    status: 'success',
    data: { resultType: 'matrix', result: series },
  });
  const seconds = T0 / 1000;

  it.each([
    ['an instant of another page', matrix({ metric: { a: 'x' }, values: [[seconds - 60, '1']] })],
    ['an instant beside the grid', matrix({ metric: { a: 'x' }, values: [[seconds + 7, '1']] })],
    [
      'an instant twice',
      matrix({
        metric: { a: 'x' },
        values: [
          [seconds, '1'],
          [seconds, '2'],
        ],
      }),
    ],
    [
      'instants out of order',
      matrix({
        metric: { a: 'x' },
        values: [
          [seconds + 60, '1'],
          [seconds, '2'],
        ],
      }),
    ],
    ['a series twice', matrix({ metric: { a: 'x' }, values: [] }, { metric: { a: 'x' }, values: [] })],
  ])('refuses an answer with %s', async (_, body) => {
    const source = await answering(200, body);

    const call = source.queryRange('x{}', { fromMs: T0, toMs: T0 + 10 * MINUTE, stepMs: MINUTE });

    expect((await rejection(call)).providerCode).toBe('bad-response');
  });

  it('passes warnings on, each once', async () => {
    const server = await testPrometheus([], { warnings: ['store gateway 3 did not answer'] });
    servers.push(server);
    const source = prometheus({ url: server.url, maxPointsPerSeries: 10 });
    const history = await source.gpus.readRange({
      fromMs: T0,
      toMs: T0 + 60 * MINUTE,
      stepMs: MINUTE,
      metrics: ['engineActiveRatio'],
    });

    expect(history.warnings).toEqual(['store gateway 3 did not answer']);
  });
});

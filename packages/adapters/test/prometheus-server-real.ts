import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endChild, freePort } from './child-process.ts';

/** A series of the past: labels with the name, and values at instants in ms. */
export interface PastSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

/** A real Prometheus on loopback. */
export interface RealPrometheus {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Every second, so that tests need not wait long. */
const SCRAPE_MS = 1_000;

const BLOCK_MS = 2 * 3_600_000;

/**
 * Starts the `prometheus` of Debian with a configuration, a port and a data folder of its own, that scrapes every second.
 * What is past is loaded first, as `promtool` loads it: it must end hours ago.
 *
 * @param jobs - addresses (`host:port`) to scrape, by name of the job.
 */
export async function startPrometheus(options: {
  readonly jobs?: Readonly<Record<string, readonly string[]>>;
  readonly past?: readonly PastSeries[];
  readonly flags?: readonly string[];
}): Promise<RealPrometheus> {
  const { jobs = {}, past = [], flags = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(endChild));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    loadPast(past, join(folder, 'past'), data);
    const config = join(folder, 'prometheus.json');
    // YAML is a superset of JSON.
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: `${SCRAPE_MS}ms`, scrape_timeout: `${SCRAPE_MS}ms` },
        scrape_configs: Object.entries(jobs).map(([job_name, targets]) => ({
          job_name,
          honor_labels: true,
          static_configs: [{ targets }],
        })),
      }),
    );
    const port = await freePort();
    const log = join(folder, 'log');
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
        ...flags,
      ],
      { stdio: ['ignore', 'ignore', openSync(log, 'w')] },
    );
    const missing = new Promise<never>((_, reject) => {
      child.once('error', () => {
        reject(new Error('there is no prometheus: run tools/ensure-prometheus.sh'));
      });
    });
    children.push(child);
    const url = `http://127.0.0.1:${port}`;
    await Promise.race([missing, isReady(url, child, log)]);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Loads series block by block: promtool reads the whole of its input once for every block of two hours. */
function loadPast(past: readonly PastSeries[], file: string, data: string): void {
  const byBlock = new Map<number, string[]>();
  for (const { name, labels, samples } of past) {
    const text = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const head = `${name}{${text.join(',')}}`;
    for (const [atMs, value] of samples) {
      const block = Math.floor(atMs / BLOCK_MS);
      const lines = byBlock.get(block) ?? [];
      byBlock.set(block, lines);
      lines.push(`${head} ${value} ${atMs / 1000}`);
    }
  }
  for (const lines of byBlock.values()) {
    writeFileSync(file, `${lines.join('\n')}\n# EOF\n`);
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, data], { stdio: 'pipe' });
  }
}

async function isReady(url: string, child: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`prometheus ended: ${readFileSync(log, 'utf8')}`);
    const isUp = await fetch(`${url}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`prometheus did not get ready: ${readFileSync(log, 'utf8')}`);
}

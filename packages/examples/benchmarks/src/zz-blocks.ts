import { createPacker, createRandom, GPU_MILLI } from '@spillway/core';
import { loadOpenB, openbWorkload } from '@spillway/traces';
const rule = (process.argv[2] ?? 'fgd') as 'fgd' | 'priced';
const trace = loadOpenB();
const random = createRandom(7);
const N = 10000, M = Number(process.argv[3] ?? 100000);
const nodes = Array.from({ length: N }, (_, k) => ({ ...trace.nodes[random.integer(trace.nodes.length)]!, id: `node-${String(k).padStart(6, '0')}` }));
const workload = openbWorkload(trace.tasks, { coverageRatio: rule === 'priced' ? 1 : 0.95 });
const c0 = performance.now();
const packer = createPacker({ nodes, workload }, { scorer: rule });
const jobs = Array.from({ length: M }, (_, k) => ({ ...trace.tasks[random.integer(trace.tasks.length)]!, id: `job-${k}` }));
console.log("create ms", (performance.now() - c0).toFixed(0));
let t0 = performance.now(); const all = t0; let fails = 0;
const lat = new Float64Array(M);
for (let k = 0; k < M; k++) {
  const a = performance.now();
  if (!('placement' in packer.place(jobs[k]!))) fails++;
  lat[k] = performance.now() - a;
  if ((k + 1) % 10000 === 0) { const t = performance.now(); const s = lat.slice(k - 9999, k + 1).sort(); let big = 0; for (const x of s) if (x > 0.05) big += x; console.log(k + 1, 'us/job', ((t - t0) / 10).toFixed(2), 'fails', fails, 'p50', (s[5000]! * 1000).toFixed(1), 'p99', (s[9900]! * 1000).toFixed(0), 'max ms', s[9999]!.toFixed(1), 'share over 50us (us/job)', (big / 10).toFixed(2)); t0 = t; fails = 0; }
}
console.log(rule, (M / (performance.now() - all) * 1000).toFixed(0), '/s');

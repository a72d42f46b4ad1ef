// Quality of priced: default list over seeds, then a few mixes.
import { loadOpenB, openbArrivals, openbShuffledNodes } from '@spillway/traces';
import { mixesOf, packerWith } from './pack-policies.ts';
import { TASK_MIXES } from './pack-mix-list.ts';
import { JOB_CLASSES, replay } from './pack-replay.ts';
const { nodes, tasks } = loadOpenB();
const seeds = [42, 43, 44, 45, 46];
const names = process.argv.slice(2);
for (const name of ['default', ...names]) {
  const list = name === 'default' ? tasks : TASK_MIXES.find((m) => m.name === name)!.make(tasks, nodes);
  const known = mixesOf(list);
  let a = 0, f = 0; const fail: Record<string, number> = {}; let ms = 0, jobs = 0;
  for (const seed of seeds) {
    const fleet = openbShuffledNodes(nodes, { seed });
    const r = replay(fleet, openbArrivals(list, nodes, { ratio: 1.3, seed }), packerWith('priced', 'whole')(fleet, known), () => performance.now());
    a += r.allocatedRatio; f += r.firstFailureRatio ?? 1.3; ms += r.decisionMs; jobs += r.jobs;
    for (const c of JOB_CLASSES) fail[c] = (fail[c] ?? 0) + r.failed[c];
  }
  console.log(name, (100 * a / seeds.length).toFixed(3), 'ff', (100 * f / seeds.length).toFixed(2), JOB_CLASSES.map((c) => (fail[c]! / seeds.length).toFixed(1)).join('/'), (jobs / ms * 1000).toFixed(0) + '/s');
}

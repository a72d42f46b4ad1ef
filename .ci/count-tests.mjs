// Prints '<passed> <failed>' of a vitest JSON report. usage: node count-tests.mjs REPORT EXIT_STATUS
import { existsSync, readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
if (!existsSync(file)) {
  console.log('0 1');
  process.exit(0);
}
const { testResults = [] } = JSON.parse(readFileSync(file, 'utf8'));
let passed = 0;
let failed = 0;
for (const { assertionResults = [], status: suite } of testResults) {
  passed += assertionResults.filter((test) => test.status === 'passed').length;
  const broken = assertionResults.filter((test) => test.status === 'failed').length;
  // A file that fails to load has no tests to count: it counts as one failure.
  failed += broken === 0 && suite === 'failed' ? 1 : broken;
}
if ((status !== '0' && failed === 0) || passed === 0) failed += 1;
console.log(`${passed} ${failed}`);

import { describe, expect, it } from 'vitest';

import { parseExposition } from '@spillway/adapters/prometheus';

const kinds = (text: string, format: 'text' | 'openmetrics' = 'text') =>
  parseExposition(text, { format }).problems.map(({ kind, line }) => `${kind}@${line}`);

describe('parseExposition', () => {
  it('reads the example of the format page', () => {
    const text = [
      '# HELP http_requests_total The total number of HTTP requests.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      'msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9',
      'metric_without_timestamp_and_labels 12.47',
      'something_weird{problem="division by zero"} +Inf -3982045',
      '',
    ].join('\n');

    const { samples, families, problems } = parseExposition(text);

    expect(problems).toEqual([]);
    expect(families.get('http_requests_total')).toEqual({
      name: 'http_requests_total',
      type: 'counter',
      help: 'The total number of HTTP requests.',
    });
    expect(samples).toEqual([
      { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027, timestampMs: 1395066363000 },
      {
        name: 'msdos_file_access_time_seconds',
        labels: { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' },
        value: 1458255915,
      },
      { name: 'metric_without_timestamp_and_labels', labels: {}, value: 12.47 },
      { name: 'something_weird', labels: { problem: 'division by zero' }, value: Infinity, timestampMs: -3982045 },
    ]);
  });

  it('reads OpenMetrics: units, times in seconds, exemplars and the end', () => {
    const text =
      '# TYPE foo_seconds counter\n# UNIT foo_seconds seconds\nfoo_seconds_total 17.0 1520879607.789 # {trace_id="K"} 0.5 1520879607.5\n# EOF\n';

    const { samples, families, problems } = parseExposition(text, { format: 'openmetrics' });

    expect(problems).toEqual([]);
    expect(families.get('foo_seconds')).toEqual({ name: 'foo_seconds', type: 'counter', unit: 'seconds' });
    expect(samples).toEqual([
      {
        name: 'foo_seconds_total',
        labels: {},
        value: 17,
        timestampMs: 1520879607789,
        exemplar: { labels: { trace_id: 'K' }, value: 0.5, timestampMs: 1520879607500 },
      },
    ]);
  });

  it.each([
    ['no value', 'a \n', 'value@1'],
    ['an empty value after labels', 'a{}\n', 'value@1'],
    ['a number that overflows', 'a 1e999\n', 'value@1'],
    ['a hexadecimal number', 'a 0x10\n', 'value@1'],
    ['a number with underscores', 'a 1_000\n', 'value@1'],
    ['a signed NaN', 'a -NaN\n', 'value@1'],
    ['a carriage return', 'a 1\r\n', 'value@1'],
    ['a name that begins with a digit', '1a 1\n', 'name@1'],
    ['a name with a dash', 'a-b 1\n', 'name@1'],
    ['a quote that is not escaped', 'a{m="say "hi""} 1\n', 'labels@1'],
    ['an unknown escape', 'a{m="\\t"} 1\n', 'labels@1'],
    ['labels without an end', 'a{m="x" 1\n', 'labels@1'],
    ['a label twice', 'a{m="x",m="y"} 1\n', 'duplicate-label@1'],
    ['a time with a fraction', 'a 1 1.5\n', 'timestamp@1'],
    ['one word too many', 'a 1 2 3\n', 'timestamp@1'],
    ['an exemplar in the text format', 'a 1 # {} 1\n', 'timestamp@1'],
    ['a line without an end', 'a 1\nb 97', 'unterminated@2'],
    ['a type twice', '# TYPE a gauge\n# TYPE a counter\n', 'metadata@2'],
    ['an unknown type', '# TYPE a guage\n', 'metadata@1'],
  ])('reports %s', (_, text, problem) => {
    expect(kinds(text)).toEqual([problem]);
  });

  it('reports OpenMetrics that was cut, goes on after its end, or has a broken exemplar', () => {
    expect(kinds('a 1\n', 'openmetrics')).toEqual(['no-end@1']);
    expect(kinds('a 1\n# EOF\na 2\n', 'openmetrics')).toEqual(['after-end@3']);
    expect(kinds('a 1 # {x="1"}\n# EOF', 'openmetrics')).toEqual(['exemplar@1']);
  });

  it('reads on after a broken line', () => {
    const { samples, problems } = parseExposition('a 1\nb{oops 2\nc 3\n');

    expect(samples.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(problems).toEqual([{ kind: 'labels', line: 2, metric: 'b', text: 'b{oops 2' }]);
  });

  it('takes a label of any name for a label', () => {
    const { samples } = parseExposition('a{__proto__="x",constructor="y"} 1\n');

    expect(Object.entries(samples[0]!.labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('reads a label of a million characters', () => {
    const { samples } = parseExposition(`a{m="${'\\n'.repeat(500_000)}"} 1\n`);

    expect(samples[0]!.labels['m']).toHaveLength(500_000);
  });
});

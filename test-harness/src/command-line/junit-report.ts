import type { CheckResult } from '../suite/check.js';
import { byArea, count, type Report } from './report.js';

/** The results as JUnit XML, the form that continuous integration servers read: a suite an area, a case a check. */
export function junitReport(report: Report): string {
  const suites = [...byArea(report.results)].map(([area, results]) => suite(report, area, results));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: report.subject, ...counts(report.results), time: seconds(report.duration) })}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(report: Report, area: string, results: readonly CheckResult[]): string {
  const time = seconds(results.reduce((sum, { duration }) => sum + duration, 0));
  const timestamp = report.startedAt.toISOString().slice(0, 19);
  return [
    `  <testsuite ${attributes({ name: area, ...counts(results), time, timestamp })}>`,
    ...results.map((result) => testCase(report, result)),
    '  </testsuite>',
  ].join('\n');
}

function testCase(report: Report, { check, outcome, reason, error, duration }: CheckResult): string {
  const opening = `    <testcase ${attributes({
    classname: `${report.subject}.${check.area}`,
    name: `${check.id}: ${check.title}`,
    time: seconds(duration),
  })}`;
  if (outcome === 'passed') return `${opening}/>`;
  const why = attributes({ message: reason ?? '', ...(outcome === 'failed' ? { type: check.level } : {}) });
  const inner =
    outcome === 'failed'
      ? `      <failure ${why}>${escaped(error?.stack ?? reason ?? '')}</failure>`
      : `      <skipped ${why}/>`;
  return `${opening}>\n${inner}\n    </testcase>`;
}

function counts(results: readonly CheckResult[]): Record<string, string> {
  return {
    tests: String(results.length),
    failures: String(count(results, 'failed')),
    errors: '0',
    skipped: String(count(results, 'not applicable')),
  };
}

function seconds(duration: number): string {
  return (duration / 1000).toFixed(3);
}

function attributes(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(value).replaceAll('\n', '&#10;')}"`)
    .join(' ');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** What XML 1.0 cannot hold, not even escaped (https://www.w3.org/TR/xml/#charsets), becomes U+FFFD. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"\r\t]/g, (character) => entities[character] ?? character)
  );
}

import { count, decisive, isInterrupted, type Report } from './report.js';

/** The results for programs. `format` grows when a member changes its meaning or goes; new ones may come at any time. */
export function jsonReport(report: Report): string {
  const { results } = report;
  const content = {
    format: 1,
    version: report.version,
    subject: report.subject,
    module: report.module,
    startedAt: report.startedAt.toISOString(),
    duration: rounded(report.duration),
    interrupted: isInterrupted(report),
    mustPass: report.mustPass,
    summary: {
      passed: count(results, 'passed'),
      failed: count(results, 'failed'),
      notApplicable: count(results, 'not applicable'),
      failedThatMustPass: decisive(report).length,
    },
    checks: results.map(({ check, outcome, reason, error, duration }) => ({
      id: check.id,
      title: check.title,
      area: check.area,
      level: check.level,
      outcome,
      duration: rounded(duration),
      reason,
      stack: outcome === 'failed' ? error?.stack : undefined,
    })),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Ms to a tenth. */
function rounded(duration: number): number {
  return Math.round(duration * 10) / 10;
}

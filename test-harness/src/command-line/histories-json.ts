import type { LiveReport } from '../histories/live/live-report.js';
import { timelineText } from '../histories/timeline/text.js';
import type { Operation } from '../model/operation.js';

/** The verdict for programs. `format` grows when a member changes its meaning or goes; new ones may come at any time. */
export function historiesJson(report: LiveReport, about: { version: string; subject: string }): string {
  const { violations, verdict, judging, ...run } = report;
  const content = {
    format: 1,
    ...about,
    ...run,
    verdict,
    judging: Math.round(judging),
    violations: violations.map(({ violation, history }) => ({
      session: violation.session,
      keys: violation.keys,
      operations: violation.operations.map(told),
      meanwhile: violation.suspects.map(told),
      timeline: timelineText(violation, history).split('\n'),
    })),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** What a call was and when, in ms; what it wrote and was answered is in the timeline, as far as it may be shown. */
function told({ number, store, client, action, called, failed, returned }: Operation) {
  const ended = failed ?? (Number.isFinite(returned) ? returned : undefined);
  return { number, store, client, action: action.type, called, ended };
}

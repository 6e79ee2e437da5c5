import type { ArmComparison, ArmSummary } from '@fsmr/training';
import type { Versions } from '../run/versions.js';
import { html, page } from './html.js';
import { type Panel, panelHtml } from './panel.js';
import { evaluationHtml } from './tables.js';

/** What a report is made of. */
export interface ReportInputs {
  readonly title: string;
  readonly arms?: readonly ArmSummary[];
  readonly comparisons?: readonly ArmComparison[];
  readonly panels: readonly Panel[];
  readonly config: unknown;
  readonly versions: Versions;
}

/** The self-contained report of a run: one page that loads nothing. */
export function reportPage({ title, arms = [], comparisons = [], panels, config, versions }: ReportInputs): string {
  return page(title, [
    ...(arms.length === 0 ? [] : [evaluationHtml(arms, comparisons)]),
    ...panels.map(panelHtml),
    html`<h2>How this was made</h2><pre>${JSON.stringify({ versions, config }, null, 2)}</pre>`,
  ]);
}

import { describe, expect, it } from 'vitest';
import { basePlan, checkPlan, learningRateAt, stageAt, totalSteps, twoStagePlan } from './plan.js';

describe('twoStagePlan', () => {
  const plan = twoStagePlan(50_000, 3);

  it('halves the budget: base first, then raters with the calibrator', () => {
    expect(totalSteps(plan)).toBe(50_000);
    expect(stageAt(plan, 24_999)).toMatchObject({
      index: 0,
      stepInStage: 24_999,
      stage: { calibrated: false, raters: 1 },
    });
    expect(stageAt(plan, 25_000)).toMatchObject({ index: 1, stepInStage: 0, stage: { calibrated: true, raters: 3 } });
    expect(() => stageAt(plan, 50_000)).toThrow('beyond the plan');
  });

  it('follows the published schedule: 0.95 a thousand steps, restarted with the second stage', () => {
    expect(learningRateAt(plan, 0)).toBe(1e-3);
    expect(learningRateAt(plan, 999)).toBe(1e-3);
    expect(learningRateAt(plan, 1000)).toBeCloseTo(0.95e-3, 12);
    expect(learningRateAt(plan, 24_000)).toBeCloseTo(2.92e-4, 6);
    expect(learningRateAt(plan, 25_000)).toBe(1e-3);
  });

  it('has no milestone at the last thousand', () => {
    const base = basePlan(3000);
    expect(learningRateAt(base, 2999)).toBeCloseTo(1e-3 * 0.95 ** 2, 12);
    expect(learningRateAt(basePlan(1500), 1499)).toBe(1e-3);
  });

  it('counts decays across stages that do not restart', () => {
    const [first, second] = plan.stages;
    const one = { ...plan, stages: [first!, { ...second!, restart: false }] };
    expect(learningRateAt(one, 25_000)).toBeCloseTo(1e-3 * 0.95 ** 25, 12);
  });

  it('refuses plans that cannot be followed', () => {
    expect(() => twoStagePlan(10.5, 3)).toThrow('whole number');
    expect(() => twoStagePlan(10, 0)).toThrow('at least one rater');
  });
});

describe('a plan that cannot be followed', () => {
  it.each([
    [{ decay: { factor: 0.95, every: 0 } }, 'decay.every must be a whole number of at least 1, not 0.'],
    [{ clipNorm: -1 }, 'clipNorm must be above 0, not -1.'],
    [{ learningRate: Number.NaN }, 'learningRate must be at least 0, not NaN.'],
    [{ momentum: 2 }, 'momentum must be at least 0 and below 1, not 2.'],
    [{ calibrationWeight: Number.NaN }, 'calibrationWeight must be at least 0, not NaN.'],
    [{ boundWeight: -1 }, 'boundWeight must be at least 0, not -1.'],
    [{ freezeBackbone: Number.NaN }, 'freezeBackbone must be a whole number of steps, not NaN.'],
    [{ stages: [] }, 'a plan needs at least one stage.'],
  ])('%j is refused', (changes, message) => {
    expect(() => basePlan(10, changes)).toThrow(message);
  });

  it('has styles we know and no step before the first', () => {
    const plan = twoStagePlan(10, 2);
    const strong = plan.stages.map((stage) => ({ ...stage, styles: 'strong' as never }));
    expect(() => twoStagePlan(10, 2, { stages: strong })).toThrow('stage base: styles cannot be strong.');
    expect(() => learningRateAt(plan, -1)).toThrow('there is no step -1.');
    expect(() => checkPlan({ ...plan, freezeBackbone: Number.POSITIVE_INFINITY })).not.toThrow();
  });
});

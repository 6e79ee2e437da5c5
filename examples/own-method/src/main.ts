import { disposeState } from '@fsmr/training';
import { evaluateOnPhantom, trainOnPhantom } from './phantom.js';

// `npx tsx src/main.ts` or any other runner of TypeScript.
const state = await trainOnPhantom({ steps: 200, seed: 1 });
const { dice, byRater } = await evaluateOnPhantom(state);
disposeState(state);
console.log(`Dice ${dice.toFixed(3)}`);
for (const [rater, own] of Object.entries(byRater)) console.log(`  ${rater}: ${own.toFixed(3)}`);

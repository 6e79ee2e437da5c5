import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what the README lists', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "checkConfig",
      "configSchema",
      "createProgram",
      "loadConfig",
      "readSegmentTask",
    ]
  `);
});

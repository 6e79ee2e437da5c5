const length = 624;
const middle = 397;

/** The part of numpy's legacy `RandomState` that the published program uses. */
export interface NumpyRandomState {
  /** `choice(count)`: an index below `count`. */
  choice(count: number): number;
}

/**
 * numpy's `RandomState(seed)`: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) with numpy's rule for bounded
 * integers: draw 32 bits, keep as many as the bound has, try again while too large.
 *
 * @param seed a whole number from 0 to 2^32 - 1
 */
export function numpyRandomState(seed: number): NumpyRandomState {
  const state = seededState(seed);
  let position = length;
  const next = (): number => {
    if (position === length) {
      twist(state);
      position = 0;
    }
    return temper(state[position++]!);
  };
  return {
    choice: (count) => {
      const bound = count - 1;
      if (bound <= 0) return 0;
      const bits = 0xffffffff >>> Math.clz32(bound);
      for (;;) {
        const value = (next() & bits) >>> 0;
        if (value <= bound) return value;
      }
    },
  };
}

function seededState(seed: number): Uint32Array {
  const state = new Uint32Array(length);
  state[0] = seed;
  for (let i = 1; i < length; i++) {
    const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  return state;
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < length; i++) {
    const joined = (state[i]! & 0x80000000) | (state[(i + 1) % length]! & 0x7fffffff);
    state[i] = state[(i + middle) % length]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}

function temper(word: number): number {
  let y = word ^ (word >>> 11);
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return (y ^ (y >>> 18)) >>> 0;
}

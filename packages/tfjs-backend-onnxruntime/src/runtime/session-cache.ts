/** Compiled programs by key, the least recently used one dropped when there are too many. */
import { compile, type Program, type Session, type SessionSettings } from './session.js';

/** Compiled programs with a bound on their number. */
export interface SessionCache {
  /** The session of that key, compiled at first use. */
  readonly get: (key: string, program: () => Program) => Session;
  readonly size: () => number;
  readonly clear: () => void;
}

/** An empty cache for at most `limit` sessions. */
export function createSessionCache(limit: number, settings: SessionSettings): SessionCache {
  const sessions = new Map<string, Session>(); // in order of use, oldest first
  return {
    get(key, program) {
      const known = sessions.get(key);
      if (known !== undefined) {
        sessions.delete(key);
        sessions.set(key, known);
        return known;
      }
      const session = compile(program(), settings);
      sessions.set(key, session);
      if (sessions.size > limit) {
        const [oldest, dropped] = sessions.entries().next().value as [string, Session];
        sessions.delete(oldest);
        dropped.dispose();
      }
      return session;
    },
    size: () => sessions.size,
    clear() {
      for (const session of sessions.values()) session.dispose();
      sessions.clear();
    },
  };
}

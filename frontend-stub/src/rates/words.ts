import type { RateSource } from '../generated/operations';

export const SOURCES = {
  PROVIDER: 'the provider’s own list',
  FILE: 'a list of your own',
} as const satisfies Record<RateSource, string>;

import { useMutation } from '@tanstack/react-query';

import { Problem } from './problem';
import { queryClient } from './queries';
import type { UserError } from './user-errors';

interface Outcome {
  errors: readonly UserError[];
}

interface ChangeOptions<Made> {
  /** The names of the queries that it makes stale. */
  touches: readonly string[];
  onDone?: (made: Made) => void;
}

/** A change on the server: what it refuses is among `refusals`, what the role does not include is an error. */
export function useChange<Made extends Outcome, Given = void>(
  ask: (given: Given) => Promise<Made | null>,
  { touches, onDone }: ChangeOptions<Made>,
) {
  const mutation = useMutation({
    mutationFn: async (given: Given) => {
      const outcome = await ask(given);
      if (outcome === null) throw new Problem('refused');
      return outcome;
    },
    onSuccess: (made) => {
      if (made.errors.length > 0) return;
      for (const name of touches) void queryClient.invalidateQueries({ queryKey: [name] });
      onDone?.(made);
    },
  });
  return { ...mutation, refusals: mutation.data?.errors ?? [] };
}

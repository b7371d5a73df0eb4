import { SimpleGrid, TextInput } from '@mantine/core';

import { AmountInput } from '../parts/amount-input';
import { NO_BRACKET } from './draft';
import type { FieldsProps } from './form';
import { Rows } from './rows';

/** Where the messages of a month change their margin; each begins where the one before it ends. */
export function Brackets({ draft, problems, change }: FieldsProps) {
  return (
    <Rows
      rows={draft.brackets}
      one="Bracket"
      fresh={NO_BRACKET}
      before
      error={problems.get('brackets')}
      onChange={(brackets) => {
        change({ brackets });
      }}
    >
      {(bracket, index, changed) => (
        <SimpleGrid cols={2}>
          {index === draft.brackets.length - 1 ? (
            <TextInput label="Up to" readOnly value="Without end" />
          ) : (
            <AmountInput
              label="Up to"
              required
              placeholder="100"
              value={bracket.upTo}
              error={problems.get(`brackets.${index}.upTo`)}
              onChange={(upTo) => {
                changed({ upTo });
              }}
            />
          )}
          <AmountInput
            label="Ratio"
            required
            placeholder="0.05"
            value={bracket.marginRatio}
            error={problems.get(`brackets.${index}.marginRatio`)}
            onChange={(marginRatio) => {
              changed({ marginRatio });
            }}
          />
        </SimpleGrid>
      )}
    </Rows>
  );
}

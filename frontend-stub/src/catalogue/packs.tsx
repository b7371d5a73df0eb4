import { Card, SimpleGrid, Stack, Title } from '@mantine/core';

import { AmountInput } from '../parts/amount-input';
import { NO_PACK, type PackDraft } from './draft';
import type { FieldsProps } from './form';
import { Rows } from './rows';

/** The credits that can be bought together. */
export function Packs({ draft, problems, change }: FieldsProps) {
  const worth = `Good for so many ${draft.unit.toLowerCase()}`;
  const fields: readonly [name: keyof PackDraft, label: string, placeholder: string, required: boolean][] = [
    ['credits', 'Credits', '100', true],
    ['units', worth, '500', true],
    ['price', 'Price', '10.00', true],
    ['validDays', 'Days it is good for', 'for ever', false],
  ];
  return (
    <Card component="section" aria-labelledby="packs">
      <Stack>
        <Title order={2} size="h4" id="packs">
          Packs of credits
        </Title>
        <Rows
          rows={draft.packs}
          one="Pack"
          fresh={NO_PACK}
          error={problems.get('creditPacks')}
          onChange={(packs) => {
            change({ packs });
          }}
        >
          {(pack, index, changed) => (
            <SimpleGrid cols={{ base: 1, xs: 2 }}>
              {fields.map(([name, label, placeholder, required]) => (
                <AmountInput
                  key={name}
                  {...{ label, placeholder, required }}
                  {...(name === 'price' && { unit: draft.currency })}
                  value={pack[name]}
                  error={problems.get(`creditPacks.${index}.${name}`)}
                  onChange={(text) => {
                    changed({ [name]: text });
                  }}
                />
              ))}
            </SimpleGrid>
          )}
        </Rows>
      </Stack>
    </Card>
  );
}

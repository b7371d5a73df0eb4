import { Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconFileTypeCsv } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';

import { request } from '../api/client';
import { ContactImportDocument, type ContactImportQuery } from '../generated/operations';
import { Pager } from '../parts/paging';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import type { ImportInFull, Problem } from './queries';
import { PROBLEMS } from './words';

const KEPT = 1_000;

/** What is wrong with which rows, in their order. */
export function Problems({ job }: { job: ImportInFull }) {
  const { problems, problemCount } = job;
  return (
    <Stack component="section" aria-labelledby="problems">
      <Group justify="space-between" gap="sm">
        <div>
          <Title order={2} size="h4" id="problems">
            {counted(problemCount, 'problem')}
          </Title>
          <Text size="sm" c="dimmed">
            Rows are numbered as spreadsheets do: 1 names the columns.
            {problemCount > KEPT && ` The first ${KEPT.toLocaleString('en')} are told.`}
          </Text>
        </div>
        <Download job={job} />
      </Group>
      <Card padding={0}>
        <Table aria-labelledby="problems" horizontalSpacing="lg" className="stacks">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Row</Table.Th>
              <Table.Th>Column</Table.Th>
              <Table.Th>What is wrong</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {problems.nodes.map(({ row, column, code, message }, index) => (
              <Table.Tr key={index}>
                <Table.Th scope="row" className="numbers">
                  {row}
                </Table.Th>
                <Table.Td data-label="Column" className="anywhere">
                  {column ?? 'The whole row'}
                </Table.Td>
                <Table.Td data-label="What is wrong">
                  {PROBLEMS[code]}
                  <Text size="sm" c="dimmed">
                    {message}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      <Pager info={problems.pageInfo} back="Previous" forward="Next" />
    </Stack>
  );
}

function Download({ job: { id, fileName } }: { job: ImportInFull }) {
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => readAll(id),
    onSuccess: (problems) => {
      save(`problems of ${fileName}`, problems);
    },
  });
  return (
    <Stack gap="xs">
      {error !== null && <Trouble error={error} />}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconFileTypeCsv size={14} aria-hidden />}
        loading={isPending}
        onClick={() => {
          mutate();
        }}
      >
        Download the problems
      </Button>
    </Stack>
  );
}

async function readAll(id: string): Promise<Problem[]> {
  const all: Problem[] = [];
  let after: string | null = null;
  do {
    const answer: ContactImportQuery = await request(ContactImportDocument, { id, first: 100, after });
    all.push(...(answer.contactImport?.problems.nodes ?? []));
    after = nextOf(answer);
  } while (after !== null);
  return all;
}

function nextOf({ contactImport }: ContactImportQuery): string | null {
  const info = contactImport?.problems.pageInfo;
  return info?.hasNextPage === true ? info.endCursor : null;
}

function save(name: string, problems: readonly Problem[]): void {
  const rows = [['row', 'column', 'code', 'problem'], ...problems.map(({ row, column, code, message }) => [String(row), column ?? '', code, message])];
  const text = rows.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name.endsWith('.csv') ? name : `${name}.csv`;
  link.click();
  URL.revokeObjectURL(address);
}

/** A cell as RFC 4180 has it; what a spreadsheet would take for a formula has an apostrophe before it. */
function quoted(cell: string): string {
  return `"${cell.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
}

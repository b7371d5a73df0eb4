import { Button, Group } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useSearchParams } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

export type PageVariables = { first: number; after?: string } | { last: number; before: string };

/** The page of a list that the address names, so that Back and a copied link lead to it. */
export function usePage(size: number): PageVariables {
  const [params] = useSearchParams();
  const before = params.get('before');
  const after = params.get('after');
  if (before !== null) return { last: size, before };
  return after === null ? { first: size } : { first: size, after };
}

/** Leafs through a list by cursors; not shown while everything is on one page. */
export function Pager({ info, back = 'Newer', forward = 'Older' }: { info: PageInfo; back?: string; forward?: string }) {
  const [, setParams] = useSearchParams();
  const state = useHistoryState<unknown>();
  const go = (name: 'after' | 'before', cursor: string | null) => {
    setParams(
      (params) => {
        params.delete('after');
        params.delete('before');
        if (cursor !== null) params.set(name, cursor);
        return params;
      },
      { state }, // another page of the same list: what its view was opened with stays
    );
    window.scrollTo({ top: 0 });
  };
  if (!info.hasNextPage && !info.hasPreviousPage) return null;
  return (
    <Group component="nav" aria-label="Pages" justify="space-between">
      <Button
        variant="default"
        leftSection={<IconChevronLeft size={16} aria-hidden />}
        disabled={!info.hasPreviousPage}
        onClick={() => {
          go('before', info.startCursor);
        }}
      >
        {back}
      </Button>
      <Button
        variant="default"
        rightSection={<IconChevronRight size={16} aria-hidden />}
        disabled={!info.hasNextPage}
        onClick={() => {
          go('after', info.endCursor);
        }}
      >
        {forward}
      </Button>
    </Group>
  );
}

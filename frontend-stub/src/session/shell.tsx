import { Center, EmptyState, Loader } from '@mantine/core';
import { IconUserQuestion } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { type Viewer, viewerQuery } from '../api/queries';
import { Trouble } from '../parts/trouble';
import { AccountMenu } from './account-menu';
import { Frame } from './frame';
import { isStaff, ViewerContext } from './viewer';

/** Waits until it is known who is signed in, and shows them what is theirs. */
export function Shell({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useQuery(viewerQuery);
  if (data === undefined) {
    return (
      <Center mih="100vh" p="md" component="main">
        {error === null ? <Loader aria-label="Loading" role="status" /> : <Trouble error={error} onRetry={() => void refetch()} />}
      </Center>
    );
  }
  const { viewer } = data;
  if (viewer.tenant === null && !isStaff(viewer)) return <NoTenant viewer={viewer} />;
  return (
    <ViewerContext value={viewer}>
      <Frame viewer={viewer}>{children}</Frame>
    </ViewerContext>
  );
}

function NoTenant({ viewer }: { viewer: Viewer }) {
  return (
    <Center mih="100vh" p="md" component="main">
      <EmptyState
        icon={<IconUserQuestion aria-hidden />}
        title="You are not a member of a company here"
        description="This page is for a company's own people. An owner or administrator of the company can invite you."
      >
        <EmptyState.Actions>
          <AccountMenu viewer={viewer} />
        </EmptyState.Actions>
      </EmptyState>
    </Center>
  );
}

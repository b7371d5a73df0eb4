import { AppShell, Badge, Burger, Group, Text } from '@mantine/core';
import { useDidUpdate, useDisclosure } from '@mantine/hooks';
import { type ReactNode, useRef } from 'react';
import { useLocation } from 'wouter';

import type { Viewer } from '../api/queries';
import { LiveUpdates } from '../live/updates';
import { ErrorBoundary } from '../parts/trouble';
import { AccountMenu } from './account-menu';
import { AllowanceMeter } from './allowance';
import { LimitNotices } from './limits';
import { Navigation } from './navigation';
import { OwnershipOffer } from './ownership-offer';
import { StateNotice } from './state-notice';
import { SupportBanner } from './support-banner';
import { isStaff, type Tenant } from './viewer';

/** What stands around every view: where one is, where one can go, and what one should know first. */
export function Frame({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  const { tenant, permissions } = viewer;
  const [open, { toggle, close }] = useDisclosure(false);
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  useDidUpdate(() => {
    // A new view begins at its top, for the eye and for the keyboard.
    window.scrollTo({ top: 0 });
    main.current?.focus({ preventScroll: true });
  }, [path]);
  // Not for support: each look is an entry of the tenant's log, and these look without being asked.
  const followed = tenant !== null && !isStaff(viewer);
  const allowance = followed && permissions.includes('USAGE_READ') && <AllowanceMeter />;
  return (
    <AppShell
      header={{ height: 64 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" aria-expanded={open} />
            <img src="/icon.svg" alt="" width={32} height={32} />
            <Text fw={700} truncate>
              {tenant?.name ?? 'All tenants'}
            </Text>
            {tenant !== null && <EnvironmentBadge environment={tenant.environment} />}
          </Group>
          <Group gap="lg" wrap="nowrap">
            {followed && <LiveUpdates viewer={viewer} />}
            <Group visibleFrom="sm">{allowance}</Group>
            <AccountMenu viewer={viewer} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Main">
        <Navigation viewer={viewer} onChoose={close} />
        <Group hiddenFrom="sm" p="sm" mt="auto">
          {allowance}
        </Group>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={main}>
        <div className="content">
          <SupportBanner viewer={viewer} />
          <OwnershipOffer viewer={viewer} />
          {tenant !== null && <StateNotice state={tenant.state} />}
          {allowance !== false && <LimitNotices />}
          <ErrorBoundary key={path}>{children}</ErrorBoundary>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function EnvironmentBadge({ environment }: Pick<Tenant, 'environment'>) {
  const live = environment === 'PRODUCTION';
  return (
    <Badge
      color={live ? 'green' : 'orange'}
      className="environment"
      title={live ? 'Messages reach real phones' : 'A place to try things'}
    >
      {live ? 'Live' : 'Development'}
    </Badge>
  );
}

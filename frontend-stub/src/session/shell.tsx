import { AppShell, Badge, Burger, Center, EmptyState, Group, Loader, NavLink, Stack, Text, Tooltip } from '@mantine/core';
import { useDidUpdate, useDisclosure } from '@mantine/hooks';
import {
  IconAddressBook,
  IconChartBar,
  IconLock,
  IconMessages,
  type IconProps,
  IconSend,
  IconTemplate,
  IconUserQuestion,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ComponentType, type ReactNode, useRef } from 'react';
import { Link, useLocation } from 'wouter';

import { type Viewer, viewerQuery } from '../api/queries';
import type { Permission } from '../generated/operations';
import { ErrorBoundary, Trouble } from '../parts/trouble';
import { AccountMenu } from './account-menu';
import { AllowanceMeter } from './allowance';
import { StateNotice } from './state-notice';
import { type Tenant, ViewerContext } from './viewer';

interface Room {
  path: string;
  label: string;
  icon: ComponentType<IconProps>;
  needs: Permission;
}

export const ROOMS: readonly Room[] = [
  { path: '/', label: 'Send', icon: IconSend, needs: 'MESSAGES_SEND' },
  { path: '/messages', label: 'Messages', icon: IconMessages, needs: 'LOGS_READ' },
  { path: '/contacts', label: 'Contacts', icon: IconAddressBook, needs: 'CONTACTS_READ' },
  { path: '/templates', label: 'Templates', icon: IconTemplate, needs: 'TEMPLATES_READ' },
  { path: '/usage', label: 'Usage', icon: IconChartBar, needs: 'USAGE_READ' },
];

/** The frame of every view; waits until it is known who is signed in. */
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
  if (viewer.tenant === null) return <NoTenant viewer={viewer} />;
  return (
    <ViewerContext value={viewer}>
      <Frame viewer={viewer} tenant={viewer.tenant}>
        {children}
      </Frame>
    </ViewerContext>
  );
}

function Frame({ viewer, tenant, children }: { viewer: Viewer; tenant: Tenant; children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false);
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  useDidUpdate(() => {
    // A new view begins at its top, for the eye and for the keyboard.
    window.scrollTo({ top: 0 });
    main.current?.focus({ preventScroll: true });
  }, [path]);
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
              {tenant.name}
            </Text>
            <EnvironmentBadge environment={tenant.environment} />
          </Group>
          <Group gap="lg" wrap="nowrap">
            <Group visibleFrom="sm">{viewer.permissions.includes('USAGE_READ') && <AllowanceMeter />}</Group>
            <AccountMenu viewer={viewer} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Main">
        <Rooms permissions={viewer.permissions} onChoose={close} />
        <Group hiddenFrom="sm" p="sm" mt="auto">
          {viewer.permissions.includes('USAGE_READ') && <AllowanceMeter />}
        </Group>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={main}>
        <div className="content">
          <StateNotice state={tenant.state} />
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

function Rooms({ permissions, onChoose }: { permissions: readonly Permission[]; onChoose: () => void }) {
  const [location] = useLocation();
  return (
    <Stack gap={4}>
      {ROOMS.map(({ path, label, icon: Icon, needs }) => {
        const here = path === '/' ? location === '/' || location.startsWith('/batches/') : location.startsWith(path);
        const look = { label, className: 'room', leftSection: <Icon size={20} aria-hidden /> };
        if (permissions.includes(needs)) {
          return (
            <NavLink key={path} component={Link} href={path} active={here} aria-current={here ? 'page' : undefined} onClick={onChoose} {...look} />
          );
        }
        return (
          <Tooltip key={path} label="Your role does not include this" position="right">
            <NavLink component="button" type="button" aria-disabled data-disabled rightSection={<IconLock size={14} aria-label="Not part of your role" />} {...look} />
          </Tooltip>
        );
      })}
    </Stack>
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

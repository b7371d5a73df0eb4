import { Divider, NavLink, Stack, Tooltip } from '@mantine/core';
import {
  IconAddressBook,
  IconBell,
  IconBuildings,
  IconChartBar,
  IconCoins,
  IconFileInvoice,
  IconInbox,
  IconKey,
  IconLock,
  IconMessages,
  IconPhone,
  type IconProps,
  IconReceipt2,
  IconReportMoney,
  IconScale,
  IconSend,
  IconSettings,
  IconShieldLock,
  IconStack2,
  IconTemplate,
  IconUsers,
  IconWebhook,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { Link, useLocation } from 'wouter';

import { OpenAlertsBadge } from '../alerts/badge';
import type { Viewer } from '../api/queries';
import type { Permission } from '../generated/operations';
import { UnreadBadge } from '../inbox/badge';
import { isStaff } from './viewer';

/** Whose a view is: what a company does every day, how it is run, or the portal's own staff. */
export type Wing = 'work' | 'company' | 'staff';

interface Room {
  path: string;
  label: string;
  icon: ComponentType<IconProps>;
  needs: Permission;
  wing: Wing;
  /** How much waits there. */
  badge?: ComponentType;
}

const ROOMS: readonly Room[] = [
  { path: '/', label: 'Send', icon: IconSend, needs: 'MESSAGES_SEND', wing: 'work' },
  { path: '/inbox', label: 'Inbox', icon: IconInbox, needs: 'MESSAGES_READ', wing: 'work', badge: UnreadBadge },
  { path: '/messages', label: 'Messages', icon: IconMessages, needs: 'LOGS_READ', wing: 'work' },
  { path: '/contacts', label: 'Contacts', icon: IconAddressBook, needs: 'CONTACTS_READ', wing: 'work' },
  { path: '/templates', label: 'Templates', icon: IconTemplate, needs: 'TEMPLATES_READ', wing: 'work' },
  { path: '/usage', label: 'Usage', icon: IconChartBar, needs: 'USAGE_READ', wing: 'work' },
  { path: '/alerts', label: 'Alerts', icon: IconBell, needs: 'ALERTS_READ', wing: 'work', badge: OpenAlertsBadge },
  { path: '/plan', label: 'Plan', icon: IconStack2, needs: 'PLAN_READ', wing: 'company' },
  { path: '/billing', label: 'Billing', icon: IconReceipt2, needs: 'BILLING_READ', wing: 'company' },
  { path: '/numbers', label: 'Numbers', icon: IconPhone, needs: 'NUMBERS_READ', wing: 'company' },
  { path: '/team', label: 'Team', icon: IconUsers, needs: 'MEMBERS_READ', wing: 'company' },
  { path: '/api-clients', label: 'API clients', icon: IconKey, needs: 'API_CLIENTS_READ', wing: 'company' },
  { path: '/webhooks', label: 'Webhooks', icon: IconWebhook, needs: 'WEBHOOKS_READ', wing: 'company' },
  { path: '/security', label: 'Security', icon: IconShieldLock, needs: 'AUDIT_READ', wing: 'company' },
  { path: '/settings', label: 'Settings', icon: IconSettings, needs: 'SETTINGS_READ', wing: 'company' },
  { path: '/tenants', label: 'Tenants', icon: IconBuildings, needs: 'TENANTS_READ', wing: 'staff' },
  { path: '/catalogue', label: 'Catalogue', icon: IconStack2, needs: 'CATALOGUE_WRITE', wing: 'staff' },
  { path: '/rate-card', label: 'Rate card', icon: IconReportMoney, needs: 'CATALOGUE_WRITE', wing: 'staff' },
  { path: '/invoicing', label: 'Invoicing', icon: IconFileInvoice, needs: 'CATALOGUE_WRITE', wing: 'staff' },
  { path: '/reconciliation', label: 'Reconciliation', icon: IconScale, needs: 'ECONOMICS_READ', wing: 'staff' },
  { path: '/economics', label: 'Economics', icon: IconCoins, needs: 'ECONOMICS_READ', wing: 'staff' },
];

/** Whether the viewer's role leads anywhere there; without a tenant only the staff's own rooms exist. */
export function mayEnter({ permissions, tenant }: Viewer, { needs, wing }: Pick<Room, 'needs' | 'wing'>): boolean {
  return permissions.includes(needs) && (wing === 'staff' || tenant !== null);
}

/** The first view that the viewer has, if any. */
export function firstRoom(viewer: Viewer): string | undefined {
  return ROOMS.find((room) => mayEnter(viewer, room))?.path;
}

/** The views: members see also what their role leaves out, staff only what it has. */
export function Navigation({ viewer, onChoose }: { viewer: Viewer; onChoose: () => void }) {
  const shown = ROOMS.filter((room) => (isStaff(viewer) ? mayEnter(viewer, room) : room.wing !== 'staff'));
  return (
    <Stack gap={4}>
      {shown.map((room, index) => (
        <div key={room.path}>
          {index > 0 && shown[index - 1]?.wing !== room.wing && <Divider my="xs" />}
          <RoomLink room={room} open={mayEnter(viewer, room)} counted={!isStaff(viewer)} onChoose={onChoose} />
        </div>
      ))}
    </Stack>
  );
}

interface RoomLinkProps {
  room: Room;
  open: boolean;
  counted: boolean;
  onChoose: () => void;
}

function RoomLink({ room: { path, label, icon: Icon, badge: Waiting }, open, counted, onChoose }: RoomLinkProps) {
  const [location] = useLocation();
  const here = path === '/' ? location === '/' || location.startsWith('/batches/') : location.startsWith(path);
  const look = { label, className: 'room', leftSection: <Icon size={20} aria-hidden /> };
  if (open) {
    return (
      <NavLink
        component={Link}
        href={path}
        active={here}
        aria-current={here ? 'page' : undefined}
        rightSection={counted && Waiting !== undefined && <Waiting />}
        onClick={onChoose}
        {...look}
      />
    );
  }
  return (
    <Tooltip label="Your role does not include this" position="right">
      <NavLink component="button" type="button" aria-disabled data-disabled rightSection={<IconLock size={14} aria-label="Not part of your role" />} {...look} />
    </Tooltip>
  );
}

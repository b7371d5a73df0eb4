import { Avatar, Group, Menu, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBuildingStore, IconCheck, IconChevronDown, IconLogout, IconUserShield } from '@tabler/icons-react';

import { switchTenant } from '../api/client';
import type { Viewer } from '../api/queries';
import { inWords } from '../parts/words';
import { isStaff, roleOf } from './viewer';

const SIGN_OUT = 'sign-out';

/** Who is signed in, as what; the person's other companies; sign out. */
export function AccountMenu({ viewer }: { viewer: Viewer }) {
  const { principal, memberships } = viewer;
  const role = roleOf(viewer) ?? (isStaff(viewer) ? 'STAFF' : undefined);
  return (
    <>
      <form id={SIGN_OUT} method="post" action="/sign-out" />
      <Menu position="bottom-end" width={280} shadow="md">
        <Menu.Target>
          <UnstyledButton>
            <Group gap="xs" wrap="nowrap">
              <Avatar name={principal.name} color="petrol" size={34} aria-hidden />
              <VisuallyHidden>Account of</VisuallyHidden>
              <div className="account-name">
                <Text size="sm" fw={600} lh={1.2}>
                  {principal.name}
                </Text>
                {role !== undefined && (
                  <Text size="xs" c="dimmed" lh={1.2}>
                    {inWords(role)}
                  </Text>
                )}
              </div>
              <IconChevronDown size={14} aria-hidden />
            </Group>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {principal.__typename === 'Person' ? principal.email : principal.name}
            {role !== undefined && ` · ${inWords(role)}`}
          </Menu.Label>
          {memberships.length > 1 && <Companies memberships={memberships} />}
          <Menu.Divider />
          <Menu.Item component="a" href="/account" leftSection={<IconUserShield size={16} aria-hidden />}>
            Account and security
          </Menu.Item>
          <Menu.Item component="button" type="submit" form={SIGN_OUT} leftSection={<IconLogout size={16} aria-hidden />}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Companies({ memberships }: Pick<Viewer, 'memberships'>) {
  const change = (slug: string) => {
    switchTenant(slug).catch((error: unknown) => {
      notifications.show({ color: 'red', title: 'Still the same company', message: String(error) });
    });
  };
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Work for</Menu.Label>
      {memberships.map(({ tenant, role, current }) => (
        <Menu.Item
          key={tenant.id}
          disabled={current}
          leftSection={<IconBuildingStore size={16} aria-hidden />}
          rightSection={current ? <IconCheck size={16} aria-label="current" /> : null}
          onClick={() => {
            change(tenant.slug);
          }}
        >
          {tenant.name}
          <Text size="xs" c="dimmed">
            {inWords(role)}
          </Text>
        </Menu.Item>
      ))}
    </>
  );
}

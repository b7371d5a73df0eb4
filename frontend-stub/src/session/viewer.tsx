import { createContext, useContext } from 'react';

import type { Reads, Viewer } from '../api/queries';
import type { Permission, TenantRole } from '../generated/operations';

export type Tenant = NonNullable<Viewer['tenant']>;

export const ViewerContext = createContext<Viewer | null>(null);

/** Who is signed in; only used inside the shell, which waits for the answer. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (viewer === null) throw new Error('There is no viewer outside the shell');
  return viewer;
}

/** The company that one is in; only used in views that need one. */
export function useTenant(): Tenant {
  const { tenant } = useViewer();
  if (tenant === null) throw new Error('This view needs a tenant');
  return tenant;
}

/** Whether it is one of the portal's own staff, who works across tenants. */
export function isStaff({ permissions }: Viewer): boolean {
  return permissions.includes('TENANTS_READ');
}

/** What a person is in the company that they are in. */
export function roleOf({ memberships }: Viewer): TenantRole | undefined {
  return memberships.find(({ current }) => current)?.role;
}

/** Whether the viewer's role allows something; the server decides again, this only spares a dead end. */
export function useMay(permission: Permission): boolean {
  return useViewer().permissions.includes(permission);
}

export function useReads(): Reads {
  const { permissions } = useViewer();
  return {
    content: permissions.includes('MESSAGES_READ'),
    contacts: permissions.includes('CONTACTS_READ'),
    templates: permissions.includes('TEMPLATES_READ'),
  };
}

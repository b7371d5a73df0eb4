import { createContext, useContext } from 'react';

import type { Reads, Viewer } from '../api/queries';
import type { Permission } from '../generated/operations';

export type Tenant = NonNullable<Viewer['tenant']>;

export const ViewerContext = createContext<Viewer | null>(null);

/** Who is signed in; only used inside the shell, which waits for the answer. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (viewer === null) throw new Error('There is no viewer outside the shell');
  return viewer;
}

export function useTenant(): Tenant {
  const { tenant } = useViewer();
  if (tenant === null) throw new Error('There is no tenant outside the shell');
  return tenant;
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

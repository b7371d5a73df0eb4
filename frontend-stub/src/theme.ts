import {
  Badge,
  Button,
  Card,
  createTheme,
  type CSSVariablesResolver,
  Drawer,
  EmptyState,
  type MantineColorsTuple,
  Modal,
  Table,
  Tooltip,
} from '@mantine/core';

const petrol: MantineColorsTuple = [
  '#e9f6f9',
  '#d5eaf0',
  '#a7d4e0',
  '#76bdd0',
  '#50aac3',
  '#359cb9',
  '#187a96',
  '#0b667f',
  '#0a5266',
  '#063d4d',
];

// Greys with a breath of the brand in them, so that neither mode looks like the library's default.
const slate: MantineColorsTuple = [
  '#f6f8f9',
  '#edf1f3',
  '#dde4e8',
  '#c6d0d6',
  '#a3b1ba',
  '#7f909b',
  '#5d6f7b',
  '#475863',
  '#2f3d47',
  '#1b262d',
];

const night: MantineColorsTuple = [
  '#d4dde2',
  '#b3c0c8',
  '#96a6b0',
  '#6d7f8a',
  '#3b4a54',
  '#2c3942',
  '#202b33',
  '#172028',
  '#11181f',
  '#0b1116',
];

const dialog = {
  closeButtonProps: { 'aria-label': 'Close' },
  attributes: { header: { role: 'presentation' } }, // else its <header> counts as a second banner of the page
};

const family = '"Inter Variable", ui-sans-serif, system-ui, sans-serif';

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  colors: { petrol, gray: slate, dark: night },
  defaultRadius: 'md',
  fontFamily: family,
  headings: { fontFamily: family, fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Badge: Badge.extend({
      defaultProps: { tt: 'none', radius: 'sm', fw: 600, variant: 'light' },
    }),
    Button: Button.extend({ defaultProps: { fw: 600 } }),
    Card: Card.extend({
      defaultProps: { withBorder: true, padding: 'lg', radius: 'lg' },
    }),
    EmptyState: EmptyState.extend({ defaultProps: { py: 'xl' } }),
    Drawer: Drawer.extend({ defaultProps: dialog }),
    Modal: Modal.extend({
      defaultProps: { ...dialog, centered: true, radius: 'lg' },
    }),
    Table: Table.extend({
      defaultProps: { verticalSpacing: 'sm', highlightOnHover: true },
    }),
    Tooltip: Tooltip.extend({
      defaultProps: { withArrow: true, multiline: true, maw: 280 },
    }),
  },
});

/** Tinted surfaces: text dark enough to read in the light, and tints that let the background through in the dark.
 *  And placeholders with the contrast of text (WCAG 1.4.3), since axe reads them as such. */
export const tints: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
    ...Object.fromEntries(
      Object.keys(colors).map((name) => [
        `--mantine-color-${name}-light-color`,
        `color-mix(in srgb, var(--mantine-color-${name}-9) 72%, black)`,
      ]),
    ),
  },
  dark: {
    '--mantine-color-placeholder': 'var(--mantine-color-dark-2)',
    ...Object.fromEntries(
      Object.keys(colors).flatMap((name) => {
        const tint = name === 'dark' ? 'gray' : name;
        const through = (share: number) => `color-mix(in srgb, var(--mantine-color-${tint}-5) ${share}%, transparent)`;
        return [
          [`--mantine-color-${name}-light`, through(16)],
          [`--mantine-color-${name}-light-hover`, through(24)],
          [`--mantine-color-${name}-light-color`, `var(--mantine-color-${tint}-2)`],
        ];
      }),
    ),
  },
});

// 3GPP TS 23.038 section 6.2.1: the default alphabet, and its extension, whose characters count twice.
const BASIC = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const EXTENSION = new Set('\f^{}\\[~]|€');

interface Length {
  segments: number;
  /** Whether a character makes each segment shorter, 70 instead of 160. */
  special: boolean;
}

/** How many segments a text takes, as a hint while it is written: the portal counts for itself. */
export function lengthOf(text: string): Length {
  const characters = Array.from(text);
  const special = !characters.every((one) => BASIC.has(one) || EXTENSION.has(one));
  const units = special ? text.length : characters.reduce((sum, one) => sum + (EXTENSION.has(one) ? 2 : 1), 0);
  const [alone, joined] = special ? [70, 67] : [160, 153];
  return { segments: units <= alone ? 1 : Math.ceil(units / joined), special };
}

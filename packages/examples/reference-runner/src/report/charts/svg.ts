/** Text made safe for markup. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Coordinate with one decimal: enough for a screen, and short. */
function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** An element with attributes; `undefined` ones are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  children = '',
): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? at(value) : escapeText(value!)}"`)
    .join('');
  return children === '' ? `<${name}${list}/>` : `<${name}${list}>${children}</${name}>`;
}

/** A text label. */
export function label(
  x: number,
  y: number,
  text: string,
  options: { readonly anchor?: 'start' | 'middle' | 'end'; readonly class?: string } = {},
): string {
  return element('text', { x, y, 'text-anchor': options.anchor ?? 'start', class: options.class }, escapeText(text));
}

/** A whole chart: scales with the page, and says what it shows to those who cannot see it. */
export function chart(width: number, height: number, title: string, description: string, body: string): string {
  return element(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', xmlns: 'http://www.w3.org/2000/svg', 'font-size': 12 },
    `<title>${escapeText(title)}</title><desc>${escapeText(description)}</desc>${body}`,
  );
}

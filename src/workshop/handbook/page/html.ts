const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as it stands in HTML, also within quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, char => entities[char]!);
}

/** Plain data as the content of a script element: nothing ends one but `</script`, and nothing else is special but `<!--`. */
export function jsonHtml(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

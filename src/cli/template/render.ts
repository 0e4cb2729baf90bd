export function renderTemplate(t: string, v: unknown): string {
  return t + JSON.stringify(v);
}

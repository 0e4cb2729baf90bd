import type { Route } from './route.ts';

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds routes by method and path. Of several that fit the first of the list is meant. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map(route => ({ route, pattern: patternOf(route.path) }));
  }

  /** @param path without the version, decoded */
  find(method: string, path: string): Match | undefined {
    for (const { route, pattern } of this.#routes) {
      if (route.method !== method) continue;
      const found = pattern.exec(path);
      if (found !== null) return { route, params: { ...found.groups } };
    }
    return undefined;
  }
}

/** `/images/{name:.*}/json` → the expression that matches it. */
function patternOf(path: string): RegExp {
  const source = path.replace(/\{(\w+)(:\.\*)?\}/g, (_, name: string, any?: string) =>
    any === undefined ? `(?<${name}>[^/]+)` : `(?<${name}>.*)`,
  );
  return new RegExp(`^${source}$`, 's');
}

/** The name that `repo` and `tag` of a query make, as Docker reads them: a tag of its own goes before the repository's. */
export function named(repository: string, tag: string): string {
  return tag === '' || repository === '' ? repository : `${repository.replace(/:[^:/@]*$/, '')}:${tag}`;
}

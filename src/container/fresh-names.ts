const adjectives =
  'agile amber ample attentive balmy blithe bold brisk bronze calm candid cheery civil clever cosy crisp curious dapper deft diligent eager earnest eloquent fair festive fond frank gentle glad golden graceful hardy hearty honest humble jolly keen kind lively lucid mellow merry mild modest neat nimble patient placid plucky polite proud quiet ready robust serene sincere steady sturdy sunny swift tidy tranquil upbeat vivid warm wise witty zesty'.split(
    ' ',
  );

/** People to whom computing and the sciences owe something. */
const surnames =
  'abel agnesi allen avicenna backus banach bardeen bell berners bohr boole bose brahe cantor carson cerf church clarke codd conway copernicus cray curie darwin dijkstra einstein engelbart erdos euclid euler faraday fermat feynman floyd franklin galileo galois gauss germain goldberg hamilton hawking hertz hilbert hoare hopper hua jemison joliot kahn kay kepler kernighan khayyam knuth kovalevskaya lamarr lamport laplace lavoisier leibniz liskov lovelace mandelbrot maxwell mccarthy meitner mendel minsky moore naur newton noether pascal pasteur pauling perlman planck poincare ptolemy ramanujan ritchie rivest sagan shamir shannon shen sinoussi thompson torvalds tu turing volta wiles wilson wirth wu yalow yonath yuan zhang zu'.split(
    ' ',
  );

const randomBelow = (limit: number) => Math.floor(Math.random() * limit);

/**
 * A random name for a container without `--name`: `nimble_hopper`.
 *
 * @param taken whether a name is in use: then another one is tried
 */
export function freshName(taken: (name: string) => boolean): string {
  const pick = (words: readonly string[]) => words[randomBelow(words.length)]!;
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(adjectives)}_${pick(surnames)}`;
    // With thousands of containers most pairs are taken: then a number is added.
    const candidate = attempt < 8 ? name : `${name}${randomBelow(1_000_000)}`;
    if (!taken(candidate)) return candidate;
  }
}

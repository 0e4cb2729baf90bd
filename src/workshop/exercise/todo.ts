/** What a skeleton throws where nothing has been written yet. The checker knows it by its name. */
class Todo extends Error {
  override readonly name = 'Todo';
}

/** Stands where the learner is to write something. Throws: an exercise that still has one has not been begun there. */
export function todo(): never {
  throw new Todo('not written yet');
}

import { position, TemplateError } from '../errors.ts';

/** A part of a template that can fail. */
export interface Place {
  readonly at: number;
  readonly text: string;
}

/** Remembers which part of a template is at work, for the error that it may end in. */
export class Location {
  #place: Place | undefined;

  constructor(
    readonly source: string,
    /** Of the whole template; stands first in an error. */
    readonly name: string,
    /** Of the one of its templates that is executed. */
    readonly executing: string,
  ) {}

  set(place: Place): void {
    this.#place = place;
  }

  fail(reason: string): TemplateError {
    const { at, text } = this.#place!;
    const { line, column } = position(this.source, at);
    const where = `template: ${this.name}:${line}:${column}: executing ${JSON.stringify(this.executing)} at <${text}>`;
    return new TemplateError('execute', `${where}: ${reason}`);
  }
}

import { defineVerb } from '../verb.ts';

export const verb = defineVerb({ synopsis: '', flags: {}, operands: [0, 0], run: async () => 0 });

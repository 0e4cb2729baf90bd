export const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

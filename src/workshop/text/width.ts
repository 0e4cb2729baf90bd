export * from '../../syscalls/text/width.ts';

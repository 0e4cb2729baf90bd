export * from '../../syscalls/width.ts';

/** PATH of an image, or of a process, that has none. Docker writes it into each image that it builds. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where programs of the host are looked for: never in an image, whatever PATH says (CVE-2014-9357). */
export const hostPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

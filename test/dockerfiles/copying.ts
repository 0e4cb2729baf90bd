import type { Case } from './case.ts';

/** COPY and ADD, from the context and from other stages. */
export const copying: Record<string, Case> = {
  'a file, by name and into a directory': { text: 'FROM bb\nCOPY a.txt /w/\nCOPY a.txt /w/renamed\n' },
  'several files': { text: 'FROM bb\nCOPY a.txt b.txt run.sh /w/several/\n' },
  'a directory, with and without a slash': { text: 'FROM bb\nCOPY dir /w/dir\nCOPY dir/ /w/dir2/\n' },
  'several directories': { text: 'FROM bb\nCOPY dir hard /w/\n' },
  patterns: {
    text: 'FROM bb\nCOPY *.txt /w/pattern/\nCOPY dir/[ot]* /w/inside/\nCOPY di?/o[a-n]e /w/one\nCOPY a* /w/a/\n',
  },
  'a pattern that fits directories': { text: 'FROM bb\nCOPY d*r hard* /w/\n' },
  'symbolic links in the context': {
    text: 'FROM bb\nCOPY link /w/link\nCOPY link-to-dir /w/dir\nCOPY dir/link /w/inner\nCOPY link* /w/links/\n',
  },
  'the whole context, without what .dockerignore names': {
    differs: {
      classic: { files: 'set-uid bits of the context are dropped' },
      buildah: {
        files: "set-uid bits of the context are dropped, capabilities of the context are kept: they are this machine's",
      },
    },
    text: 'FROM bb\nCOPY . /w/all\n',
  },
  'file names with blanks and signs': {
    text: 'FROM bb\nCOPY ["with blank", "/w/with blank"]\nCOPY names/täst names/-dash /w/\n',
  },
  'a bracket in a pattern': { text: 'FROM bb\nCOPY names/[[]set] /w/set\n', by: ['classic', 'buildkit'] },
  'a whole directory of odd names': { text: 'FROM bb\nCOPY names /w/names\n' },
  'names longer than a header of tar': { text: 'FROM bb\nCOPY long /w/long\n' },
  'a file larger than a mebibyte': { text: 'FROM bb\nCOPY large.bin /w/\n' },
  'empty files and directories, a sticky one': { text: 'FROM bb\nCOPY empty /w/empty\n' },
  'modes: secret, set-uid, executable': {
    differs: {
      classic: { files: 'set-uid bits of the context are dropped' },
      buildah: { files: 'set-uid bits of the context are dropped' },
    },
    text: 'FROM bb\nCOPY secret.txt suid.sh run.sh /w/\nCOPY secret.txt /w/new/deep/secret\n',
  },
  'hard links': { text: 'FROM bb\nCOPY hard /w/hard\nCOPY hard/second /w/alone\n' },
  'a capability of a file': {
    differs: { buildah: { files: "capabilities of the context are kept: they are this machine's" } },
    text: 'FROM bb\nCOPY capable /w/\n',
  },
  'into a directory that has an owner and a mode': {
    text: 'FROM bb\nRUN mkdir -m 700 -p /w/there && chown 3:4 /w/there && echo old > /w/there/one\nCOPY dir /w/there\nCOPY a.txt /w/there/\n',
  },
  'by way of a link of the image': {
    text: 'FROM bb\nRUN mkdir -p /w/target && ln -s target /w/alias && ln -s /w/target /w/whole\nCOPY a.txt /w/alias/\nCOPY b.txt /w/alias\nCOPY dir /w/whole/dir\n',
  },
  'over files of the image': { text: 'FROM bb\nCOPY a.txt /etc/passwd\nCOPY dir /www\nCOPY a.txt /www/index.html\n' },
  'to the root': { text: 'FROM bb\nCOPY a.txt dir/one /\nCOPY a.txt /renamed\n' },
  'owners by number': {
    differs: { classic: { files: "directories on the way are root's, whatever --chown says" } },
    text: 'FROM bb\nCOPY --chown=7:8 dir /w/owned\nCOPY --chown=7 a.txt /w/owned/again\nCOPY --chown=9:9 a.txt /w/made/by/copy/\n',
  },
  'owners by name': {
    text: 'FROM bb\nCOPY --chown=www-data a.txt /w/a\nCOPY --chown=nobody:www-data a.txt /w/b\nCOPY --chown=5:nogroup a.txt /w/c\n',
  },
  'relative to WORKDIR': {
    text: 'FROM bb\nWORKDIR /w/work\nCOPY a.txt .\nCOPY a.txt sub/\nCOPY a.txt ./b\nCOPY dir ..\nADD test relativeDir/\nADD test /absoluteDir/\n',
  },
  'ADD of files that begin alike': { text: 'FROM bb\nADD hom* /mydir/\n' },
  'ADD unpacks a compressed archive': { text: 'FROM bb\nADD arc.tgz /w/gz/\nADD arc.tbz2 /w/bz2\n' },
  'ADD unpacks xz': { text: 'FROM bb\nADD arc.tar.xz /w/xz/\n' },
  'ADD unpacks a plain archive, and no others': {
    text: 'FROM bb\nADD plain.tar /w/plain\nADD no-archive.gz /w/\nADD a.txt dir /w/both/\n',
  },
  'ADD unpacks hard links and set-uid files': { text: 'FROM bb\nADD hard.tar /w/hard/\n' },
  'ADD unpacks devices, FIFOs and attributes': {
    differs: {
      classic: { files: 'attributes other than capabilities are dropped' },
      buildkit: { files: 'attributes other than capabilities are dropped' },
      buildah: { files: 'the top of an archive changes the mode of the destination' },
    },
    text: 'FROM bb\nADD odd.tar /w/odd/\n',
  },
  'ADD of several archives and files': { text: 'FROM bb\nADD plain.tar arc.tgz b.txt /w/\n' },
  'COPY does not unpack': { text: 'FROM bb\nCOPY arc.tgz plain.tar /w/\n' },
  'from a stage by name, by number, from an image': {
    text: 'FROM bb AS one\nRUN mkdir /w && echo 1 > /w/f && chmod 4711 /w/f && ln -s f /w/l && ln /w/f /w/h\nFROM bb AS two\nCOPY --from=one /w /w\nCOPY --from=0 /w/f /w/copied\nFROM two\nCOPY --from=bb /etc/passwd /w/\n',
  },
  'owners of a stage': {
    text: 'FROM bb AS one\nRUN mkdir /w && echo 1 > /w/f && chown 5:6 /w/f /w\nFROM bb\nCOPY --from=one /w /w\nCOPY --from=one /w/f /f\n',
  },
  'a capability of a stage': {
    differs: {
      classic: { files: 'attributes other than capabilities are dropped' },
      buildkit: { files: 'attributes other than capabilities are dropped, devices become empty files, FIFOs vanish' },
    },
    text: 'FROM bb AS one\nADD odd.tar /w/\nFROM bb\nCOPY --from=one /w/capable /w/\nCOPY --from=one /w /all\n',
  },
  'stages in any case': {
    text: 'FROM bb AS One\nCOPY a.txt /\nFROM one\nCOPY --from=ONE a.txt /b\n',
    by: ['classic', 'buildkit'],
  },
  'a target': {
    differs: { classic: { steps: 'builds stages that nothing needs' } },
    text: 'FROM bb AS one\nCOPY a.txt /one\nFROM bb AS two\nCOPY b.txt /two\nENV A=1\nFROM two\nENV A=2\n',
    flags: ['--target', 'two'],
  },
  'a stage on a stage': { text: 'FROM bb AS one\nENV A=1\nCOPY a.txt /a\nFROM one\nENV B=2\nCOPY b.txt /b\n' },
  'scratch with a file': {
    differs: { buildkit: { WorkingDir: 'an image of scratch has the working directory /' } },
    text: 'FROM scratch\nCOPY a.txt /\nCMD ["/a.txt"]\n',
  },
  'scratch with a tree of a stage': {
    differs: { buildkit: { WorkingDir: 'an image of scratch has the working directory /' } },
    text: 'FROM bb AS build\nCOPY dir /out/dir\nFROM scratch\nCOPY --from=build /out /\nENTRYPOINT ["/dir/one"]\n',
  },
  '--chmod': {
    text: 'FROM bb\nCOPY --chmod=0640 a.txt run.sh /w/\nCOPY --chmod=755 dir /w/dir\n',
    by: ['buildkit', 'buildah'],
  },
};

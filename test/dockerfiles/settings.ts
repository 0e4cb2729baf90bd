// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are a Dockerfile's
import type { Case } from './case.ts';

/** What changes the config, and the variables in it. */
export const settings: Record<string, Case> = {
  'ENV: forms and quotes': {
    text: 'FROM bb\nENV A=1 B="two words" C=a\\ b D=\'$A\' E=\nENV OLD  the rest  of it\nENV myName John\nENV myCat=fluffy\n',
  },
  'ENV: one line sees what the lines before it said': {
    text: 'FROM bb\nENV A=1\nENV A=2 B=$A\nENV C=${A}x D=\\$A E="\\"$A\\""\nENV PATH=/more:$PATH\n',
  },
  'ENV over several lines': {
    text: 'FROM bb\nENV JAVA_OPTS "\\\n-Xmx4096m \\\n-XX:MetaspaceSize=256m"\nENV A=1 \\\n  B=2\n',
  },
  'ENV: the forms of an expansion': {
    text: 'FROM bb\nENV S=set E=\nENV A=${S:-none} B=${N:-none} C=${S:+yes} D=${N:+yes}x E=${E:-empty} F=$N.\n',
  },
  'ARG: defaults, and from outside': {
    text: 'FROM bb\nARG GIVEN=default\nARG LEFT=default\nARG BARE\nENV A=$GIVEN B=$LEFT C=$BARE\n',
    flags: ['--build-arg', 'GIVEN=from outside', '--build-arg', 'BARE=x'],
  },
  'ARG before FROM': {
    differs: { classic: { steps: 'builds stages that nothing needs' } },
    text: 'ARG BASE=bb\nARG VERSION=1\nFROM $BASE AS one\nENV A=$VERSION\nARG VERSION\nENV B=$VERSION\nFROM ${BASE}\nARG VERSION=3\nENV C=$VERSION\n',
  },
  'ARG and ENV of the same name': {
    differs: { buildkit: { Env: 'a later ARG hides ENV; the reference says that ENV wins' } },
    text: 'FROM bb\nARG A=1\nENV A=2\nARG A=3\nENV B=$A\n',
  },
  'ARG: each stage has its own': {
    differs: { buildkit: { Env: 'a stage on another stage sees its ARG' } },
    text: 'FROM bb AS one\nARG A=1\nENV B=$A\nFROM one\nENV C=$A.\n',
  },
  'LABEL: quotes, blanks, several lines': {
    text: 'FROM bb\nARG X=3\nLABEL one=1 "two words"="a \\"b\\"" three=$X\nLABEL "multi"="a \\\nb"\nLABEL maintainer="a <b@c>"\n',
  },
  '--label': {
    differs: { classic: { steps: 'shows the label without the quotes that LABEL would need' } },
    text: 'FROM bb\nLABEL a=1 b=2\n',
    flags: ['--label', 'b=3', '--label', 'c=with blank'],
  },
  MAINTAINER: { text: 'FROM bb\nMAINTAINER Some One <some@example.com>\n' },
  'CMD: a shell’s and its own': { text: 'FROM bb\nCMD ["/usr/bin/wc","--help"]\nCMD echo $HOME \\\n  twice\n' },
  'ENTRYPOINT with CMD': { text: 'FROM bb\nENTRYPOINT ["/usr/bin/wc"]\nCMD ["--help"]\n' },
  'ENTRYPOINT drops the CMD of the base': { text: 'FROM bb\nENTRYPOINT echo hello\n' },
  'CMD before ENTRYPOINT': { text: 'FROM bb\nCMD ["a"]\nENTRYPOINT ["b"]\nENTRYPOINT ["c", "d"]\n' },
  'an empty CMD': { text: 'FROM bb\nENTRYPOINT ["x"]\nCMD []\n' },
  'brackets that are no list are a shell line': { text: 'FROM bb\nCMD [a]\nENTRYPOINT [ -n "b, c" ]\n' },
  SHELL: {
    differs: { buildah: { Cmd: 'SHELL counts for RUN alone', Entrypoint: 'SHELL counts for RUN alone' } },
    text: 'FROM bb\nSHELL ["/bin/sh", "-ec"]\nCMD second\nENTRYPOINT first\n',
  },
  EXPOSE: {
    differs: { buildah: { ExposedPorts: 'a range of ports stays as it is written' } },
    text: 'FROM bb\nARG P=9000\nEXPOSE 80 443/tcp 8000-8002/udp\nEXPOSE 11211/tcp 11211/udp $P\n',
  },
  VOLUME: {
    differs: { buildah: { files: 'the directory of a volume is made' } },
    text: 'FROM bb\nENV V=/v\nVOLUME /data /more\nVOLUME ["/a", "/b c"]\nVOLUME $V\n',
  },
  USER: { text: 'FROM bb\nARG U=1000\nUSER nobody\nUSER $U:$U\n' },
  'WORKDIR: relative, up, with variables': {
    text: 'FROM bb\nENV D=dir\nWORKDIR /x\nWORKDIR y\nWORKDIR ../z/$D\n',
  },
  'WORKDIR with a blank': { text: 'FROM bb\nWORKDIR /with blank/x\n' },
  'WORKDIR after USER': {
    differs: {
      buildkit: { files: 'made directories belong to USER' },
      buildah: { files: 'made directories belong to USER' },
    },
    text: 'FROM bb\nUSER 1000:1000\nWORKDIR /made/by/us\n',
  },
  STOPSIGNAL: { text: 'FROM bb\nSTOPSIGNAL SIGQUIT\nSTOPSIGNAL 9\n' },
  'STOPSIGNAL by name': { text: 'FROM bb\nARG S=SIGTERM\nSTOPSIGNAL $S\n' },
  HEALTHCHECK: {
    text: 'FROM bb\nHEALTHCHECK --interval=1m30s --timeout=500ms --start-period=2s --retries=3 CMD wget -q localhost || exit 1\n',
  },
  'HEALTHCHECK by a program, and none': {
    text: 'FROM bb AS one\nHEALTHCHECK CMD ["true", "x"]\nFROM one\nHEALTHCHECK NONE\n',
  },
  ONBUILD: { text: 'FROM bb\nONBUILD COPY a.txt /w/triggered\nONBUILD RUN echo x > /w/ran\nONBUILD CMD ["a"]\n' },
  'triggers of the base': {
    text: 'FROM bb AS one\nONBUILD COPY a.txt /w/t\nONBUILD ENV T=1\nCMD ["x"]\nFROM one\nENV U=1\n',
  },
  'variables where they may stand': {
    text: 'FROM bb\nENV F=a.txt D=/w/x P=80\nCOPY $F ${D}/\nADD b.txt $D/b\nEXPOSE ${P}\nVOLUME ${D}\nLABEL at=$D\n',
  },
  'instructions in any case': { text: 'from bb\nCopy a.txt /w/\nenv A=1\ncmd ["x"]\n' },
  'comments and empty lines': {
    text: '# first\n\n  # second\nFROM bb\n\nENV A=1 \\\n# between\n  B=2\n   LABEL x=y\n',
  },
  'Windows line ends': { text: 'FROM bb\r\nENV A=1 \\\r\n  B=2\r\nCOPY a.txt \\\r\n  /w/\r\n' },
  'another escape character': {
    differs: { buildah: { Env: 'a backslash escapes all the same' } },
    text: '# escape=`\nFROM bb\nENV P=C:\\dir Q=a`$b `\n  R=1\nCOPY a.txt /w/\n',
  },
  'a byte order mark': { text: '\ufeffFROM bb\nENV A=1\n' },
  'no newline at the end': { text: 'FROM bb\nENV A=1\nCMD last' },
  'scratch with a setting': {
    differs: { buildkit: { WorkingDir: 'an image of scratch has the working directory /' } },
    text: 'FROM scratch\nENV A=1\nCOPY a.txt /\n',
  },
};

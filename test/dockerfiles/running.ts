// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are a Dockerfile's
import type { Case } from './case.ts';

/** RUN: a container costs each builder a third of a second, so each of these does much. */
export const running: Record<string, Case> = {
  'RUN: forms, continuation lines, comments between': {
    text: 'FROM bb\nRUN mkdir /w && \\\n  # in between\n  echo "a  b" > /w/x \\\n\n  && echo c >> /w/x\nRUN ["sh", "-c", "echo exec > /w/y; pwd > /w/pwd"]\n',
  },
  'RUN removes, replaces, links': {
    text: 'FROM bb\nCOPY dir /w\nRUN cd /w; rm one; rm -r deep; mkdir deep; touch deep/new; ln two hard; ln -s two soft; rm link; mkdir link; chmod 1777 deep; rm -r /www; mkdir /www; touch /www/x; rm /etc/group\n',
  },
  'RUN changes owners, modes and special files': {
    differs: { buildah: { files: 'RUN without a namespace of its own makes no device' } },
    text: 'FROM bb\nRUN mkdir /w; cd /w; touch a b; chown 5:6 a; chmod 6750 b; mkfifo pipe; mknod null c 1 3; chown www-data /www; chmod 700 /root; ln -s /etc/passwd abs; dd if=/dev/zero of=z bs=1k count=70 2>/dev/null\n',
  },
  'RUN sees arguments and variables': {
    text: 'ARG G=global\nFROM bb\nARG A=1\nARG G\nENV B=2 A2=$A\nUSER nobody\nWORKDIR /tmp\nRUN echo "$A|$B|$A2|$G|$NONE|$(id -u)|$PWD" > values; env | grep -v -e HOSTNAME -e HOME -e SHLVL -e ^_ -e OLDPWD -e container -e no_proxy | sort > env; umask > umask\n',
    flags: ['--build-arg', 'A=outside', '--build-arg', 'NO_PROXY=x'],
  },
  'RUN with another shell': {
    text: 'FROM bb\nSHELL ["/bin/sh", "-ec"]\nRUN mkdir /w; echo $- | tr -d sc > /w/flags\n',
  },
  'RUN writes into a volume': {
    differs: { buildkit: { files: 'what RUN writes into a volume is kept' } },
    text: 'FROM bb\nRUN mkdir /v && echo before > /v/before\nVOLUME /v\nRUN echo after > /v/after; echo x > /x\n',
  },
  'RUN that changes nothing': { text: 'FROM bb\nRUN true\nENV A=1\n' },
  'RUN --mount of the context, a cache and memory': {
    differs: { buildkit: { files: 'mount points stay behind as empty directories' } },
    text: 'FROM bb\nRUN --mount=type=bind,source=dir,target=/from --mount=type=tmpfs,target=/scratch --mount=type=cache,target=/cache mkdir /w; cp /from/one /w/; touch /scratch/x /cache/x\n',
    by: ['buildkit', 'buildah'],
  },
};

import { MinidockError } from '../../errors.ts';
import type { StepError } from '../../syscalls/failure.ts';
import { errorOfCheck, messageOf } from './netlink.ts';

/** The fix for each errno of a routing message. */
const fixes: Record<string, string> = {
  EEXIST: 'an interface of this name is left from before: delete it with `ip link delete NAME`',
  ENODEV: 'an interface vanished meanwhile: run the command again, the bridge is made anew',
  EOPNOTSUPP: 'this kernel has no such interface type: try `modprobe -a veth bridge`',
  EPERM: 'run as root: this needs CAP_NET_ADMIN in the network namespace of the host',
  EBUSY: 'the interface belongs to another bridge or bond already, or its index is taken',
  EINVAL: 'the kernel refused a value of the message; its log (`dmesg`) may say more',
  EXFULL: 'the bridge has no port left: 1023 is the most',
};

/**
 * The user's error for a routing message that the kernel refused, in the words of `ip`; undefined for other steps, which have
 * messages of their own.
 */
export function networkError(error: StepError): MinidockError | undefined {
  const { step, seen } = error;
  const message = messageOf(step);
  if (message === undefined || step.op !== 'expect') return undefined;
  const errno = errorOfCheck(step, seen) ?? 'ENODEV';
  return new MinidockError('network-failed', `the kernel refused "${message.words}": ${errno}`, {
    fix: fixes[errno],
    cause: error,
  });
}

import type { ContainerConfig } from '../../oci/image-config.ts';

/**
 * A config that was asked for an image, completed by that of the container which it is made of: what is empty is the container's,
 * variables, labels, ports and volumes are those of both, and those that were asked for go first. As Docker's `commit` has it, which keeps the
 * container's command where neither an entrypoint nor a command was asked for.
 */
export function mergeConfig(asked: ContainerConfig, own: ContainerConfig): ContainerConfig {
  const isCommand = [asked.Entrypoint, asked.Cmd].some(words => words !== undefined && words.length > 0);
  return {
    ...asked,
    User: asked.User || own.User,
    Env: mergeVariables(asked.Env, own.Env),
    Entrypoint: asked.Entrypoint ?? own.Entrypoint,
    Cmd: isCommand ? asked.Cmd : own.Cmd,
    WorkingDir: asked.WorkingDir || own.WorkingDir,
    ExposedPorts: both(asked.ExposedPorts, own.ExposedPorts),
    Volumes: both(asked.Volumes, own.Volumes),
    Labels: { ...own.Labels, ...asked.Labels },
    StopSignal: asked.StopSignal || own.StopSignal,
    Healthcheck: both(asked.Healthcheck, own.Healthcheck),
  };
}

function mergeVariables(asked: readonly string[] = [], own: string[] = []): string[] | undefined {
  const nameOf = (variable: string) => variable.split('=', 1)[0];
  const names = new Set(asked.map(nameOf));
  const all = [...asked, ...own.filter(variable => !names.has(nameOf(variable)))];
  return all.length > 0 ? all : undefined;
}

const both = <T>(asked: Record<string, T> | undefined, own: Record<string, T> | undefined) =>
  asked || own ? { ...own, ...asked } : undefined;

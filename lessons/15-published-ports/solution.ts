import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { chainsOf } from '../../src/network/firewall/chains.ts';

/**
 * The rules of a container's published ports, one a port, in the words of iptables without `-A`: `CHAIN MATCHES -j TARGET`.
 * 容器发布的端口对应的规则，每个端口一条，用 iptables 的写法，不带 `-A`：`链 匹配条件 -j 目标`。
 */
export const portRules: Pieces['portRules'] = (bridge, { shortId, address, ports }) => {
  const chain = chainsOf(bridge).dnat;
  const comment = `-m comment --comment minidock:${shortId}`;
  //> Return a list of lines. `ports` is a list of { hostIp, hostPort, containerPort, protocol }.
  //> 返回由各行组成的列表。`ports` 是 { hostIp, hostPort, containerPort, protocol } 的列表。
  //> A line says, in this order: the chain; `-d hostIp/32`, unless hostIp is 0.0.0.0, which means every address of the host;
  //> `-p` and `-m` with the protocol; `--dport` with the host's port; the comment; `-j DNAT --to-destination ADDRESS:PORT`.
  //> 每一行依次写：链；`-d hostIp/32`（hostIp 是 0.0.0.0 时不写，表示宿主机的所有地址）；`-p` 和 `-m` 加协议；
  //> `--dport` 加宿主机端口；注释；`-j DNAT --to-destination 地址:端口`。
  return ports.map(({ hostIp, hostPort, containerPort, protocol }) => {
    const only = hostIp === '0.0.0.0' ? '' : ` -d ${hostIp}/32`;
    const match = `-p ${protocol} -m ${protocol} --dport ${hostPort}`;
    return `${chain}${only} ${match} ${comment} -j DNAT --to-destination ${address}:${containerPort}`;
  });
  //<
};

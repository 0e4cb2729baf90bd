/** Limits as the flags give them, in bytes, microseconds, or counts. Zero, as missing, is no limit. */
export interface RequestedLimits {
  memory?: number;
  /** Memory and swap together; negative is any amount of swap. Where missing, twice the memory. */
  memorySwap?: number;
  memoryReservation?: number;
  /** 0 to 100. */
  memorySwappiness?: number;
  oomKillDisable?: boolean;
  /** As a fraction: 1.5. Not together with period and quota. */
  cpus?: number;
  cpuPeriod?: number;
  /** Negative is no limit. */
  cpuQuota?: number;
  cpuShares?: number;
  /** `0-2,5` */
  cpusetCpus?: string;
  cpusetMems?: string;
  /** 10 to 1000. */
  blkioWeight?: number;
  blkioWeightDevice?: { path: string; weight: number }[];
  deviceReadBps?: DeviceRate[];
  deviceWriteBps?: DeviceRate[];
  deviceReadIops?: DeviceRate[];
  deviceWriteIops?: DeviceRate[];
  /** Negative is no limit either. */
  pidsLimit?: number;
}

/** Bytes or operations a second. */
export interface DeviceRate {
  path: string;
  rate: number;
}

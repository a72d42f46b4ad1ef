/** Where a password is kept. The password itself is never in a pool file, an error or a log. */
export type SecretReference =
  /** Name of an environment variable of this process. */
  | { readonly env: string }
  /** Path of a file; one line feed at its end is not part of the password. */
  | { readonly file: string };

/** How one machine is reached. */
export interface SshTarget {
  /** Name or address to connect to. Its key is looked up in known_hosts under this name. */
  readonly hostName: string;
  /** 1 to 65535. */
  readonly port: number;
  readonly user: string;
  /** Paths of private keys, tried in order. `~` is the home directory of this process. */
  readonly identityFiles: readonly string[];
  /** Of the login. Absent: keys only. */
  readonly password?: SecretReference;
  /** The machine through which this one is reached. Absent: directly. */
  readonly jump?: SshTarget;
}

/** One machine of a pool. */
export interface SshHost extends SshTarget {
  /** Unique among the hosts: id of the node, `<pool>/<name>`. */
  readonly id: string;
  readonly pool: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** USD per hour, >= 0. */
  readonly priceUsdPerHour?: number;
  /** Commands at a time over the one connection, whole, >= 1: at most what the server allows (`MaxSessions`, by default 10). */
  readonly maxSessions: number;
}

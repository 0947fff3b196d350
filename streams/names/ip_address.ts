/** @module */

/** Which protocol an address is of: IPv4 or IPv6. */
export type Family = 4 | 6;

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** The family of an address; `undefined` if it is a name. */
export function familyOf(hostname: string): Family | undefined {
  if (IPV4.test(hostname)) return 4;
  return hostname.includes(":") && URL.canParse(`http://[${bare(hostname)}]`)
    ? 6
    : undefined;
}

/** One spelling for all spellings of an address, without its zone. */
export function canonical(address: string): string {
  return address.includes(":")
    ? new URL(`http://[${bare(address)}]`).hostname.slice(1, -1)
    : address;
}

function bare(address: string): string {
  return address.split("%", 1)[0]!;
}

import { BlockList, isIP } from "node:net";

/**
 * Reads who may connect: addresses and networks such as `10.0.0.7,fd00::/8`, separated by commas.
 * @throws Error that names the part that is neither
 */
export function parsePeers(text: string): BlockList {
  const peers = new BlockList();
  for (const part of text.split(",").map((each) => each.trim())) {
    const [address = "", bits, ...more] = part.split("/");
    const version = isIP(address);
    const bitsMax = version === 4 ? 32 : 128;
    const length = bits === undefined ? bitsMax : Number(bits);
    if (version === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits ?? "0") || length > bitsMax) {
      throw new Error(`'${part}' is neither an IP address nor a network such as 10.0.0.0/8`);
    }
    peers.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
  }
  return peers;
}

/** Whether a peer is among them; an IPv4 peer of an IPv6 listener counts as what it is, and a link-local one without its link. */
export function isAmong(peers: BlockList, peer: string): boolean {
  const [address = ""] = peer.split("%");
  const version = isIP(address);
  return version !== 0 && peers.check(address, version === 4 ? "ipv4" : "ipv6");
}

//! Networks of client addresses.

use core::net::{IpAddr, SocketAddr};

/// A network in CIDR notation (RFC 4632 3.1, RFC 4291 2.3), such as `10.0.0.0/8` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Takes `text`, an address or a network whose bits behind the prefix are zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        let network = Self { address, prefix };
        (prefix <= most && network.contains(address) && masked(address, prefix) == bits(address).0)
            .then_some(network)
    }

    /// Is `address` in it? An IPv4 address is the same when it is written as an IPv6 one (RFC 4291 2.5.5.2).
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        bits(address).1 == bits(self.address).1
            && masked(address, self.prefix) == masked(self.address, self.prefix)
    }
}

/// The address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

/// The first `prefix` bits, the others zero.
fn masked(address: IpAddr, prefix: u32) -> u128 {
    let (number, width) = bits(address);
    let dropped = width.saturating_sub(prefix);
    number.checked_shr(dropped).and_then(|kept| kept.checked_shl(dropped)).unwrap_or_default()
}

/// The address in what Envoy calls `source.address`: with a port, and in brackets if it is IPv6.
#[must_use]
pub fn client_address(text: &str) -> Option<IpAddr> {
    let with_port = text.parse::<SocketAddr>().map(|address| address.ip());
    with_port.or_else(|_| text.parse()).ok().map(|address| address.to_canonical())
}

/// What stands for one client when its attempts are counted: whoever has an IPv6 network has all of its addresses.
#[must_use]
pub fn client_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(_) => format!("{:x}/64", masked(address, 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn addresses_are_compared_by_their_first_bits() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("10.1.2.4/31", "10.1.2.5", "10.1.2.6"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("fd00::/8", "fdff::1", "fe00::"),
        ] {
            assert!(holds(network, inside), "{inside} in {network}");
            assert!(!holds(network, outside), "{outside} not in {network}");
        }
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"), "mapped");
        assert!(!holds("::/0", "::ffff:10.1.2.3"));
    }

    #[test]
    fn other_texts_are_no_networks() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.1/8",
            "10.0.0/8",
            "010.0.0.0/8",
            "::/129",
            "2001:db8::1/32",
            "localhost",
            "*",
            "10.0.0.0/255.0.0.0",
            "::ffff:10.0.0.0/104",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_client_is_named_as_envoy_names_it() {
        for (text, client) in [
            ("127.0.0.1:51234", Some("127.0.0.1")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::ffff:10.0.0.1]:443", Some("10.0.0.1")),
            ("", None),
            ("/run/envoy.sock", None),
            ("127.0.0.1:99999", None),
        ] {
            let named = client_address(text).map(client_of);
            assert_eq!(named.as_deref(), client, "{text}");
        }
        let of = |text: &str| client_of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}

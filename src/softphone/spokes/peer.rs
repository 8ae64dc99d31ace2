//! Whose process is at the other end of a connection on this machine.
//!
//! *Promises*: the user is the one the kernel noted when the client's socket was made; a name or a
//! header cannot change it.
//!
//! *Fails* closed: a socket that is not found, or not connected any more, is nobody's.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_ESTABLISHED`, as the table writes it. In other states a socket may have lost its owner.
const ESTABLISHED: &str = "01";

/// The user id of the process that connected from `client` to `server`; `None` if there is no such
/// connection on this machine. Reads the kernel's tables of this network namespace, which may be long:
/// not for the runtime's thread.
pub(super) fn user(client: SocketAddr, server: SocketAddr) -> io::Result<Option<u32>> {
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        match File::open(table) {
            Ok(file) => {
                if let Some(user) = find(BufReader::new(file), client, server)? {
                    return Ok(Some(user));
                }
            }
            // A kernel without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn find(table: impl BufRead, client: SocketAddr, server: SocketAddr) -> io::Result<Option<u32>> {
    for line in table.lines().skip(1) {
        let line = line?;
        let mut columns = line.split_ascii_whitespace();
        let mut column = |n| columns.nth(n);
        let (Some(local), Some(remote), Some(state)) = (column(1), column(0), column(0)) else {
            continue;
        };
        // Queues, timer and retransmits lie between the state and the user.
        let user = column(3);
        if state == ESTABLISHED && address(local) == Some(client) && address(remote) == Some(server)
        {
            return Ok(user.and_then(|user| user.parse().ok()));
        }
    }
    Ok(None)
}

/// `0100007F:7D12`: the address in words of the machine's byte order, the port as a number. A
/// v4 address in a v6 socket is given as v4.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |n: usize| {
        let digits = ip.get(n * 8..n * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (n, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(n)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_owner_of_a_real_connection_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let client = TcpStream::connect(server).unwrap();
        let (_accepted, peer) = listener.accept().unwrap();
        let me = rustix::process::geteuid().as_raw();
        assert_eq!(user(peer, server).unwrap(), Some(me));
        drop(client);
        let nobody = SocketAddr::new(server.ip(), 1);
        assert_eq!(user(nobody, server).unwrap(), None);
    }

    #[test]
    fn both_tables_are_read_and_half_closed_sockets_are_nobodys() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:7D12 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 11\n\
            \x20  1: 0100007F:C001 0100007F:7D12 01 00000000:00000000 00:00000000 00000000  1001        0 12\n\
            \x20  2: 0100007F:C002 0100007F:7D12 06 00000000:00000000 03:00001770 00000000     0        0 0\n";
        let table6 = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0000000000000000FFFF00000100007F:C003 0000000000000000FFFF00000100007F:7D12 01 00000000:00000000 00:00000000 00000000  1003        0 13\n";
        let server: SocketAddr = "127.0.0.1:32018".parse().unwrap();
        let at = |port| SocketAddr::new(server.ip(), port);
        let mine = |table: &str, port| find(table.as_bytes(), at(port), server).unwrap();
        if cfg!(target_endian = "little") {
            assert_eq!(mine(table, 0xc001), Some(1001));
            assert_eq!(mine(table, 0xc002), None);
            assert_eq!(mine(table6, 0xc003), Some(1003));
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for bad in [
            "",
            ":",
            "0100007F",
            "0100007F:",
            "0100007:7D12",
            "0100007\u{e4}:7D12",
            "x:1",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }
}

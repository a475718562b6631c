//! Ports that Zeek takes for a server's (`likely_server_ports`), and what else it tells from a port.
//!
//! The list is what Zeek's standard protocol scripts add up to. It decides who called where the begin of a connection is
//! missing, and for UDP always.

use crate::decode::IpProtocol;

const TCP: &[u16] = &[
    21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636, 989, 990, 992, 993, 995,
    1080, 1883, 2811, 3128, 3268, 3389, 5222, 5223, 5269, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
];

const UDP: &[u16] =
    &[53, 67, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3389, 3544, 4789, 5060, 5072, 5353, 5355, 6081, 20000];

/// Ports of interactive services, which may be silent for long (`port_inactivity_timeouts`): FTP, SSH, Telnet, rlogin.
const PATIENT: [u16; 4] = [21, 22, 23, 513];

/// Ports on which Zeek reads DNS over UDP: DNS itself, NetBIOS names, multicast DNS, LLMNR.
const DNS: [u16; 4] = [53, 137, 5353, 5355];

/// A server is likely to have this port.
pub(super) fn is_likely_server(protocol: IpProtocol, port: u16) -> bool {
    match protocol {
        IpProtocol::TCP => TCP.contains(&port),
        IpProtocol::UDP => UDP.contains(&port),
        _ => false,
    }
}

/// An interactive service has this TCP port.
pub(super) fn is_patient(port: u16) -> bool {
    PATIENT.contains(&port)
}

/// Zeek reads what is sent to this UDP port as DNS.
pub(super) fn is_dns(port: u16) -> bool {
    DNS.contains(&port)
}

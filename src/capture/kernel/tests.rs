//! The kernel's table against sockets that the test opens itself, and one way of asking against the other.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};

use super::*;

/// A listener, both ends of a connection, and a UDP socket, all on loopback.
struct Scene {
    listener: TcpListener,
    client: TcpStream,
    server: TcpStream,
    udp: UdpSocket,
}

impl Scene {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap().0;
        Self { listener, client, server, udp: UdpSocket::bind("0.0.0.0:0").unwrap() }
    }

    /// Protocol, state, local and peer of each, sorted.
    fn expected(&self) -> Vec<(Transport, KernelState, SocketAddr, Option<SocketAddr>)> {
        let [listener, client, udp] =
            [self.listener.local_addr(), self.client.local_addr(), self.udp.local_addr()].map(Result::unwrap);
        let mut rows = vec![
            (Transport::Tcp, KernelState::Listen, listener, None),
            (Transport::Tcp, KernelState::Established, client, Some(listener)),
            (Transport::Tcp, KernelState::Established, listener, Some(client)),
            (Transport::Udp, KernelState::Closed, udp, None),
        ];
        rows.sort_unstable();
        rows
    }

    /// The sockets of a sample that are of this scene.
    fn of(&self, sample: &Sample) -> Vec<KernelSocket> {
        let ports = [self.listener.local_addr(), self.client.local_addr(), self.udp.local_addr()].map(|end| end.unwrap().port());
        let ours = |socket: &&KernelSocket| ports.contains(&socket.local.port());
        let mut sockets: Vec<KernelSocket> = sample.sockets.iter().filter(ours).copied().collect();
        sockets.sort_unstable_by_key(|socket| (socket.transport, socket.state, socket.local, socket.peer()));
        sockets
    }
}

#[test]
fn both_ways_of_asking_show_what_was_opened() {
    let scene = Scene::new();
    let [diag, proc_net] = [Kernel::open().unwrap(), Kernel::of_proc_net()].map(|mut kernel| scene.of(&kernel.sample().unwrap()));
    let row = |socket: &KernelSocket| (socket.transport, socket.state, socket.local(), socket.peer());
    assert_eq!(diag.iter().map(row).collect::<Vec<_>>(), scene.expected());
    // Of a listener, /proc/net does not say how many may wait.
    let plain =
        |sockets: &[KernelSocket]| sockets.iter().map(|socket| KernelSocket { send_queue: 0, ..*socket }).collect::<Vec<_>>();
    assert_eq!(plain(&diag), plain(&proc_net));
}

#[test]
fn a_sample_lies_between_its_two_moments() {
    let mut kernel = Kernel::open().unwrap();
    let (first, second) = (kernel.sample().unwrap(), kernel.sample().unwrap());
    assert!(first.before < first.after && first.after <= second.before);
    assert!(first.is_here("127.0.0.9".parse().unwrap()) && !first.is_here("192.0.2.77".parse().unwrap()));
}

#[test]
fn the_sockets_of_this_process_are_its_own() {
    let scene = Scene::new();
    let sample = Kernel::open().unwrap().sample().unwrap();
    let mut owners = Owners::new();
    owners.learn(&sample.sockets);
    for socket in scene.of(&sample) {
        assert_eq!(owners.of(&socket).map(|owner| owner.pid), Some(std::process::id()), "{socket}");
    }
    let [client, server, udp] =
        [scene.client.local_addr(), scene.server.local_addr(), scene.udp.local_addr()].map(Result::unwrap);
    let at = |transport, local, peer| owners.at(transport, local, peer).map(|owner| owner.pid);
    assert_eq!(at(Transport::Tcp, client, server), Some(std::process::id()));
    assert_eq!(at(Transport::Tcp, server, client), Some(std::process::id()));
    // A UDP socket is found by its own address alone, bound to all though it is.
    let here = SocketAddr::new([127, 0, 0, 1].into(), udp.port());
    assert_eq!(at(Transport::Udp, here, client), Some(std::process::id()));
    assert_eq!(at(Transport::Udp, client, here), None);
}

/// A child that inherits one end of a connection as its standard input, and lives until that is closed.
fn holder(end: TcpStream) -> Child {
    Command::new("cat").stdin(Stdio::from(std::os::fd::OwnedFd::from(end))).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_child_is_known_when_it_is_gone() {
    let Scene { client, server, .. } = Scene::new();
    let (local, peer) = (client.local_addr().unwrap(), server.local_addr().unwrap());
    let mut child = holder(client);
    let mut kernel = Kernel::open().unwrap();
    let mut owners = Owners::new();
    owners.learn(&kernel.sample().unwrap().sockets);
    let of_child = |owners: &Owners| {
        let owner = owners.at(Transport::Tcp, local, peer).unwrap();
        (owner.pid, owner.name.clone(), owner.fd)
    };
    assert_eq!(of_child(&owners), (child.id(), "cat".into(), 0));
    server.shutdown(std::net::Shutdown::Write).unwrap();
    child.wait().unwrap();
    let mut rest = Vec::new();
    (&server).read_to_end(&mut rest).unwrap();
    let sample = kernel.sample().unwrap();
    owners.learn(&sample.sockets);
    assert_eq!(of_child(&owners), (child.id(), "cat".into(), 0), "known by its addresses");
    let held = |socket: &&KernelSocket| socket.local() == local && socket.inode != 0;
    assert_eq!(sample.sockets.iter().find(held), None, "nobody holds the socket any more");
}

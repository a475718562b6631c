//! How to make a right capture, system by system.

use crate::judge::Message;

/// A system that students use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum System {
    Windows,
    MacOs,
    Linux,
}

impl System {
    /// The system that a capture names; `None` if it names none known.
    fn of(os: &str) -> Option<Self> {
        let os = os.to_lowercase();
        let is = |words: &[&str]| words.iter().any(|word| os.contains(word));
        if is(&["mac os", "macos", "darwin"]) {
            Some(Self::MacOs)
        } else if is(&["windows"]) {
            Some(Self::Windows)
        } else {
            is(&["linux", "ubuntu", "debian", "fedora"]).then_some(Self::Linux)
        }
    }

    const ALL: [Self; 3] = [Self::Windows, Self::MacOs, Self::Linux];

    /// What Wireshark calls the loopback there.
    const fn loopback(self) -> (&'static str, &'static str) {
        match self {
            Self::Windows => ("Windows", "\"Adapter for loopback traffic capture\""),
            Self::MacOs => ("macOS", "\"Loopback: lo0\""),
            Self::Linux => ("Linux", "\"Loopback: lo\""),
        }
    }
}

/// The interface to choose: that of the system the capture names, else of every system.
pub(super) fn interface(os: Option<&str>) -> String {
    match os.and_then(System::of) {
        Some(system) => system.loopback().1.to_owned(),
        None => System::ALL.map(|system| format!("{} {}", system.loopback().0, system.loopback().1)).join(", "),
    }
}

/// In which order to start things, once the interface is chosen.
pub(super) fn order(os: Option<&str>) -> Message {
    let npcap = match os.and_then(System::of) {
        Some(System::Windows) => {
            (" 그 항목이 없으면 Npcap을 다시 설치하세요.", " If that interface is missing, install Npcap again.")
        }
        _ => ("", ""),
    };
    Message::new(
        format!("캡처를 시작한 뒤 서버, 클라이언트 순서로 실행하고, 에코를 받은 다음 멈추고 저장하세요.{}", npcap.0),
        format!("Start the capture, then the server, then the clients; stop and save after the echoes came.{}", npcap.1),
    )
}

/// What to choose and in which order to start things.
pub(super) fn capture(os: Option<&str>) -> Message {
    let (interface, order) = (interface(os), order(os));
    Message::new(format!("캡처할 인터페이스: {interface}. {}", order.ko), format!("Capture on {interface}. {}", order.en))
}

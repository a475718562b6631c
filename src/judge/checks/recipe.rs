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

    fn recipe(self) -> Message {
        match self {
            Self::Windows => Message::new(
                "Windows: Wireshark에서 \"Adapter for loopback traffic capture\"를 고르세요(없으면 Npcap을 다시 설치).",
                "Windows: choose \"Adapter for loopback traffic capture\" in Wireshark (if it is missing, install Npcap again).",
            ),
            Self::MacOs => Message::new("macOS: \"Loopback: lo0\"를 고르세요.", "macOS: choose \"Loopback: lo0\"."),
            Self::Linux => Message::new("Linux: \"Loopback: lo\"를 고르세요.", "Linux: choose \"Loopback: lo\"."),
        }
    }
}

/// What to choose and in which order to start things.
pub(super) fn capture(os: Option<&str>) -> Message {
    let known = os.and_then(System::of);
    let systems = known.map_or_else(|| vec![System::Windows, System::MacOs, System::Linux], |system| vec![system]);
    let recipes: Vec<Message> = systems.into_iter().map(System::recipe).collect();
    let joined = |text: fn(&Message) -> &str| recipes.iter().map(text).collect::<Vec<_>>().join(" ");
    Message::new(
        format!(
            "{} 캡처를 시작한 뒤 서버, 클라이언트 순서로 실행하고, 에코를 받은 다음 멈추고 저장하세요.",
            joined(|recipe| &recipe.ko)
        ),
        format!(
            "{} Start the capture, then the server, then the clients; stop and save after the echoes came.",
            joined(|recipe| &recipe.en)
        ),
    )
}

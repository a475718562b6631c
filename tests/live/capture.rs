//! What is captured is what moved.

use std::fs;
use std::process::Command;

use crate::program::{Listener, Recorded};
use crate::recorder::Recorder;
use crate::{inside, support, traffic};

#[test]
fn frames_are_those_that_tcpdump_sees() {
    inside("capture::frames_are_those_that_tcpdump_sees", |folder| {
        let recorder = Recorder::start(folder);
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["-w", path.to_str().unwrap()]);
        let (udp, tcp) = (traffic::udp_echo(5), traffic::tcp_echo());
        let ended = listener.interrupt();
        let shown = ended.good();
        let (recorded, witness) = (Recorded::read(&path), Recorded::read(&recorder.stop()));
        assert_eq!(recorded.frames, witness.frames);
        recorded.is_whole();
        assert_eq!(shown.lines().filter(|line| line.contains("127.0.0.1  127.0.0.1")).count(), recorded.frames.len(), "{shown}");
        for row in [format!("UNCONN     ?:{}", udp.port()), format!("LISTEN     ?:{}", tcp.port()), "TIME-WAIT".to_owned()] {
            assert!(shown.contains(&row), "{row} is missing: {shown}");
        }
        let described = &recorded.description;
        let (section, interface) = (&described.sections[0], &described.interfaces[0]);
        assert_eq!(section.application.as_deref(), Some(concat!("sockscope ", env!("CARGO_PKG_VERSION"))));
        assert!(section.os.as_deref().is_some_and(|os| os.starts_with("Linux ")));
        assert_eq!((interface.name.as_deref(), interface.snap_length), (Some("lo"), Some(262_144)));
    });
}

#[test]
fn tshark_reads_the_same_streams() {
    inside("capture::tshark_reads_the_same_streams", |folder| {
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["--json", "-w", path.to_str().unwrap()]);
        traffic::udp_echo(3);
        traffic::tcp_echo();
        traffic::udp_echo(2);
        let ended = listener.interrupt();
        let lines = ended.good().lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let shown: String = lines
            .map(|line| {
                format!("{}\t{}\t{}\t{}\n", line["frame"], line["time"].as_str().unwrap(), line["length"], line["stream"])
            })
            .collect();
        let fields = ["frame.number", "frame.time_epoch", "frame.len", "udp.stream", "tcp.stream"];
        let options = fields.iter().flat_map(|field| ["-e", field]);
        let Ok(output) = Command::new("tshark").arg("-r").arg(&path).args(["-T", "fields"]).args(options).output() else {
            return support::skip("tshark is missing, and with it what this test compares with");
        };
        let said = String::from_utf8(output.stdout).unwrap();
        let expected: String = said
            .lines()
            .map(|line| line.split('\t').filter(|field| !field.is_empty()).collect::<Vec<_>>().join("\t") + "\n")
            .collect();
        assert_eq!(shown, expected);
    });
}

#[test]
fn filters_choose_what_is_captured_and_what_is_shown() {
    inside("capture::filters_choose_what_is_captured_and_what_is_shown", |folder| {
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["-f", "udp", "-Y", "udp.stream == 1", "--json", "-w", path.to_str().unwrap()]);
        traffic::udp_echo(1);
        traffic::tcp_echo();
        traffic::udp_echo(2);
        let ended = listener.interrupt();
        assert_eq!(ended.good().lines().count(), 4);
        let recorded = Recorded::read(&path);
        assert_eq!(recorded.frames.len(), 6);
        assert_eq!(recorded.description.interfaces[0].filter.as_deref(), Some("udp"));
        recorded.is_whole();
    });
}

#[test]
fn all_interfaces_tell_which_one_it_was() {
    inside("capture::all_interfaces_tell_which_one_it_was", |folder| {
        let path = folder.join("live.pcapng");
        let listener = Listener::start(&["any", "--snaplen", "60", "-w", path.to_str().unwrap()]);
        traffic::udp_echo(4);
        listener.interrupt().good();
        let recorded = Recorded::read(&path);
        assert_eq!(recorded.description.interfaces[0].link_type, sockscope::capture::LinkType::SLL2);
        assert_eq!(recorded.frames.len(), 8, "each frame once, not on its way out and in");
        assert!(recorded.frames.iter().all(|octets| octets.len() <= 60));
    });
}

#[test]
fn a_pipe_takes_the_capture_itself() {
    inside("capture::a_pipe_takes_the_capture_itself", |folder| {
        let listener = Listener::start(&["-w", "-", "--frames", "6"]);
        traffic::udp_echo(3);
        let ended = listener.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let path = folder.join("piped.pcapng");
        fs::write(&path, &ended.stdout).unwrap();
        Recorded::read(&path).is_whole();
    });
}

#[test]
fn root_is_left_for_the_user_behind_sudo() {
    inside("capture::root_is_left_for_the_user_behind_sudo", |folder| {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        let path = folder.join("live.pcapng");
        let mut command = crate::program::command(&["-w", path.to_str().unwrap()]);
        command.envs([("SUDO_UID", "65534"), ("SUDO_GID", "65533")]);
        let listener = Listener::of(command);
        traffic::udp_echo(1);
        listener.interrupt().good();
        Recorded::read(&path).is_whole();
        let file = fs::metadata(&path).unwrap();
        assert_eq!((file.uid(), file.gid()), (65534, 65533));
    });
}

//! What cannot be is told in one line.

use std::process::{Command, Output};

use crate::program::command;
use crate::{inside, support};

/// The one line, and the exit code.
#[track_caller]
fn complaint(output: &Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {output:?}"));
    assert!(line.starts_with("sockscope: ") && !line.contains('\n'), "{line}");
    (output.status.code().unwrap(), line.to_owned())
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, text: &str) {
    let (told, line) = complaint(&command(arguments).output().unwrap());
    assert!(told == code && line.contains(text), "{told}: {line}");
}

#[test]
fn faults_are_told_before_anything_is_captured() {
    inside("refusals::faults_are_told_before_anything_is_captured", |folder| {
        refused(&["nope0"], 3, "nope0: there is no such interface; there are ");
        refused(&["-f", "udp prot 5"], 4, "-f udp prot 5: can't parse filter expression: syntax error");
        refused(&["-f", "udp.port == 5"], 4, "as a display filter it goes to -Y");
        refused(&["-f", "wlan type mgt"], 4, "-f wlan type mgt: ");
        refused(&["-w", "-", "--ring", "1MBx2"], 2, "--ring needs files");
        let nowhere = folder.join("no/such/folder.pcapng");
        refused(&["-w", nowhere.to_str().unwrap()], 3, "folder.pcapng: No such file or directory");
        refused(&["-w", "/dev/full"], 3, "/dev/full: No space left on device");
    });
}

#[test]
fn without_the_right_it_says_what_to_run() {
    inside("refusals::without_the_right_it_says_what_to_run", |_| {
        let program = env!("CARGO_BIN_EXE_sockscope");
        let mut powerless = Command::new("setpriv");
        powerless.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", program, "live"]);
        let Ok(output) = powerless.output() else {
            return support::skip("setpriv is missing, and with it a way to give rights up");
        };
        let (code, line) = complaint(&output);
        let expected = format!(
            "lo: this program has no right to capture; give it that: sudo setcap cap_net_raw,cap_net_admin=eip {program}"
        );
        assert!(code == 3 && line.ends_with(&expected), "{code}: {line}");
    });
}

#[test]
fn interfaces_are_listed() {
    inside("refusals::interfaces_are_listed", |_| {
        let output = command(&["--list"]).output().unwrap();
        let list = String::from_utf8(output.stdout).unwrap();
        let lo = list.lines().find(|line| line.contains(" lo ")).unwrap_or_else(|| panic!("{list}"));
        assert!(lo.contains("up") && lo.contains("127.0.0.1"), "{list}");
    });
}

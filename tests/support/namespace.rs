//! A network namespace for the test alone: quiet, with every port free, gone when the test is.
//!
//! The test calls its own binary a second time, under `unshare`. In the process namespace that comes along no process
//! outlives the test.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Tells the second call of the test that it is inside, and where to put its files.
const INSIDE: &str = "SOCKSCOPE_WITNESS_FOLDER";

/// The play takes eight seconds; a busy machine may take longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// By default every namespace shares one table of sockets with room for a quarter of a million, which takes
/// `/proc/net/tcp` ten milliseconds to walk. A small one of its own, where the kernel (since 6.1) can, takes 0.1 ms.
const ENTER: &str = r#"echo 512 2>/dev/null >/proc/sys/net/ipv4/tcp_child_ehash_entries; exec unshare --net "$0" "$@""#;

/// Where the test finds itself.
pub enum Place {
    /// In a namespace of its own, with this folder for its files.
    Inside(PathBuf),
    /// Outside; the call inside is over and said this.
    Outside { passed: bool, said: String },
    /// Outside, and there is no way in.
    Shut(String),
}

/// Calls the test of this name again inside fresh namespaces, unless this is that call.
pub fn enter(test: &str) -> Place {
    if let Some(folder) = std::env::var_os(INSIDE) {
        end_after(PATIENCE);
        return Place::Inside(folder.into());
    }
    if let Some(reason) = ["unshare --net true", "ip -Version", "tcpdump --version"].into_iter().find_map(failure) {
        return Place::Shut(reason);
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", ENTER])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads", "1"])
        .env(INSIDE, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Place::Outside { passed: output.status.success(), said }
}

/// Ends everything, should a scenario wait for what never comes: with the first process of its namespace go all.
fn end_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("not done after {limit:?}");
        std::process::exit(1);
    });
}

/// Runs a command that has to succeed.
pub fn run(command: &str) {
    assert_eq!(failure(command), None);
}

/// Why a command cannot be run, or fails.
fn failure(command: &str) -> Option<String> {
    let mut words = command.split(' ');
    let output = Command::new(words.next()?).args(words).output();
    match output {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("`{command}` fails: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("`{command}` cannot be run: {error}")),
    }
}

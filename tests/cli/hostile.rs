//! Files made to break readers, through the whole program: an answer or one line, in bounded time.

use crate::{argument, run, support};

#[test]
fn hostile_files_are_0_or_3() {
    let Some(folder) = support::corpus() else { return };
    let files = support::files_below(&folder.join("hostile"), &[""]);
    assert!(files.len() > 300, "the hostile files are incomplete");
    let mut failures = 0;
    for path in files {
        for command in ["show", "info", "packets", "conversations", "connections", "sockets"] {
            // A run that takes too long is killed, and has no exit code.
            let run = run(&[command, argument(&path)]);
            match run.code {
                0 => assert_eq!(run.stderr, "", "{command} {}", path.display()),
                _ => assert!(!run.complaint(3).contains("internal error"), "{run:?}"),
            }
            assert!(!run.stdout.contains(['\x1b', '\u{202e}', '\0']), "{command} {}: raw text", path.display());
            failures += usize::from(run.code == 3);
        }
    }
    assert!(failures > 300, "only {failures} runs found fault with a hostile file");
}

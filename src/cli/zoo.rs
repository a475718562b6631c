//! `sockscope zoo`: the exhibits, and captures made from them or from a script of one's own.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use sockscope::present::words;
use sockscope::zoo::{self, Exhibit, Script};

use super::args::ZooArgs;
use super::failure::Failure;
use super::job;

pub(crate) fn run(args: ZooArgs, out: &mut impl Write) -> Result<(), Failure> {
    match (args.name, args.script, args.output, args.all) {
        (_, _, _, Some(folder)) => write_all(&folder, out),
        (Some(name), _, Some(file), _) => write(&exhibit(&name)?.script, &file, out),
        (Some(name), ..) => Ok(out.write_all(exhibit(&name)?.text.as_bytes())?),
        (_, Some(script), Some(file), _) => write(&read(&script)?, &file, out),
        _ => list(out),
    }
}

fn exhibit(name: &str) -> Result<Exhibit, Failure> {
    zoo::exhibit(name).ok_or_else(|| Failure::Usage(format!("there is no exhibit {name}; sockscope zoo --list names them")))
}

fn list(out: &mut impl Write) -> Result<(), Failure> {
    for Exhibit { name, script, .. } in zoo::exhibits() {
        let Script { title, teaches, korean, .. } = script;
        writeln!(out, "{name}: {title}\n    {teaches}\n    {korean}")?;
    }
    Ok(())
}

fn write_all(folder: &Path, out: &mut impl Write) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let mut files = 0;
    for Exhibit { name, script, .. } in zoo::exhibits() {
        write_file(&script, &folder.join(format!("{name}.pcapng")))?;
        files += 1;
    }
    Ok(writeln!(out, "{} written to {}", words::counted(files, "capture"), folder.display())?)
}

fn write(script: &Script, file: &Path, out: &mut impl Write) -> Result<(), Failure> {
    if job::is_stdin(file) {
        zoo::write(script, out)?;
        return Ok(());
    }
    write_file(script, file)?;
    let frames = zoo::frames(script).len() as u64;
    Ok(writeln!(out, "{} written to {}", words::counted(frames, "frame"), file.display())?)
}

fn write_file(script: &Script, file: &Path) -> Result<(), Failure> {
    let written = File::create(file).and_then(|created| zoo::write(script, created));
    written.map(drop).map_err(|error| cannot(file, &error))
}

/// A script of the user's own.
fn read(file: &Path) -> Result<Script, Failure> {
    let shown = job::shown(file);
    let text = if job::is_stdin(file) { io::read_to_string(io::stdin().lock()) } else { fs::read_to_string(file) };
    let text = text.map_err(|error| Failure::Input(format!("{shown}: cannot read: {error}")))?;
    Script::parse(&text).map_err(|error| Failure::Text(format!("{shown}: {error}")))
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

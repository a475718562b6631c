//! Arguments of the commands for a class: what is handed in, graded and looked at again.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum, ValueHint};

use super::Document;

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope grade submissions.zip --rubric udp-echo --roster roster.csv --out run1

DIR holds results.json, class.txt, review.txt, originality.txt and feedback/ID.txt afterwards. DIR/overrides.toml, decisions of staff, is
read and never written. A submission that cannot be graded stops nothing: the exit code stays 0.")]
pub(crate) struct GradeArgs {
    /// Folder or zip of submissions
    #[arg(value_name = "SUBMISSIONS", value_hint = ValueHint::AnyPath)]
    pub(crate) submissions: PathBuf,
    #[command(flatten)]
    pub(crate) rubric: RubricChoice,
    #[command(flatten)]
    pub(crate) roster: RosterArgs,
    /// Folder for the results
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// The capture that was given out as an example: what is shared with it is nobody's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) template: Option<PathBuf>,
    /// Submissions graded at once; as many as there are processors if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope explain-grade run1 20231234
  sockscope explain-grade run1 20231234 echo --lang en")]
pub(crate) struct ExplainGradeArgs {
    /// Folder that grade wrote
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// The student's number
    #[arg(value_name = "STUDENT")]
    pub(crate) student: String,
    /// One check alone
    #[arg(value_name = "CHECK")]
    pub(crate) check: Option<String>,
    /// Korean or English; from the locale if not given, else Korean
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) language: Option<Tongue>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:\n  sockscope diff run1 run2")]
pub(crate) struct DiffArgs {
    /// Folder of the earlier run
    #[arg(value_name = "RUN1", value_hint = ValueHint::DirPath)]
    pub(crate) before: PathBuf,
    /// Folder of the later run
    #[arg(value_name = "RUN2", value_hint = ValueHint::DirPath)]
    pub(crate) after: PathBuf,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope review run1 --by kim

Each decision goes into RUN/overrides.toml at once: stop with q, and go on later where you stopped.")]
pub(crate) struct ReviewArgs {
    /// Folder that grade wrote
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// Who decides, for the record
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Korean or English; from the locale if not given, else Korean
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) language: Option<Tongue>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope rubric new > my-lab.toml
  sockscope rubric lint my-lab.toml
  sockscope rubric try my-lab.toml good.pcapng
  sockscope rubric test my-lab.toml 20231234.pcapng")]
pub(crate) struct RubricArgs {
    #[command(subcommand)]
    pub(crate) work: RubricWork,
}

/// What is to be done with a rubric.
#[derive(Debug, Subcommand)]
pub(crate) enum RubricWork {
    /// Print a rubric to begin with: udp-echo, or tcp-echo
    New {
        /// udp-echo or tcp-echo
        #[arg(value_name = "NAME", default_value = "udp-echo")]
        name: String,
    },
    /// Find sums that do not add up, languages that are missing, checks that nothing passes or fails
    Lint {
        /// udp-echo, tcp-echo, or a file
        #[arg(value_name = "RUBRIC")]
        rubric: String,
    },
    /// Show what captures would be given, as staff see it
    Try {
        /// udp-echo, tcp-echo, or a file
        #[arg(value_name = "RUBRIC")]
        rubric: String,
        /// Captures
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Spoil a good capture in every way: what is less must never score more
    Test {
        /// udp-echo, tcp-echo, or a file
        #[arg(value_name = "RUBRIC")]
        rubric: String,
        /// A good capture
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Tell which kinds of checks there are, and what they take
    Doc,
}

/// By what is judged.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct RubricChoice {
    /// udp-echo, tcp-echo, or a file of your own
    #[arg(long, value_name = "RUBRIC", value_hint = ValueHint::FilePath)]
    pub(crate) rubric: String,
    /// Another value for a parameter of the rubric, such as server_port=6000
    #[arg(long, value_name = "NAME=VALUE", value_parser = RubricChoice::setting)]
    pub(crate) set: Vec<(String, String)>,
}

/// A language that students read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Tongue {
    /// Korean
    Ko,
    /// English
    En,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope check 20231234.pcapng --rubric udp-echo
  sockscope check lab.pcapng --rubric udp-echo --id 20231234 --name 홍길동 --log server.log --lang en

Exit code 1: points are lost; 3: the file cannot be graded. What waits for a person is no loss.")]
pub(crate) struct CheckArgs {
    /// Capture file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) rubric: RubricChoice,
    /// Your student number; if it is not given, the one in the file's name
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Your name, as on the roster
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Your department, as on the roster
    #[arg(long = "dept", value_name = "DEPARTMENT")]
    pub(crate) department: Option<String>,
    /// What the server printed; may be given several times
    #[arg(long = "log", value_name = "SERVER.LOG", value_hint = ValueHint::FilePath)]
    pub(crate) logs: Vec<PathBuf>,
    /// The picture of the terminal
    #[arg(long = "screenshot", value_name = "PICTURE", value_hint = ValueHint::FilePath)]
    pub(crate) screenshots: Vec<PathBuf>,
    /// Korean or English; from the locale if not given, else Korean
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) language: Option<Tongue>,
    #[command(flatten)]
    pub(crate) form: Document,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  sockscope intake submissions.zip --roster roster.csv

SUBMISSIONS is what the learning platform gave (Moodle, Canvas, Blackboard), or any folder or zip. Students are found by
their number in a file's or folder's name, then by their account on the platform, then by a full name that nobody else
has. Nothing is guessed: what may be two students' is listed. Nothing is unpacked onto the disk.")]
pub(crate) struct IntakeArgs {
    /// Folder or zip of submissions
    #[arg(value_name = "SUBMISSIONS", value_hint = ValueHint::AnyPath)]
    pub(crate) submissions: PathBuf,
    #[command(flatten)]
    pub(crate) roster: RosterArgs,
    #[command(flatten)]
    pub(crate) form: Document,
}

/// Which class.
#[derive(ClapArgs, Debug)]
pub(crate) struct RosterArgs {
    /// CSV of the class, with a heading: student_id (학번), name (이름), department (학과)
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub(crate) roster: PathBuf,
    /// Heading of a column of the roster, as in id=학번; fields are id, name, family_name, department, email, user,
    /// participant, sis and group
    #[arg(long, value_name = "FIELD=HEADING")]
    pub(crate) map: Vec<String>,
    /// Whose a hand-in is that could not be matched: its name in the overview, or the path of a file of it
    #[arg(long, value_name = "NAME=ID")]
    pub(crate) assign: Vec<String>,
    /// Digits of a student's number: shorter ones get back the zeros that Excel dropped
    #[arg(long, value_name = "N")]
    pub(crate) digits: Option<usize>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  sockscope export-grades run --lms moodle --template worksheet.csv -o upload.csv
  sockscope export-grades run --lms csv --bom -o grades.csv
  sockscope export-grades run --lms gradescope -o documents

Of a template only the cells of grade and feedback change. A student whose grade is not settled (a review is pending, the
submission could not be graded or is missing) gets none and is named on standard error.")]
pub(crate) struct ExportGradesArgs {
    /// Directory of a run of grade, or its results.json
    #[arg(value_name = "RUN", value_hint = ValueHint::AnyPath)]
    pub(crate) run: PathBuf,
    /// Who is to read it
    #[arg(long, value_name = "NAME")]
    pub(crate) lms: Lms,
    /// Table that Moodle (grading worksheet), Canvas (gradebook) or Blackboard (grade centre) exported
    #[arg(long, value_name = "TABLE", value_hint = ValueHint::FilePath)]
    pub(crate) template: Option<PathBuf>,
    /// Heading of the template's column for grades, where there are several
    #[arg(long, value_name = "HEADING", requires = "template")]
    pub(crate) column: Option<String>,
    /// Language of the feedback; without, that of the locale, else Korean
    #[arg(long, value_name = "LANG")]
    pub(crate) lang: Option<Tongue>,
    /// Begin with a byte order mark, for Excel; a template keeps its own
    #[arg(long, conflicts_with = "template")]
    pub(crate) bom: bool,
    /// File to write instead of standard output; for gradescope and prairielearn the directory
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
}

/// Who reads the grades of a class.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Lms {
    /// The offline grading worksheet, filled in
    Moodle,
    /// The gradebook, filled in
    Canvas,
    /// The grade centre's table, filled in
    Blackboard,
    /// A results.json for each student
    Gradescope,
    /// A results.json for each student
    Prairielearn,
    /// A table in the columns of nbgrader
    Nbgrader,
    /// A table of everything
    Csv,
}

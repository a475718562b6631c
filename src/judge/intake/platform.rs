//! What learning platforms call the files of an assignment when staff download them.
//!
//! Moodle: `{full name}_{participant}_assignsubmission_file[_]/…`, the underscore at the end before 4.1, or the same in
//! front of the file's name. Canvas: `{name}[_LATE]_{user}_{attachment}_{original}`, the name in letters and digits only,
//! or `anon_{id}`. Blackboard: `{assignment}_{user}_attempt_{time}[_{original}]`.

use jiff::civil::DateTime;

/// A name given by a platform.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct PlatformName<'n> {
    /// What the files of one attempt have in common.
    pub(super) unit: &'n str,
    /// The student's name, as far as the platform lets it be.
    pub(super) full_name: Option<&'n str>,
    /// Words that may name the account: the user, the participant.
    pub(super) accounts: Vec<&'n str>,
    /// An account may be the student's number itself.
    pub(super) accounts_may_be_ids: bool,
    /// When it was handed in.
    pub(super) submitted: Option<DateTime>,
    /// It came too late.
    pub(super) late: bool,
    /// The student's own name of the file; empty for a folder.
    pub(super) original: &'n str,
}

impl PlatformName<'_> {
    /// The number of the account, where the platform gives one.
    pub(super) fn number(&self) -> Option<&str> {
        self.accounts.first().copied().filter(|account| is_number(account) && !self.accounts_may_be_ids)
    }
}

/// Reads the name of a file or folder as one of a platform's.
pub(super) fn platform_name(name: &str) -> Option<PlatformName<'_>> {
    moodle(name).or_else(|| blackboard(name)).or_else(|| canvas(name))
}

fn moodle(name: &str) -> Option<PlatformName<'_>> {
    let marks = ["_assignsubmission_file", "_assignsubmission_onlinetext"];
    let (head, rest) = marks.iter().find_map(|mark| name.split_once(mark))?;
    let (full_name, participant) = head.rsplit_once('_').filter(|(_, number)| is_number(number))?;
    Some(PlatformName {
        unit: head,
        full_name: Some(full_name),
        accounts: vec![participant],
        original: rest.trim_start_matches('_'),
        ..PlatformName::default()
    })
}

fn blackboard(name: &str) -> Option<PlatformName<'_>> {
    let (head, rest) = name.split_once("_attempt_")?;
    let time = rest.get(..19)?;
    let submitted = DateTime::strptime("%Y-%m-%d-%H-%M-%S", time).ok()?;
    let unit = name.get(..head.len() + "_attempt_".len() + time.len())?;
    // Without an original name it is the platform's own note about the attempt: `….txt`.
    let original = rest.get(time.len()..)?.strip_prefix('_').unwrap_or_default();
    // Both the assignment and the user may hold underscores: any tail may be the user.
    let accounts = head.match_indices('_').filter_map(|(at, _)| head.get(at + 1..)).collect();
    let submitted = Some(submitted);
    Some(PlatformName { unit, accounts, accounts_may_be_ids: true, submitted, original, ..PlatformName::default() })
}

fn canvas(name: &str) -> Option<PlatformName<'_>> {
    let (full_name, rest) = name.split_once('_')?;
    let (late, rest) = rest.strip_prefix("LATE_").map_or((false, rest), |rest| (true, rest));
    let (user, rest) = rest.split_once('_')?;
    // Attachments are numbered over the whole site: a short number is something of the student's own.
    let (attachment, original) = rest.split_once('_')?;
    let is_name = !full_name.is_empty() && !is_number(full_name) && full_name.chars().all(char::is_alphanumeric);
    let anonymous = full_name == "anon";
    if !is_name || !is_number(user) || !is_number(attachment) || attachment.len() < 3 || original.is_empty() {
        return None;
    }
    let unit = name.get(..name.len() - original.len() - attachment.len() - 2)?;
    let full_name = Some(full_name).filter(|_| !anonymous);
    Some(PlatformName { unit, full_name, accounts: vec![user], late, original, ..PlatformName::default() })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit, full name, accounts, late, original.
    type Parts<'n> = (&'n str, Option<&'n str>, Vec<&'n str>, bool, &'n str);

    fn read(name: &str) -> Option<Parts<'_>> {
        platform_name(name).map(|name| (name.unit, name.full_name, name.accounts, name.late, name.original))
    }

    #[test]
    fn moodle_folders_and_files() {
        let expected = |original| Some(("홍길동_4711", Some("홍길동"), vec!["4711"], false, original));
        assert_eq!(read("홍길동_4711_assignsubmission_file"), expected(""));
        assert_eq!(read("홍길동_4711_assignsubmission_file_"), expected(""));
        assert_eq!(read("홍길동_4711_assignsubmission_file_x_y.pcapng"), expected("x_y.pcapng"));
        assert_eq!(read("홍길동_assignsubmission_file_"), None);
    }

    #[test]
    fn canvas_files() {
        assert_eq!(
            read("honggildong_902_55012_a_b.pcapng"),
            Some(("honggildong_902", Some("honggildong"), vec!["902"], false, "a_b.pcapng"))
        );
        assert_eq!(read("홍길동_LATE_902_55012_x.png"), Some(("홍길동_LATE_902", Some("홍길동"), vec!["902"], true, "x.png")));
        assert_eq!(read("anon_902_55012_x.png"), Some(("anon_902", None, vec!["902"], false, "x.png")));
        for other in ["20231234_1_222_x.pcapng", "lab_1_2_20231234.pcapng", "a_b_222_x.pcapng", "a_1_222_", "a_1", ""] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn blackboard_files() {
        let name = platform_name("UDP_lab_hong_g_attempt_2026-11-20-23-59-58_20231234.pcapng").unwrap();
        assert_eq!(name.accounts, ["lab_hong_g", "hong_g", "g"]);
        assert_eq!(name.submitted.unwrap().to_string(), "2026-11-20T23:59:58");
        assert_eq!(name.original, "20231234.pcapng");
        assert_eq!(platform_name("Lab_hong_attempt_2026-11-20-23-59-58.txt").unwrap().original, "");
        for other in
            ["Lab_hong_attempt_2026-13-20-23-59-58_x", "Lab_hong_attempt_2026", "my_attempt_가나다라마바사아자차카타파하"]
        {
            assert_eq!(platform_name(other), None, "{other}");
        }
    }
}

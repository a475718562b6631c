//! Whose work a capture is, told of classes made for that.

use super::testing::{Datagram, Dice, Lab, MONDAY, Sum, System, as_pcap, record};
use super::*;
use crate::capture::LinkType;
use crate::judge::record::{Prints, Record};
use crate::judge::results::{Flag, Student};
use crate::judge::rubric::Window;

const NAMES: [&str; 8] = ["김민수", "이서연", "박지훈", "최유진", "정도윤", "강하은", "조은우", "윤서"];

fn student(number: usize) -> Student {
    let name = format!("{}{}", NAMES[number % 8], ["", "라", "솔", "별"][number / 8 % 4]);
    let department = Some(["컴퓨터공학과", "전자공학과"][number % 2].to_owned());
    Student { id: format!("2023{number:04}"), name, department, ..Student::default() }
}

/// An ordinary class: what students say ranges from their full identity to `hello`.
fn class(seed: u64, size: usize) -> (Vec<Student>, Vec<Lab>) {
    let mut dice = Dice(seed);
    let roster: Vec<Student> = (0..size).map(student).collect();
    let lab = |student: &Student| {
        let full = format!("{} {} {}", student.department.as_deref().unwrap(), student.id, student.name);
        let said: [&[&str]; 2] = match dice.roll(4) {
            0 => [&["client1"], &["client2"]],
            1 => [&["hello"], &["hello"]],
            2 => [&[&full, "hello"], &[&full, "hello"]],
            _ => [&[&full], &[&full]],
        };
        Lab::honest(&mut dice, said)
    };
    let labs = roster.iter().map(lab).collect();
    (roster, labs)
}

/// Compares what was handed in, in the order of the roster.
fn compared(roster: &[Student], prints: &[Prints], template: Option<&Prints>) -> Comparison {
    let entry = |(student, prints)| Entry { student: student_id(student), prints, pictures: &[] };
    let entries: Vec<Entry<'_>> = roster.iter().zip(prints).map(entry).collect();
    compare(&Class { roster, entries: &entries, template })
}

fn student_id(student: &Student) -> &str {
    &student.id
}

fn prints(labs: &[Lab]) -> Vec<Prints> {
    labs.iter().map(Lab::prints).collect()
}

#[test]
fn ordinary_classes_raise_nothing() {
    let window = Window {
        from: "2026-11-09T00:00:00Z".parse().unwrap(),
        to: "2026-11-23T23:59:00Z".parse().unwrap(),
        offset: jiff::tz::Offset::UTC,
    };
    for seed in 0..6 {
        let (roster, labs) = class(seed, 200);
        let records: Vec<Record> = labs.iter().map(Lab::record).collect();
        let raised: Vec<Flag> = records.iter().flat_map(|record| signals(record, Some(window))).collect();
        assert_eq!(raised, [], "seed {seed}");
        let prints: Vec<Prints> = records.into_iter().map(|record| record.prints).collect();
        assert_eq!(compared(&roster, &prints, None), Comparison::default(), "seed {seed}");
    }
}

#[test]
fn ordinary_coincidences_raise_nothing() {
    let (roster, mut labs) = class(7, 40);
    // One port is shared in every class; programs that bind theirs share both; texts are alike.
    let port = labs[0].datagrams[0].ports.0;
    for lab in &mut labs {
        let last = lab.datagrams.len() - 1;
        (lab.datagrams[0].ports.0, lab.datagrams[1].ports.1) = (port, port);
        (lab.datagrams[last - 1].ports.0, lab.datagrams[last].ports.1) = (6001, 6001);
        *lab = lab.clone().saying("hello");
    }
    assert_eq!(compared(&roster, &prints(&labs), None).pairs, []);
}

/// The levels at which the second and the fourth student of a class are the same, who handed in these two.
fn levels(system: System, rewrite: impl Fn(&Lab) -> Vec<u8>) -> Vec<Level> {
    let (roster, labs) = class(3, 60);
    let mut dice = Dice(99);
    let texts: [&[&str]; 2] = [&["컴퓨터공학과 20230001 이서연", "hello"], &["컴퓨터공학과 20230001 이서연", "hello"]];
    let original = std::iter::repeat_with(|| Lab::honest(&mut dice, texts)).find(|lab| lab.system == system).unwrap();
    let mut prints = prints(&labs);
    (prints[1], prints[3]) = (original.prints(), record(rewrite(&original)).prints);
    let comparison = compared(&roster, &prints, None);
    for pair in &comparison.pairs {
        assert_eq!((pair.one.as_str(), pair.other.as_str()), ("20230001", "20230003"));
        let flags = comparison.flags(&pair.other);
        assert_eq!((flags[0].id.as_str(), &flags[0].with[..]), ("same-capture", &["20230001".to_owned()][..]));
        assert!(flags[0].facts[0].en.starts_with("20230001: level "), "{flags:?}");
    }
    comparison.pairs.iter().map(|pair| pair.level).collect()
}

const SYSTEMS: [System; 3] = [System::Linux, System::Windows, System::MacOs];

#[test]
fn copies_are_found_at_their_level() {
    const HOUR: i64 = 3_600_000_000_000;
    for system in SYSTEMS {
        assert_eq!(levels(system, Lab::octets), [Level::A], "{system:?}");
        assert_eq!(levels(system, as_pcap), [Level::B], "{system:?} in another container");
        assert_eq!(levels(system, |lab| lab.clone().anonymous().octets()), [Level::B], "{system:?} written by another program");
        assert_eq!(levels(system, |lab| lab.clone().later(49 * HOUR + 17_001).octets()), [Level::C], "{system:?} shifted");
        let shifted = |lab: &Lab| as_pcap(&lab.clone().later(-30 * HOUR + 999));
        assert_eq!(levels(system, shifted), [Level::C], "{system:?} shifted and in another container");
        let cut = |lab: &Lab| lab.clone().later(5 * HOUR).only(&[0, 1, 3, 4, 5, 7]).octets();
        assert_eq!(levels(system, cut), [Level::D], "{system:?} cut");
        assert_eq!(levels(system, |lab| lab.clone().saying("another text").octets()), [Level::D], "{system:?} another text");
    }
}

#[test]
fn sockets_give_an_edited_capture_away() {
    // Other link headers, other texts, and all times made up: ports and identifications stay.
    let rewritten = |lab: &Lab| {
        let mut lab = lab.clone().saying("전자공학과 20230003 최유진").anonymous();
        lab.link = LinkType::RAW;
        for (place, datagram) in (0..).zip(&mut lab.datagrams) {
            datagram.nanos = (MONDAY + place * place) * 1_000_000_000 + 7_919 * place;
        }
        lab.octets()
    };
    assert_eq!(levels(System::Linux, rewritten), [Level::E]);
    assert_eq!(levels(System::Windows, rewritten), [Level::E]);
    assert_eq!(levels(System::MacOs, rewritten), [], "two ports alone are chance");
}

#[test]
fn intervals_give_away_what_was_rewritten_everywhere_else() {
    let rewritten = |lab: &Lab| {
        let mut lab = lab.clone().saying("전자공학과 20230003 최유진").later(86_400_000_000_000);
        for (place, datagram) in lab.datagrams.iter_mut().enumerate() {
            let port = |port: u16| if port == 5000 { 5000 } else { port ^ 0x155 };
            datagram.ports = (port(datagram.ports.0), port(datagram.ports.1));
            datagram.id = 4_000 + 31 * place as u16;
        }
        lab.octets()
    };
    for system in SYSTEMS {
        assert_eq!(levels(system, rewritten), [Level::C], "{system:?}");
    }
}

#[test]
fn many_who_share_one_capture_are_a_cluster() {
    let (roster, labs) = class(11, 50);
    let mut prints = prints(&labs);
    let shared = labs[4].prints();
    (10..40).for_each(|place| prints[place] = shared.clone());
    let comparison = compared(&roster, &prints, None);
    assert_eq!(compared(&roster, &prints, None), comparison, "the same again");
    assert_eq!(comparison.clusters.len(), 1);
    assert_eq!(comparison.clusters[0].students.len(), 31);
    let flags = comparison.flags("20230039");
    assert_eq!((flags.len(), flags[0].with.len(), flags[0].with[0].as_str()), (1, 30, "20230004"));
    assert!(comparison.flags("20230005").is_empty());
}

#[test]
fn the_sample_is_nobodys_own() {
    let (roster, labs) = class(5, 30);
    let sample = Lab::honest(&mut Dice(1234), [&["client1", "client1"], &["client2", "client2"]]);
    let mut prints = prints(&labs);
    // Two handed it in as it is, one re-saved, two with a few frames of their own beside its frames.
    (prints[1], prints[2]) = (sample.prints(), sample.prints());
    prints[3] = record(as_pcap(&sample)).prints;
    let template = sample.prints();
    let comparison = compared(&roster, &prints, Some(&template));
    assert_eq!(comparison.pairs, []);
    let levels: Vec<(&str, Level)> = comparison.templated.iter().map(|found| (found.student.as_str(), found.level)).collect();
    assert_eq!(levels, [("20230001", Level::A), ("20230002", Level::A), ("20230003", Level::B)]);
    let flags = comparison.flags("20230001");
    assert_eq!((flags[0].id.as_str(), flags[0].with.len()), ("same-capture", 0));
    assert!(flags[0].facts[0].ko.starts_with("예시 파일을 그대로 제출함"));
    assert!(comparison.is_template("20230003") && !comparison.is_template("20230004"));
    assert_eq!(compared(&roster, &prints, None).pairs.len(), 3, "without the sample they are copies of each other");
}

#[test]
fn frames_of_the_sample_do_not_make_a_pair() {
    let (roster, labs) = class(6, 10);
    let sample = Lab::honest(&mut Dice(77), [&["client1", "client1"], &["client2", "client2"]]);
    let mut labs: Vec<Lab> = labs.into_iter().map(|lab| Lab { link: sample.link, ..lab }).collect();
    for place in [2, 5] {
        labs[place].datagrams.extend(sample.datagrams.iter().take(6).cloned());
    }
    let prints = prints(&labs);
    let pairs = |template| compared(&roster, &prints, template).pairs.iter().map(|pair| pair.level).collect::<Vec<_>>();
    assert_eq!(pairs(None), [Level::D]);
    assert_eq!(pairs(Some(&sample.prints())), []);
}

#[test]
fn empty_captures_are_not_the_same_capture() {
    let roster: Vec<Student> = (0..3).map(student).collect();
    let empty = Lab::honest(&mut Dice(0), [&["a"], &["b"]]).only(&[]);
    assert_eq!(compared(&roster, &prints(&vec![empty; 3]), None), Comparison::default());
}

/// Who is found in what the first student says: owner, strength.
fn found(said: &str) -> Vec<(String, String)> {
    let mut roster: Vec<Student> = (0..20).map(student).collect();
    roster[9].name = "Ada Lovelace".into();
    let lab = Lab::honest(&mut Dice(5), [&[said], &["hello"]]);
    let comparison = compared(&roster, &[lab.prints()], None);
    let flags = comparison.flags("20230000");
    assert!(flags.iter().all(|flag| flag.id == "other-identity"));
    flags.into_iter().map(|flag| (flag.with[0].clone(), flag.strength)).collect()
}

#[test]
fn another_students_number_or_name_is_found() {
    let one = |owner: &str, strength: &str| vec![(owner.to_owned(), strength.to_owned())];
    let nobody: Vec<(String, String)> = Vec::new();
    assert_eq!(found("전자공학과 20230003 최유진"), one("20230003", "strong"));
    assert_eq!(found("b'\\xec\\xb5\\x9c\\xec\\x9c\\xa0\\xec\\xa7\\x84'"), one("20230003", "medium"), "the text of bytes");
    assert_eq!(found("컴퓨터공학과 최유진"), one("20230003", "medium"));
    assert_eq!(found("전자공학과최유진"), one("20230003", "medium"), "without spaces");
    assert_eq!(found("hi, ada lovelace here"), one("20230009", "medium"));
    assert_eq!(found("컴퓨터공학과 20230000 김민수 20230003"), one("20230003", "medium"), "both numbers");
    assert_eq!(found("컴퓨터공학과 20230000 김민수"), nobody);
    assert_eq!(found("김민수: 최유진 안녕"), nobody, "a greeting");
    assert_eq!(found("윤서"), nobody, "a short name alone");
    assert_eq!(found("전자공학과 윤서"), one("20230007", "medium"), "a short name with its department");
    assert_eq!(found("최유진아파트 120230003"), nobody, "parts of words and numbers");
}

#[test]
fn equal_pictures_are_found() {
    let roster: Vec<Student> = (0..3).map(student).collect();
    let prints: Vec<Prints> = vec![Prints::default(); 3];
    let pictures = [vec!["ab".to_owned(), "cd".to_owned()], vec!["ef".to_owned()], vec!["cd".to_owned()]];
    let entry = |place: usize| Entry { student: &roster[place].id, prints: &prints[place], pictures: &pictures[place] };
    let entries = [entry(0), entry(1), entry(2)];
    let comparison = compare(&Class { roster: &roster, entries: &entries, template: None });
    let flags = comparison.flags("20230002");
    assert_eq!((flags[0].id.as_str(), &flags[0].with[..]), ("same-screenshot", &["20230000".to_owned()][..]));
    assert!(comparison.flags("20230001").is_empty());
}

/// Flags of one capture: id and strength.
fn raised(lab: &Lab) -> Vec<(String, String)> {
    let window = Window {
        from: "2026-11-09T00:00:00Z".parse().unwrap(),
        to: "2026-11-23T23:59:00Z".parse().unwrap(),
        offset: jiff::tz::Offset::UTC,
    };
    signals(&lab.record(), Some(window)).into_iter().map(|flag| (flag.id, flag.strength)).collect()
}

fn expect(lab: &Lab, flags: &[(&str, &str)]) {
    let flags: Vec<(String, String)> = flags.iter().map(|(id, strength)| ((*id).to_owned(), (*strength).to_owned())).collect();
    assert_eq!(raised(lab), flags, "{lab:?}");
}

/// What scapy makes: one identification, complete checksums, exact steps.
fn made_up(link: LinkType) -> Lab {
    let datagram = |place: i64| {
        let ports = if place % 2 == 0 { (50_000, 5000) } else { (5000, 50_000) };
        let nanos = MONDAY * 1_000_000_000 + place * 100_000_000;
        Datagram { nanos, ports, id: 1, text: "client1".into(), sum: Sum::Complete }
    };
    let lab = Lab::honest(&mut Dice(1), [&["a"], &["b"]]).anonymous();
    Lab { link, resolution: 6, datagrams: (0..4).map(datagram).collect(), ..lab }
}

#[test]
fn made_up_packets_need_three_strong_signs() {
    for link in [LinkType::ETHERNET, LinkType::NULL, LinkType::RAW] {
        expect(&made_up(link), &[("fabricated", "strong")]);
        let mut lab = made_up(link);
        lab.datagrams[2].nanos += 1_000;
        expect(&lab, &[]);
        lab.datagrams[1].nanos = lab.datagrams[0].nanos - 1_000;
        expect(&lab, &[("fabricated", "strong")]);
        let mut lab = made_up(link);
        lab.datagrams[3].id = 2;
        expect(&lab, &[]);
        let mut lab = made_up(link);
        lab.datagrams.iter_mut().for_each(|datagram| datagram.sum = Sum::Partial);
        expect(&lab, &[]);
    }
}

fn by(system: System) -> Lab {
    let mut dice = Dice(21);
    std::iter::repeat_with(|| Lab::honest(&mut dice, [&["a", "b"], &["c", "d"]])).find(|lab| lab.system == system).unwrap()
}

#[test]
fn ordinary_ways_of_capturing_raise_nothing() {
    for system in SYSTEMS {
        let lab = by(system);
        expect(&lab, &[]);
        expect(&lab.clone().anonymous(), &[]);
        expect(&Lab { program: Some("Editcap (Wireshark) 4.0.17".into()), named: false, statistics: false, ..lab.clone() }, &[]);
        expect(&Lab { spare_interface: true, ..lab.clone() }, &[]);
        assert_eq!(signals(&record(as_pcap(&lab)), None), []);
    }
    // A ring buffer, or a dumpcap that was killed, writes no statistics: with anything else that was kept, or cut off.
    let mut beside = Lab { statistics: false, ..by(System::Linux) };
    let other = Datagram { ports: (53, 40_000), ..beside.datagrams[3].clone() };
    beside.datagrams.insert(4, other);
    expect(&beside, &[]);
    let mut cut = Lab { statistics: false, ..by(System::Windows) }.octets();
    cut.truncate(cut.len() - 7);
    assert_eq!(signals(&record(cut), None), []);
}

#[test]
fn traces_of_edits_are_told() {
    let lab = by(System::Linux);
    expect(&Lab { statistics: false, ..lab.clone() }, &[("edited", "weak")]);
    expect(&Lab { program: Some("Mergecap (Wireshark) 4.0.17".into()), statistics: false, ..lab.clone() }, &[("edited", "weak")]);
    expect(&Lab { spare_interface: true, ..lab.clone().anonymous() }, &[("edited", "medium")]);
    let mut wrong = lab.clone();
    wrong.datagrams[2].sum = Sum::Wrong;
    expect(&wrong, &[("edited", "medium")]);
}

#[test]
fn statistics_that_contradict_the_frames_are_told() {
    let lab = by(System::Linux);
    let mut record = lab.record();
    let mut statistics = record.description.interfaces[0].statistics.clone().unwrap();
    statistics.received = Some(5);
    record.description.interfaces[0].statistics = Some(statistics.clone());
    assert_eq!(signals(&record, None)[0].facts[0].en, "the statistics count 5 packets, the file holds 8");
    statistics.received = Some(500);
    record.description.interfaces[0].statistics = Some(statistics.clone());
    assert_eq!(signals(&record, None), []);
    let mut moved = lab.later(40 * 86_400 * 1_000_000_000).record();
    moved.description.interfaces[0].statistics = Some(statistics);
    assert_eq!(signals(&moved, None)[0].id, "edited");
}

#[test]
fn times_outside_the_window_are_told() {
    const DAY: i64 = 86_400 * 1_000_000_000;
    let lab = by(System::Linux);
    expect(&lab.clone().later(-365 * DAY), &[("outside-window", "medium")]);
    expect(&lab.clone().later(30 * DAY), &[("outside-window", "medium")]);
    let mut clock = lab.clone().later(-(MONDAY * 1_000_000_000));
    expect(&clock, &[("clock-wrong", "weak")]);
    clock = clock.anonymous();
    expect(&clock, &[("clock-wrong", "weak")]);
    assert_eq!(signals(&lab.later(-365 * DAY).record(), None), [], "no window, no opinion");
}

#[test]
fn background_does_not_crowd_the_lab_out() {
    let mut dice = Dice(8);
    let mut lab = Lab::honest(&mut dice, [&["a", "b"], &["c", "d"]]);
    let own = lab.datagrams.clone();
    let noise = |place: u16| Datagram { ports: (40_000, 53), id: place, ..own[0].clone() };
    lab.datagrams = (0..3000).map(noise).chain(own.iter().cloned()).collect();
    let prints = lab.prints();
    assert_eq!(prints.sights.len(), crate::judge::record::MAX_ASIDE + own.len());
    assert_eq!(prints.sights.iter().filter(|sight| sight.of_lab).count(), own.len());
}

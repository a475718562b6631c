//! More correct work never scores less: of two parts of a good capture, one in the other, the smaller is never worth more.

use sockscope::judge::Points;
use sockscope::judge::grade::grade;
use sockscope::judge::hand_in::{Handed, Who};
use sockscope::judge::log::Text;
use sockscope::judge::record::Record;
use sockscope::judge::rubric::Rubric;

use crate::cases;
use crate::file::{File, Host};
use crate::handin::{Student, log};
use crate::rubric;
use crate::talk::{Packet, Talk};

struct Lab {
    rubric: Rubric,
    handed: Handed,
    student: Student,
    whole: Talk,
}

impl Lab {
    /// The points for these packets.
    fn score(&self, packets: Vec<Packet>) -> Points {
        let talk = Talk { packets, ..self.whole.clone() };
        let record =
            Record::read(&format!("{}.pcapng", self.student.id), File::new(Host::Linux, talk).pcapng(), &self.rubric.plan())
                .unwrap();
        let who = Who { id: Some(self.student.id.clone()), name: Some(self.student.name.clone()), ..Who::default() };
        grade(&self.rubric, &record, &who, &self.handed).score.unwrap()
    }

    fn part(&self, chosen: impl Fn(usize) -> bool) -> Vec<Packet> {
        self.whole.packets.iter().enumerate().filter(|(place, _)| chosen(*place)).map(|(_, packet)| packet.clone()).collect()
    }
}

fn udp_lab() -> Lab {
    let student = Student::new(60, 0);
    let talk = cases::lab(&student).echo("41733", "5000", "more").echo("47915", "5000", "more");
    let rubric = rubric("udp-echo");
    let text = Text::decode(log(&talk).as_bytes()).unwrap();
    let handed = Handed { logs: vec![("server.log".to_owned(), text)], is_all: true, ..rubric.handed() };
    Lab { rubric, handed, student, whole: talk }
}

/// Every part of the capture against every part with one packet more.
#[test]
fn a_datagram_more_never_costs() {
    let lab = udp_lab();
    let count = lab.whole.packets.len();
    let scores: Vec<Points> = (0..1_usize << count).map(|part| lab.score(lab.part(|place| part >> place & 1 == 1))).collect();
    assert_eq!(scores.last(), Some(&Points::whole(100)));
    for (part, score) in scores.iter().enumerate() {
        for more in (0..count).filter(|place| part >> place & 1 == 0) {
            let with = scores[part | 1 << more];
            assert!(with >= *score, "packets {part:#010b} are worth {score}, with packet {more} {with}");
        }
    }
}

/// Packets come one by one, in many orders, all the way to the whole capture.
#[test]
fn a_segment_more_never_costs() {
    let rubric = rubric("tcp-echo");
    let talk = cases::tcp_lab();
    let lab = Lab { handed: rubric.handed(), rubric, student: Student::new(60, 0), whole: talk };
    let count = lab.whole.packets.len();
    let mut random = 0x9e37_79b9_u64;
    for _ in 0..200 {
        let mut left: Vec<usize> = (0..count).collect();
        let mut there = vec![false; count];
        let mut before = lab.score(Vec::new());
        while !left.is_empty() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let next = left.swap_remove((random >> 33) as usize % left.len());
            there[next] = true;
            let now = lab.score(lab.part(|place| there[place]));
            assert!(now >= before, "{now} after {before} with packet {next} to {there:?}");
            before = now;
        }
        assert_eq!(before, Points::whole(100));
    }
}

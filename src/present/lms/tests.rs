//! Uploads as learning platforms take them.

use super::testing::class;
use super::*;
use crate::judge::Language::{En, Ko};
use crate::judge::log::Text;
use crate::judge::sheet::Sheet;

const MOODLE: &str = "Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\",\
    \"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\r\n\
    \"Participant 77301\",\"김민수\",a@x.kr,\"Submitted for grading\",,100.00,Yes,\"Friday, 20 November\",-,\r\n\
    \"Participant 77234\",\"홍길동\",20231234@x.kr,\"Submitted for grading\",1.00,100.00,Yes,-,-,\"old\"\r\n\
    \"Participant 77400\",\"이영희\",c@x.kr,-,,100.00,Yes,-,-,\r\n\
    \"Participant 99999\",\"김민수\",d@x.kr,-,,100.00,Yes,-,-,\r\n";

fn filled(platform: Platform, template: &[u8], column: Option<&str>) -> Filled {
    fill(platform, template, &class(), (En, column)).unwrap_or_else(|fault| panic!("{fault}"))
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let sheet = Sheet::read(text).unwrap();
    sheet.rows.iter().map(|row| row.iter().map(|cell| cell.value().into_owned()).collect()).collect()
}

fn text(octets: &[u8]) -> String {
    Text::decode(octets).unwrap().text
}

const FEEDBACK: &str = "Score 92.5/100\necho 12.5/20: no reply to frame 3 → start the server first [udp.stream eq 1]";

#[test]
fn moodle_gets_grade_and_feedback_and_nothing_else() {
    let filled = filled(Platform::Moodle, MOODLE.as_bytes(), None);
    let (before, after) = (rows(MOODLE), rows(&text(&filled.octets)));
    let feedback = FEEDBACK.replace("92.5", "100");
    let mut expected = before;
    (expected[1][4], expected[1][9]) = ("100.00".to_owned(), feedback);
    (expected[2][4], expected[2][9]) = ("92.50".to_owned(), FEEDBACK.to_owned());
    assert_eq!(after, expected);
    assert_eq!(filled.graded, 2);
    assert_eq!(
        filled.remarks,
        vec![
            "20231302 김민수: no grade: the template leaves open which row it is",
            "20231400 이영희: no grade: waits for a review",
            "20231500 박철수: no grade: not gradable",
            "20231600 Ada Lovelace: no grade: nothing was handed in",
            "template line 5: nobody of the roster is known to be Participant 99999, 김민수, d@x.kr",
        ]
    );
}

/// Whatever the site's language: by the order of Moodle's columns and what stands in them.
#[test]
fn moodle_speaks_any_language() {
    let korean = "식별자,이름,\"이메일 주소\",상태,성적,\"최고 성적\",\"성적 변경 가능\",\"수정됨(제출물)\",\"수정됨(성적)\",\"피드백 의견\"\n참가자 77234,홍길동,x@y,-,,\"100,00\",예,-,-,\n";
    let finnish = "Tunniste,Koko nimi,Sähköposti,Tila,Arvosana,Enimmäis,Voidaan,Muokattu,Muokattu2,Palaute\nOsallistuja 77234,Hong,h@x.fi,-,,\"100,00\",Kyllä,-,-,\n";
    for template in [korean, finnish] {
        let filled = filled(Platform::Moodle, template.as_bytes(), None);
        let row = rows(&text(&filled.octets)).remove(1);
        assert_eq!((row[4].as_str(), row[9].as_str()), ("92,50", FEEDBACK), "{template}");
    }
}

#[test]
fn every_encoding_stays_what_it_was() {
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(MOODLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let cp949 = encoding_rs::EUC_KR.encode(MOODLE).0.into_owned();
    let marked = [b"\xef\xbb\xbf", MOODLE.as_bytes()].concat();
    let plain = filled(Platform::Moodle, MOODLE.as_bytes(), None);
    for template in [utf16, cp949, marked] {
        let filled = filled(Platform::Moodle, &template, None);
        assert_eq!(text(&filled.octets), text(&plain.octets));
        assert_eq!(Text::decode(&filled.octets).unwrap().encoding, Text::decode(&template).unwrap().encoding);
    }
}

/// What was filled in is filled in again, octet for octet.
#[test]
fn our_own_output_is_read_again() {
    for (platform, template) in [(Platform::Moodle, MOODLE), (Platform::Canvas, CANVAS), (Platform::Blackboard, BLACKBOARD)] {
        let once = filled(platform, template.as_bytes(), Some("UDP").filter(|_| platform != Platform::Moodle));
        let twice = filled(platform, &once.octets, Some("UDP").filter(|_| platform != Platform::Moodle));
        assert_eq!((text(&once.octets), once.graded), (text(&twice.octets), twice.graded));
    }
}

const CANVAS: &str = "Student,ID,SIS User ID,SIS Login ID,Section,TCP (1),UDP echo (12345),Final Score (99)\n\
    ,,,,,,Manual Posting,\n    Points Possible,,,,,10,100,(read only)\n\
    \"홍, 길동\",1,20231234,hong,01,9,,80\n\"김, 민수\",77301,,kim,01,8,,70\nSomebody,3,20231302,kim2,01,8,EX,70\n\"Student, Test\",9,,x,01,,,\n";

#[test]
fn canvas_gets_grades_by_number_and_leaves_traps_alone() {
    let filled = filled(Platform::Canvas, CANVAS.as_bytes(), Some("UDP echo"));
    let expected = CANVAS.replace("01,9,,80", "01,9,92.50,80").replace("01,8,,70", "01,8,100.00,70");
    assert_eq!(text(&filled.octets), expected);
    assert!(
        filled.remarks.contains(&"20231302 김민수: no grade: excused (EX) in the template".to_owned()),
        "{:?}",
        filled.remarks
    );
    assert!(filled.remarks.iter().all(|remark| !remark.contains("Points Possible")), "{:?}", filled.remarks);
    let semicolons = CANVAS.replace(',', ";").replace("홍; ", "홍, ").replace("김; ", "김, ").replace("Student; ", "Student, ");
    assert_eq!(
        text(&self::filled(Platform::Canvas, semicolons.as_bytes(), Some("UDP echo (12345)")).octets).matches(";92.50;").count(),
        1
    );
    let several = fill(Platform::Canvas, CANVAS.as_bytes(), &class(), (Ko, None)).unwrap_err();
    assert_eq!(several.to_string(), "line 1, column 1: expected --column with one of TCP (1) | UDP echo (12345)");
}

const BLACKBOARD: &str = "\"Last Name\"\t\"First Name\"\t\"Username\"\t\"Student ID\"\t\"UDP [Total Pts: 100 Score] |4711\"\t\"Feedback to Learner\"\n\
    \"홍\"\t\"길동\"\t\"hong\"\t\"20231234\"\t\"\"\t\"\"\n\"김\"\t\"민수\"\t\"20231302\"\t\"\"\t\"5\"\t\"\"\n";

#[test]
fn blackboard_is_filled_by_username() {
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(BLACKBOARD.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let filled = filled(Platform::Blackboard, &utf16, None);
    let table = rows(&text(&filled.octets));
    assert_eq!((table[1][4].as_str(), table[1][5].as_str(), table[2][4].as_str()), ("92.50", FEEDBACK, "70.00"));
    assert_eq!(table[0], rows(BLACKBOARD)[0]);
    assert!(filled.octets.starts_with(b"\xff\xfe"));
}

#[test]
fn a_row_of_two_students_gets_nothing() {
    let template = MOODLE.replace("20231234@x.kr", "20231301@x.kr");
    let filled = filled(Platform::Moodle, template.as_bytes(), None);
    assert_eq!(rows(&text(&filled.octets))[2], rows(&template)[2]);
    assert!(filled.remarks[0].starts_with("20231234 홍길동: no grade: the template leaves open"), "{:?}", filled.remarks);
}

#[test]
fn templates_that_are_none_have_a_place() {
    let fault = |platform, template: &str| fill(platform, template.as_bytes(), &class(), (En, None)).unwrap_err().to_string();
    assert_eq!(fault(Platform::Moodle, ""), "line 1, column 1: the template is empty: expected a heading");
    assert!(fault(Platform::Moodle, "a,b\n1,x\n").starts_with("line 1, column 1: expected a column Grade (성적)"));
    assert!(fault(Platform::Canvas, "Student,ID\n").contains("expected the column of an assignment"));
    assert!(fault(Platform::Blackboard, "Username,\"x").starts_with("line 1, column 10: this quote has no end"));
}

#[test]
fn no_cell_is_a_formula() {
    let mut results = class();
    results.results[0].student.name = "=HYPERLINK(\"http://x\")".to_owned();
    results.results[0].checks[0].message = Message::new("\x1b[2J", "@SUM(1)");
    results.results[0].checks[0].id = "+1".to_owned();
    for table in [plain(&results, En), nbgrader(&results)] {
        for cell in rows(&table).into_iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            assert!(!cell.contains('\x1b'), "{cell}");
        }
    }
    assert_eq!(rows(&nbgrader(&results))[1][5], "'=HYPERLINK(\"http://x\")");
}

#[test]
fn tables_of_our_own_leave_open_grades_blank() {
    let column = |table: &str, title: &str| {
        let rows = rows(table);
        let place = rows[0].iter().position(|heading| heading == title).unwrap();
        rows.into_iter().skip(1).map(|row| row[place].clone()).collect::<Vec<_>>()
    };
    let expected = ["92.5", "100", "70", "", "", ""];
    assert_eq!(column(&plain(&class(), Ko), "score"), expected);
    assert_eq!(column(&plain(&class(), Ko), "echo")[0], "12.5");
    let nbgrader = nbgrader(&class());
    assert_eq!(
        (column(&nbgrader, "score"), column(&nbgrader, "raw_score")),
        (expected.map(str::to_owned).to_vec(), expected.map(str::to_owned).to_vec())
    );
    assert_eq!((column(&nbgrader, "first_name")[5].as_str(), column(&nbgrader, "last_name")[5].as_str()), ("Ada", "Lovelace"));
    assert_eq!(column(&nbgrader, "flags")[5], "missing");
}

#[test]
fn gradescope_reads_numbers_and_hides_what_is_hidden() {
    let document: serde_json::Value = serde_json::from_str(&gradescope(&class().results[0], Ko).unwrap()).unwrap();
    assert_eq!(document["score"], 92.5);
    let tests = document["tests"].as_array().unwrap();
    assert_eq!((&tests[0]["score"], &tests[0]["max_score"], &tests[0]["status"]), (&12.5.into(), &20.into(), &"passed".into()));
    assert_eq!((&tests[0]["visibility"], &tests[1]["visibility"]), (&"visible".into(), &"hidden".into()));
    assert_eq!((&tests[0]["name"], &tests[0]["number"]), (&"에코".into(), &"1".into()));
    assert!(class().results[3..].iter().all(|graded| gradescope(graded, Ko).is_none()));
}

#[test]
fn prairielearn_tells_what_cannot_be_graded() {
    let document = |place: usize| {
        prairielearn(&class().results[place], En).map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap())
    };
    let first = document(0).unwrap();
    assert_eq!((&first["gradable"], &first["score"], &first["tests"][0]["points"]), (&true.into(), &0.925.into(), &12.5.into()));
    assert_eq!(first["tests"].as_array().unwrap().len(), 1);
    assert_eq!(document(4).unwrap()["gradable"], false);
    assert_eq!((document(3), document(5)), (None, None));
}

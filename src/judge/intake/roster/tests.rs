//! Rosters in every encoding and form that they come in, and what is wrong with others.

use super::*;
use encoding_rs::EUC_KR;

const TEXT: &str = "학번,이름,학과\n20231234,홍길동,컴퓨터공학과\n20231301,김민수,\n";

fn read(text: &str) -> Roster {
    Roster::read(text.as_bytes(), &Columns::default(), Some(8)).unwrap()
}

fn fault(text: &str) -> String {
    Roster::read(text.as_bytes(), &Columns::default(), Some(8)).unwrap_err().to_string()
}

fn notes(roster: &Roster) -> Vec<&str> {
    roster.warnings.iter().map(|note| note.message.en.as_str()).collect()
}

#[test]
fn every_encoding_gives_the_same_roster() {
    let expected = read(TEXT);
    assert_eq!(expected.rows[0].department.as_deref(), Some("컴퓨터공학과"));
    assert_eq!(
        (expected.rows[1].name.as_str(), expected.rows[1].department.as_ref(), expected.rows[1].line),
        ("김민수", None, 3)
    );
    let utf16 = [0xfeff].into_iter().chain(TEXT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let cases = [[b"\xef\xbb\xbf", TEXT.as_bytes()].concat(), EUC_KR.encode(TEXT).0.into_owned(), utf16];
    for octets in cases {
        assert_eq!(Roster::read(&octets, &Columns::default(), Some(8)).unwrap(), expected);
    }
}

#[test]
fn columns_are_recognised_or_named() {
    let roster = read("Group;E-mail;Full Name;Student ID;Participant\n1;h@x.kr;홍길동;20231234;77\n");
    let row = &roster.rows[0];
    assert_eq!((row.id.as_str(), row.name.as_str(), row.email.as_deref()), ("20231234", "홍길동", Some("h@x.kr")));
    assert_eq!((row.group.as_deref(), row.participant.as_deref()), (Some("1"), Some("77")));
    assert_eq!(read("성,이름,학번\n홍,길동,20231234\n").rows[0].name, "홍길동");
    assert_eq!(read("First name,Last name,ID number\nAda,Lovelace,20231234\n").rows[0].name, "Ada Lovelace");
    let mut columns = Columns::default();
    columns.map("id=Matrikel").unwrap();
    let roster = Roster::read("ID,Matrikel,Name\n1,20231234,Ada\n".as_bytes(), &columns, None).unwrap();
    assert_eq!(roster.rows[0].id, "20231234");
    assert_eq!(columns.map("shoe=size").unwrap_err().split(':').next(), Some("shoe is no field"));
    columns.map("name=Nom").unwrap();
    let fault = Roster::read(b"Matrikel,Name\n1,Ada\n", &columns, None).unwrap_err();
    assert_eq!(fault.to_string(), "line 1, column 1: expected a column Nom, found Matrikel, Name");
}

#[test]
fn zeros_that_excel_dropped_come_back() {
    let roster = read("student_id,name\n1234567,홍길동\n'02345678,김민수\n=\"03456789\",이영희\n20231234.0,박철수\n");
    let ids: Vec<&str> = roster.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["01234567", "02345678", "03456789", "20231234"]);
    assert_eq!(notes(&roster), ["roster line 2: id 1234567 was read as 01234567"]);
    assert!(
        fault("student_id,name\n01234567,홍길동\n1234567,김민수\n").starts_with("line 3, column 1: 01234567 stands in line 2")
    );
    let unknown = |rows: usize| {
        let rows: String = (0..rows).map(|row| format!("{},n{row}\n", 20_230_000 + row)).collect();
        Roster::read(format!("id,name\n1234567,홍길동\n{rows}").as_bytes(), &Columns::default(), None).unwrap()
    };
    assert!(notes(&unknown(20))[0].contains("has fewer than 8 digits"));
    assert_eq!(notes(&unknown(1)), [""; 0]);
}

#[test]
fn faults_have_a_place() {
    let cases = [
        ("", "line 1, column 1: the roster is empty: expected a heading"),
        ("20231234,홍길동\n", "line 1, column 1: expected a column student_id (학번), found 20231234, 홍길동"),
        ("학번,학과\n", "line 1, column 1: expected a column name (이름), found 학번, 학과"),
        ("학번,이름\n", "line 2, column 1: expected a student below the heading"),
        ("이름,학번\n홍길동,\n", "line 2, column 5: expected an id"),
        ("학번,이름\n20231234\n", "line 2, column 9: expected a name"),
        ("학번,이름\n1,a\n\n20231234,\n", "line 4, column 10: expected a name"),
        ("학번,이름\n20231234,a\n20231234,b\n", "line 3, column 1: 20231234 stands in line 2 already: expected every id once"),
        (
            "학번,이름\n2.02E+07,a\n",
            "line 2, column 1: 2.02E+07 is a rounded number: expected an id; format the column as text and export it again",
        ),
        ("학번,이름\n2023 1234,a\n", "line 2, column 1: 2023 1234 is no id: expected letters and digits without spaces"),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), expected, "{text:?}");
    }
    let broken = Roster::read(b"id,name\n1,\xff\xff\n", &Columns::default(), None).unwrap_err();
    assert_eq!((broken.line, broken.column), (2, 3));
}

#[test]
fn one_name_twice_is_a_warning_in_both_languages() {
    let roster = read("학번,이름\n20231234,김민수\n20231301,김민수\n,,\n");
    assert_eq!(notes(&roster), ["roster line 3: the name 김민수 stands in line 2 too; only ids tell them apart"]);
    assert!(roster.warnings[0].message.ko.starts_with("명단 3행: 이름 김민수"));
}

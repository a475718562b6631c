//! Whole files: what a reader makes of them, sound and damaged.

use super::super::sample::{
    Kept, ORDERS, SECONDS, block, interface, option, packet, pcap_header, read, record, refusal, section,
};
use super::super::{ByteOrder, Damage, Description, InterfaceId, LinkType, Resolution, Statistics, Timestamp};

const LITTLE: ByteOrder = ByteOrder::Little;
/// Ticks of the first packet, in microseconds.
const TICKS: u64 = SECONDS as u64 * 1_000_000;

/// A section, an Ethernet interface, and three packets of 60, 61 and 62 octets a second apart, block by block.
fn three(order: ByteOrder) -> Vec<Vec<u8>> {
    let packets = (0..3_u8)
        .map(|index| packet(order, 0, TICKS + u64::from(index) * 1_000_000, &vec![index + 1; 60 + usize::from(index)], &[]));
    [section(order, &[]), interface(order, 1, 262_144, &[])].into_iter().chain(packets).collect()
}

fn first_octets(frames: &[Kept]) -> Vec<u8> {
    frames.iter().map(|frame| frame.octets[0]).collect()
}

fn places(description: &Description) -> Vec<(u64, u64)> {
    description.damage.iter().map(|damage| (damage.offset, damage.skipped)).collect()
}

#[test]
fn every_resolution_in_both_byte_orders() {
    for order in ORDERS {
        let check = |options: &[u8], ticks: u64, nanoseconds: u32| {
            let file = [section(order, &[]), interface(order, 113, 96, options), packet(order, 0, ticks, b"x", &[])].concat();
            let (frames, offsets, description) = read(&file);
            assert_eq!(frames[0].timestamp, Some(Timestamp::new(SECONDS.into(), nanoseconds)), "{order:?} {options:?}");
            assert_eq!((frames[0].ticks, &frames[0].octets[..], frames[0].link_type), (ticks, &b"x"[..], LinkType::SLL));
            assert_eq!(offsets, [(28 + 20 + options.len()) as u64]);
            assert_eq!(description.damage, []);
            description.interfaces[0].clone()
        };
        let seconds = u64::from(SECONDS);
        let unit = |unit: u8| option(order, 9, &[unit]);
        assert_eq!(check(&[], seconds * 1_000_000 + 250_000, 250_000_000).resolution, Resolution::Decimal(6));
        assert_eq!(check(&unit(0), seconds, 0).resolution, Resolution::Decimal(0));
        assert_eq!(check(&unit(3), seconds * 1000 + 250, 250_000_000).resolution, Resolution::Decimal(3));
        check(&unit(9), seconds * 1_000_000_000 + 250_000_001, 250_000_001);
        check(&unit(10), seconds * 10_000_000_000 + 2_500_000_019, 250_000_001);
        assert_eq!(check(&unit(0x80 | 20), seconds << 20 | 1 << 18, 250_000_000).resolution, Resolution::Binary(20));
        let offset = [unit(6), option(order, 14, &order.u64_octets((-10_i64).cast_unsigned()))].concat();
        assert_eq!(check(&offset, (seconds + 10) * 1_000_000, 0).offset_seconds, -10);
    }
}

#[test]
fn every_kind_of_packet_block() {
    for order in ORDERS {
        let mut obsolete = order.u16_octets(1).to_vec();
        obsolete.extend(order.u16_octets(7)); // Drops.
        for number in [(TICKS >> 32) as u32, TICKS as u32, 3, 90] {
            obsolete.extend(order.u32_octets(number));
        }
        obsolete.extend(b"old\0");
        let simple = [&order.u32_octets(90)[..], &[5; 40]].concat();
        let file = [
            section(order, &[]),
            interface(order, 1, 40, &[]),
            interface(order, 101, 0, &[]),
            block(order, 3, &simple),
            block(order, 2, &obsolete),
            packet(order, 1, TICKS, b"new", &option(order, 4, &order.u64_octets(5))),
        ]
        .concat();
        let (frames, _, description) = read(&file);
        assert_eq!(description.damage, []);
        let brief: Vec<_> =
            frames.iter().map(|frame| (frame.interface.0, frame.timestamp, frame.original_len, &frame.octets[..])).collect();
        let time = Some(Timestamp::new(SECONDS.into(), 0));
        assert_eq!(brief, [(0, None, 90, &[5; 40][..]), (1, time, 90, b"old"), (1, time, 3, b"new")]);
        assert_eq!(frames[1].link_type, LinkType::RAW);
        assert_eq!(
            description.interfaces.iter().map(|interface| (interface.frames, interface.lost)).collect::<Vec<_>>(),
            [(1, 0), (2, 12)]
        );
    }
}

#[test]
fn what_the_file_says_of_itself_is_kept() {
    for order in ORDERS {
        let texts =
            |pairs: &[(u16, &[u8])]| pairs.iter().map(|(code, text)| option(order, *code, text)).collect::<Vec<_>>().concat();
        let names = [option(order, 1, b"\x7f\0\0\x01localhost\0me\0"), option(order, 2, &[&[0; 15][..], b"\x01v6\0"].concat())];
        let counters = texts(&[(1, b"Counters"), (4, &order.u64_octets(9)), (5, &order.u64_octets(2))]);
        let secrets = [order.u32_octets(0x544c_534b), order.u32_octets(4), *b"keys"].concat();
        let file = [
            section(order, &texts(&[(2, b"CPU"), (3, b"Linux"), (4, b"Dumpcap"), (1, b"one"), (1, b"two"), (99, b"?")])),
            interface(
                order,
                0,
                0,
                &texts(&[
                    (2, b"lo"),
                    (3, b"\xc8\xab\xb1\xe6"), // CP949.
                    (11, b"\0udp port 5000"),
                    (12, b"Linux 6"),
                    (15, b"virtual"),
                    (8, &[1; 8]),
                ]),
            ),
            block(order, 4, &[names.concat(), vec![0; 4]].concat()),
            packet(order, 0, TICKS, b"x", &texts(&[(1, "안녕".as_bytes()), (1, b"again")])),
            block(order, 5, &[order.u32_octets(0).to_vec(), vec![0; 8], counters].concat()),
            block(order, 10, &secrets),
            block(order, 0x1234, b"unknown."),
        ]
        .concat();
        let (_, _, description) = read(&file);
        assert_eq!(description.damage, []);
        let section = &description.sections[0];
        assert_eq!(
            (section.hardware.as_deref(), section.os.as_deref(), section.application.as_deref()),
            (Some("CPU"), Some("Linux"), Some("Dumpcap"))
        );
        assert_eq!(section.comments, ["one", "two"]);
        assert_eq!(section.other_options, option(order, 99, b"?"));
        let interface = &description.interfaces[0];
        assert_eq!((interface.name.as_deref(), interface.description.as_deref()), (Some("lo"), Some("홍길")));
        assert_eq!((interface.filter.as_deref(), interface.os.as_deref()), (Some("udp port 5000"), Some("Linux 6")));
        assert_eq!((interface.hardware.as_deref(), interface.snap_length), (Some("virtual"), None));
        assert_eq!(interface.other_options, option(order, 8, &[1; 8]));
        let statistics = interface.statistics.as_ref().unwrap();
        assert_eq!((statistics.received, statistics.dropped, statistics.os_dropped), (Some(9), Some(2), None));
        assert_eq!(statistics.comments, ["Counters"]);
        let names: Vec<_> = description.names.iter().map(|(address, name)| format!("{address} {name}")).collect();
        assert_eq!(names, ["127.0.0.1 localhost", "127.0.0.1 me", "::1 v6"]);
        assert_eq!(description.packet_comments, [(1, "안녕".to_owned()), (1, "again".to_owned())]);
        assert_eq!((description.secrets, description.other_blocks), (1, 1));
    }
}

#[test]
fn interfaces_are_numbered_over_sections_of_either_order() {
    let file = [three(ByteOrder::Little).concat(), three(ByteOrder::Big).concat()].concat();
    let (frames, _, description) = read(&file);
    assert_eq!(frames.iter().map(|frame| frame.interface.0).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1]);
    assert_eq!(frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(frames[5].timestamp, frames[2].timestamp);
    assert_eq!(description.interfaces.iter().map(|interface| interface.section).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(description.sections.iter().map(|section| section.byte_order).collect::<Vec<_>>(), ORDERS);
}

#[test]
fn custom_blocks_and_journal_entries_count_as_frames() {
    let custom = [&LITTLE.u32_octets(32_473)[..], b"data"].concat();
    let journal = b"_PID=1\n__REALTIME_TIMESTAMP=1700000000250000\n";
    let mut file = three(LITTLE);
    file.insert(2, block(LITTLE, 0x0bad, &custom));
    file.insert(3, block(LITTLE, 0x4000_0bad, &custom));
    file.insert(4, block(LITTLE, 9, journal));
    let (frames, _, description) = read(&file.concat());
    assert_eq!(frames.len(), 6);
    assert_eq!(
        (&frames[1].octets[..], frames[1].link_type, frames[1].interface),
        (&b"data"[..], LinkType::NO_PACKET, InterfaceId::NONE)
    );
    assert_eq!(frames[2].timestamp, Some(Timestamp::new(SECONDS.into(), 250_000_000)));
    assert_eq!(frames[3].number, 4);
    assert_eq!(description.interfaces[0].frames, 3);
}

#[test]
fn every_prefix_keeps_the_frames_before_the_cut() {
    for order in ORDERS {
        let blocks = three(order);
        let file = blocks.concat();
        let starts: Vec<usize> = (0..=blocks.len()).map(|count| blocks[..count].iter().map(Vec::len).sum()).collect();
        for cut in 0..28 {
            assert!(refusal(&file[..cut]).contains("expected"), "cut at {cut}");
        }
        for cut in 28..=file.len() {
            let (frames, _, description) = read(&file[..cut]);
            let whole = starts.iter().filter(|start| **start <= cut).count() - 1;
            assert_eq!(frames.len(), whole.saturating_sub(2), "cut at {cut}");
            let expected: &[_] = match cut - starts[whole] {
                0 => &[],
                rest => &[(starts[whole] as u64, rest as u64)],
            };
            assert_eq!(places(&description), expected, "cut at {cut}");
        }
    }
}

#[test]
fn garbage_between_blocks_is_stepped_over() {
    for order in ORDERS {
        for (len, octet) in (1..60).flat_map(|len| [(len, 0xee), (len, 0)]) {
            let mut blocks = three(order);
            let offset: usize = blocks[..3].iter().map(Vec::len).sum();
            blocks.insert(3, vec![octet; len]);
            let (frames, _, description) = read(&blocks.concat());
            assert_eq!(first_octets(&frames), [1, 2, 3], "{len} octets of {octet}");
            assert_eq!(places(&description), [(offset as u64, len as u64)], "{len} octets of {octet}");
        }
    }
}

#[test]
fn a_broken_length_at_either_end_costs_one_block() {
    let check = |place: usize, length: u32, text: &str| {
        let mut blocks = three(LITTLE);
        let len = blocks[3].len();
        blocks[3][place..place + 4].copy_from_slice(&length.to_le_bytes());
        let (frames, _, description) = read(&blocks.concat());
        assert_eq!(first_octets(&frames), [1, 3], "{text}");
        assert_eq!(description.damage, [Damage { offset: 28 + 20 + 92, text: text.to_owned(), skipped: len as u64 }]);
    };
    let trailer = "found a block of 96 octets with 97 for its length at the end, expected the same at both ends";
    check(92, 97, trailer);
    check(4, 0, "found a block length of 0 octets, expected 12 to 16777216");
    check(4, u32::MAX, "found a block length of 4294967295 octets, expected 12 to 16777216");
    check(4, 1_000_000, "found 192 octets of a block, expected 1000000");
}

#[test]
fn a_fault_inside_a_block_costs_that_block_alone() {
    let check = |broken: Vec<u8>, numbers: &[u8], text: &str| {
        let skipped = broken.len() as u64;
        let mut blocks = three(LITTLE);
        blocks[3] = broken;
        let (frames, _, description) = read(&blocks.concat());
        assert_eq!(first_octets(&frames), numbers, "{text}");
        assert_eq!((&description.damage[0].text[..], description.damage[0].offset), (text, 28 + 20 + 92));
        assert_eq!(description.damage[0].skipped, if numbers.len() == 3 { 0 } else { skipped });
    };
    let mut lying = packet(LITTLE, 0, 0, &[2; 61], &[]);
    lying[20..24].copy_from_slice(&4000_u32.to_le_bytes());
    check(lying, &[1, 3], "found a captured length of 4000 octets, expected at most 64 in this block");
    check(
        packet(LITTLE, 7, 0, &[2; 61], &[]),
        &[1, 3],
        "found a frame of interface 7, expected one of the 1 described in this section",
    );
    check(block(LITTLE, 6, &[0; 4]), &[1, 3], "found a block of type 6 with 16 octets, expected at least 32");
    let overrun = [LITTLE.u16_octets(1), LITTLE.u16_octets(500), [b'a'; 2], [b'b'; 2]].concat();
    check(packet(LITTLE, 0, 0, &[2; 61], &overrun), &[1, 2, 3], "found option 1 of 500 octets, expected at most 4");
    check(block(LITTLE, 4, &LITTLE.u32_octets(0xffff_0001)), &[1, 3], "found a name record of 65535 octets, expected at most 0");
    check(block(LITTLE, 10, &[0xff; 8]), &[1, 3], "found secrets of 4294967295 octets, expected at most 0");
}

#[test]
fn a_faulty_option_costs_neither_its_interface_nor_its_section() {
    let options = [option(LITTLE, 9, &[9]), vec![2, 0, 99, 0]].concat();
    let (shb, idb) = (section(LITTLE, &options), interface(LITTLE, 1, 40, &options));
    let (frames, _, description) = read(&[&shb[..], &idb, &packet(LITTLE, 0, TICKS * 1000, b"x", &[])].concat());
    assert_eq!(frames[0].timestamp, Some(Timestamp::new(SECONDS.into(), 0)));
    assert_eq!(places(&description), [(0, 0), (shb.len() as u64, 0)]);
    assert_eq!(description.damage[0].text, "found option 2 of 99 octets, expected at most 0");
}

#[test]
fn a_simple_packet_longer_than_the_snap_length_is_read_and_noted() {
    let simple = [&LITTLE.u32_octets(90)[..], &[5; 60]].concat();
    let (frames, _, description) =
        read(&[section(LITTLE, &[]), interface(LITTLE, 1, 40, &[]), block(LITTLE, 3, &simple)].concat());
    assert_eq!(frames[0].octets, [5; 40]);
    assert_eq!(description.damage[0].text, "found 60 octets for a frame, expected 40 by its interface's snap length");
}

#[test]
fn a_section_of_an_unknown_version_is_skipped_whole() {
    let mut unknown = three(LITTLE);
    unknown[0][12] = 2;
    let (first, last) = (three(LITTLE).concat(), three(ByteOrder::Big).concat());
    let (frames, _, description) = read(&[&first[..], &unknown.concat(), &last].concat());
    assert_eq!(frames.len(), 6);
    assert_eq!(places(&description), [(first.len() as u64, first.len() as u64)]);
    assert_eq!(description.sections.len(), 2);
    assert!(refusal(&unknown.concat()).ends_with("found a section of version 2.0, expected 1.0 or 1.2"));
}

#[test]
fn a_record_of_pcap_inside_is_only_garbage() {
    let foreign = [pcap_header(LITTLE, 0xa1b2_c3d4), record(LITTLE, SECONDS, 0, &[9; 60])].concat();
    let mut blocks = three(LITTLE);
    blocks.insert(3, foreign);
    assert_eq!(first_octets(&read(&blocks.concat()).0), [1, 2, 3]);
}

fn statistics(ticks: (u64, u64), packets: bool) -> Statistics {
    let time = |ticks: u64| [((ticks >> 32) as u32).to_le_bytes(), (ticks as u32).to_le_bytes()].concat();
    let options = [option(LITTLE, 2, &time(ticks.0)), option(LITTLE, 3, &time(ticks.1))].concat();
    let packet = packet(LITTLE, 0, TICKS * 1000, b"x", &[]);
    let file = [
        section(LITTLE, &[]),
        interface(LITTLE, 1, 0, &option(LITTLE, 9, &[9])),
        if packets { packet } else { Vec::new() },
        block(LITTLE, 5, &[vec![0; 12], options].concat()),
    ];
    read(&file.concat()).2.interfaces[0].statistics.clone().unwrap()
}

#[test]
fn statistics_in_the_wrong_unit_are_known_by_their_packets() {
    let expected = (Some(Timestamp::new(i64::from(SECONDS) - 5, 0)), Some(Timestamp::new(i64::from(SECONDS) + 5, 0)));
    let (start, end) = (TICKS - 5_000_000, TICKS + 5_000_000);
    for packets in [true, false] {
        let wrong = statistics((start, end), packets);
        assert_eq!(((wrong.start, wrong.end), wrong.unit_repaired), (expected, true));
        let right = statistics((start * 1000, end * 1000), packets);
        assert_eq!(((right.start, right.end), right.unit_repaired), (expected, false));
    }
    let waited = 86_400_000_000 * 10;
    let early = statistics((start - waited, end), true);
    assert_eq!((early.end, early.unit_repaired), (expected.1, true), "ten days until the first packet");
    let old = statistics((86_400_000_000_000, 86_400_000_000_000), true);
    assert_eq!((old.start, old.unit_repaired), (Some(Timestamp::new(86_400, 0)), false), "near in neither unit");
}

#[test]
fn what_hostile_files_pile_up_is_bounded() {
    let empty_comment = option(LITTLE, 1, b"");
    let comments = packet(LITTLE, 0, TICKS, b"x", &empty_comment.repeat(2000));
    let stranger = packet(LITTLE, 7, TICKS, b"x", &[]);
    let file = [section(LITTLE, &[]), interface(LITTLE, 1, 0, &[]), comments, stranger.repeat(100)].concat();
    let description = read(&file).2;
    assert_eq!(description.packet_comments.len(), Description::MAX_COMMENTS);
    assert_eq!(description.left_out, 1000);
    assert_eq!((description.damage.len(), description.more_damage), (Description::MAX_DAMAGE, 84));

    let texts = option(LITTLE, 1, &[b'a'; 60_000]).repeat(200);
    let description = read(&section(LITTLE, &texts)).2;
    assert_eq!(description.sections[0].comments.len(), Description::MAX_TEXT / 60_064);
    assert_eq!(description.left_out as usize, 200 - Description::MAX_TEXT / 60_064);

    let interfaces = interface(LITTLE, 1, 0, &[]).repeat(Description::MAX_INTERFACES + 2);
    let description = read(&[section(LITTLE, &[]), interfaces].concat()).2;
    assert_eq!((description.interfaces.len(), description.damage.len()), (Description::MAX_INTERFACES, 2));
    let description = read(&section(LITTLE, &[]).repeat(Description::MAX_INTERFACES + 2)).2;
    assert_eq!((description.sections.len(), description.damage.len()), (Description::MAX_INTERFACES, 2));
}

#[test]
fn a_megabyte_of_false_beginnings_is_searched_once() {
    // Each claims a packet block of 600,000 octets, and none ends with that length.
    let claim = [6_u32, 600_000, 0, 0].map(u32::to_le_bytes).concat();
    let mut blocks = three(LITTLE);
    blocks.insert(3, claim.repeat(65_536));
    let (frames, _, description) = read(&blocks.concat());
    assert_eq!(first_octets(&frames), [1, 2, 3]);
    assert_eq!(places(&description), [(28 + 20 + 92, 1 << 20)]);
}

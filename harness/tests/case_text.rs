//! The text of a case: what is read, what is printed, and what is said about mistakes.
//!
//! Mistakes stand in `case_errors.txt`, text in and text out: after `=== NAME` a text, after `---`
//! the error as it is drawn. A `\` at the end of a text stands for a missing line feed.
//! `MMREAP_BLESS=1 cargo test` writes what is drawn now; read the difference before committing it.
//! Mistakes that a text file cannot hold well are in this file.

use mmreap::inject::FaultPoint;
use mmreap_harness::case::{
    Argument, Case, Process, Signature,
    check::{Item, Place, check, io_requests, owner, task_names},
    limit,
    parse::{parse, parse_bytes},
};
use mmreap_harness::daemon::reserved;
use mmreap_harness::operation::{vfork::VFORK, write::WRITE};
use mmreap_harness::schedule::pct::PCT;
use mmreap_harness::schedule::pos::POS;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::{fs, path::PathBuf};

/// Everything that the format can say, in canonical form.
const FULL: &str = "\
mmreap case 1
# The exit path blocks in exit_aio.
#
# ## see 212925802454
kernel v4.14
machine frames 16 min 1 high 2 time any tlb lazy empty_pmd good

process victim adj 500 notifiers 1 release flush_work
  vma heap anon 8 pages locked huge mergeable
  vma late file 1 page unmapped
  vma log shared 2 pages
  vma device pfnmap 3 pages
  vma tables hugetlb 4 pages
  aio ring
  thread main: write heap; io_submit ring after_alloc; vfork child; wait child; exit
  thread t2: write_file heap; mmap late; munmap late; madvise heap; read log; io_destroy ring; guest_write victim heap; mmu_close

process twin shares victim adj -1000
  thread main: io_submit ring error after 10; io_submit ring never; sleep 3; exit_group

process child parent victim
  thread main: io_submit ring after 0; alloc 3; free
  thread idle:

process reader
  thread main: get_task_mm victim; mmput; proc_maps victim; process_vm_readv child heap; kill twin
  thread t2: get_task_mm victim; mmput_async

kthread helper
  thread main: use_mm victim; copy_from_user victim heap; unuse_mm; sysrq_f; guest_read victim log

fault fail_trylock fail-nth 1 task-filter oom_reaper
fault fail_page_alloc probability 50 interval 2 times 3 space 1
fault reaper_delay

schedule pct seed 18446744073709551615 depth 3
  run victim until exit_mm/up_read(mmap_sem)
  run oom_reaper until __oom_reap_task_mm nth 2
  run victim/ring#4
  run reader/t2

expect O-PT-UAF page_table __oom_reap_task_mm exit_mmap
on v4.15 pass
on v4.16+mine O-LIVE task
";

/// The shortest case.
const SMALL: &str = "mmreap case 1\nkernel v4.14\n\nprocess victim\n  thread main:\n";

fn read(text: &str) -> Case {
    parse(text).unwrap_or_else(|error| panic!("{}", error.render("case", text.as_bytes(), false)))
}

fn drawn(bytes: &[u8]) -> String {
    match parse_bytes(bytes) {
        Ok(case) => format!("no mistake in:\n{case}"),
        Err(error) => error.render("case", bytes, false),
    }
}

#[test]
fn canonical_text_is_printed_as_itself() {
    for text in [FULL, SMALL] {
        assert_eq!(read(text).to_string(), text);
    }
}

#[test]
fn what_is_not_canonical_is_printed_canonically() {
    let text = "mmreap case 1\r\n\t#  two  blanks \n\n# not a note\nkernel v4.14\t# comment\n\
        schedule in_order\nmachine high 2 frames 0064 tlb eager empty_pmd bad\nexpect pass\n\
        process victim notifiers 0 parent p adj 5 # comment; ignored\n\
        vma  heap anon 1 pages unmapped locked\nthread main:write heap;exit\n\
        process p\nthread main: exit;exit\n";
    let error = parse(text).unwrap_err();
    assert_eq!((error.line, error.column), (11, 8), "{error}");
    let text = text.replace("main:write heap;exit", "main: write heap;exit");
    let text = text.replace("exit;exit", "exit#1;exit");
    assert_eq!(parse(&text).unwrap_err().line, 13);
    let text = text.replace("exit#1;exit", "free ;exit ");
    let canonical = "mmreap case 1\n# two  blanks\nkernel v4.14\n\n\
        process victim parent p adj 5\n  vma heap anon 1 page locked unmapped\n  \
        thread main: write heap; exit\n\nprocess p\n  thread main: free; exit\n\nexpect pass\n";
    assert_eq!(read(&text).to_string(), canonical);
}

#[test]
fn the_tree_holds_what_the_text_says() {
    let case = read(FULL);
    assert_eq!(case.notes, ["The exit path blocks in exit_aio.", "", "## see 212925802454"]);
    assert_eq!(case.processes[0].threads[0].operations[0], WRITE.of([Argument::vma("heap")]));
    assert_eq!(case.schedule.strategy, PCT.of(&[u64::MAX, 3]));
    assert_eq!(case.schedule.segments[1].until.as_ref().map(|stop| stop.nth), Some(2));
    let [oracle, object] = ["O-LIVE", "task"].map(String::from);
    let signature = Signature { oracle, object, sites: vec![] };
    let expected = mmreap_harness::case::Expect::Fail(signature);
    assert_eq!(case.others[1], ("v4.16+mine".into(), expected));
}

/// What stands in FORMAT.md before its list of the machine's own tasks, and of the fault points.
const OWN_TASKS: &str = "an AIO request (see below)\n            | ";
const FAULT_POINTS: &str = "\nPOINT       ";

#[test]
fn documentation_has_the_tasks_of_the_machine_and_the_fault_points() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FORMAT.md");
    let text = fs::read_to_string(path).expect("it is there");
    let points: Vec<_> = FaultPoint::ALL.iter().map(|point| point.name()).collect();
    let lists = [(OWN_TASKS, reserved().join(" | ")), (FAULT_POINTS, points.join(" | "))];
    let listed =
        lists.iter().fold(text.clone(), |text, (before, list)| listed(&text, before, list));
    if std::env::var_os("MMREAP_BLESS").is_some() {
        return fs::write(path, listed).expect("it can be written");
    }
    assert_eq!(listed, text);
}

/// The text with the list in the rest of the line after `before`.
fn listed(text: &str, before: &str, list: &str) -> String {
    let (above, rest) = text.split_once(before).expect("there is a list");
    let (_, below) = rest.split_once('\n').expect("a line ends");
    format!("{above}{before}{list}\n{below}")
}

#[test]
fn mistakes_are_drawn() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/case_errors.txt");
    let table = fs::read_to_string(&path).expect("the table of mistakes");
    let rows = table.split("=== ").skip(1).map(redraw).collect::<Vec<_>>();
    assert!(rows.len() >= 100, "the table is cut: {} rows", rows.len());
    let drawn = rows.concat();
    if std::env::var_os("MMREAP_BLESS").is_some() {
        fs::write(&path, drawn).expect("the table of mistakes can be written");
        return;
    }
    let difference = table.lines().zip(drawn.lines()).find(|(old, new)| old != new);
    assert!(table == drawn, "differs from tests/case_errors.txt at {difference:#?}");
}

/// One row of the table, with the error as it is drawn now.
fn redraw(row: &str) -> String {
    let (head, _) = row.split_once("\n---\n").expect("a row has a line `---`");
    let (name, text) = head.split_once('\n').unwrap_or((head, ""));
    let text = match text.strip_suffix('\\') {
        Some(cut) => cut.to_owned(),
        None if text.is_empty() => String::new(),
        None => format!("{text}\n"),
    };
    assert!(parse(&text).is_err(), "no mistake in row {name}");
    format!("=== {head}\n---\n{}\n\n", drawn(text.as_bytes()))
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let cases: [(&[u8], &str); 4] = [
        (
            b"mmreap case 1\n# \xc3\xa4\xff\n",
            "2:4: the byte 0xff is not UTF-8; a case is UTF-8 text",
        ),
        (b"\xe2\x82", "1:1: the byte 0xe2 is not UTF-8; a case is UTF-8 text"),
        (
            b"mmreap case 1\n# \x1b[2J\n",
            "2:3: the control character U+001B is not allowed; a case is plain text: visible \
            characters, blanks, tabs and line ends",
        ),
        (
            b"mmreap case 1\rkernel v4.14\n",
            "1:14: the control character U+000D is not allowed; a case is plain text: visible \
            characters, blanks, tabs and line ends",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(parse_bytes(bytes).unwrap_err().to_string(), expected);
    }
}

#[test]
fn drawing_shows_no_control_characters() {
    for bytes in ["mmreap case 1\n# \x1b[2J \x07\n", "mmreap case 1\n# \u{9b}2J \u{85}\n"] {
        for color in [false, true] {
            let bytes = bytes.as_bytes();
            let drawn = parse_bytes(bytes).unwrap_err().render("a\x1b[2J", bytes, color);
            assert!(!drawn.contains(['\x07', '\u{9b}', '\u{85}']), "{drawn:?}");
            assert!(!drawn.contains("\x1b[2J"), "{drawn:?}");
            assert_eq!(drawn.contains('\x1b'), color);
        }
    }
}

#[test]
fn size_is_checked_first() {
    let largest = format!("{SMALL}#{}", " ".repeat(limit::BYTES - SMALL.len() - 1));
    assert_eq!(read(&largest), read(SMALL));
    let expected = "1:1: this file is too large; a case has at most 65536 bytes";
    assert_eq!(parse(&format!("{largest} ")).unwrap_err().to_string(), expected);
    assert_eq!(parse_bytes(&[0xff; limit::BYTES + 1]).unwrap_err().to_string(), expected);
}

#[test]
fn a_case_that_is_too_large_when_printed_is_refused() {
    let tight = "kernel v\nprocess p\nthread t:\n";
    for (room, fits) in [(3, true), (2, false)] {
        // The canonical text has a blank line and two blanks of indentation more.
        let notes = limit::BYTES - tight.len() - "mmreap case 1\n# \n".len() - room;
        let text = format!("mmreap case 1\n# {}\n{tight}", "x".repeat(notes));
        assert_eq!(parse(&text).is_ok(), fits, "{room}");
    }
}

#[test]
fn lines_of_any_length_are_drawn_short() {
    let text = format!("mmreap case 1\n{}ä\u{202e}{}", "x".repeat(20_000), "ä ".repeat(9_000));
    let drawn = drawn(text.as_bytes());
    assert!(drawn.lines().all(|line| line.chars().count() < 500), "{drawn}");
    assert!(drawn.len() < 3000 && !drawn.contains('\u{202e}'), "{drawn}");
}

#[test]
fn owners_and_tasks() {
    let case = read(FULL);
    let owners: Vec<_> = (0..case.processes.len()).map(|process| owner(&case, process)).collect();
    assert_eq!(owners, [0, 0, 0, 3, 4]);
    let tasks =
        ["victim", "victim/t2", "twin", "child", "child/idle", "reader", "reader/t2", "helper"];
    assert_eq!(task_names(&case), tasks);
    let requests: Vec<_> = io_requests(&case)
        .into_iter()
        .map(|r| (r.process, r.thread, r.operation, r.owner, r.name))
        .collect();
    let expected = [(0, 0, 1, 1), (1, 0, 0, 2), (1, 0, 1, 3), (2, 0, 0, 4)];
    let expected = expected.map(|(p, t, o, n)| (p, t, o, 0, format!("victim/ring#{n}")));
    assert_eq!(requests, expected);
}

/// What a machine can build and no text can say.
#[test]
fn trees_without_a_text_are_refused() {
    type Change = fn(&mut Case);
    let changes: [(Change, Item, &str); 8] = [
        (|c| c.notes[1] = "two\nlines".into(), Item::Note(1), ""),
        (|c| c.notes[0] = " blank".into(), Item::Note(0), ""),
        (|c| c.kernel = "v4.14 pass".into(), Item::Kernel, ""),
        (|c| c.kernel = "#4".into(), Item::Kernel, ""),
        (|c| c.others[0].0 = String::new(), Item::Other(0), ""),
        (|c| c.schedule.segments[0].task = "; run".into(), Item::Segment(0), ""),
        (|c| c.processes[4].threads.clear(), Item::Process(4), ""),
        (|c| c.processes.clear(), Item::Case, ""),
    ];
    for (change, item, key) in changes {
        let mut case = read(FULL);
        change(&mut case);
        let problem = check(&case).expect_err(&case.to_string());
        assert_eq!(problem.place, Place::new(item, key), "{problem}");
    }
}

#[test]
fn helpers_answer_for_unchecked_trees() {
    let mut case = read("mmreap case 1\nkernel v\nprocess a\n thread m:\nprocess b\n thread m:\n");
    let ring = |process: &mut Process, other: &str| {
        process.parent = Some(other.into());
        process.threads[0].operations.push(VFORK.of([Argument::process(other)]));
    };
    ring(&mut case.processes[0], "b");
    ring(&mut case.processes[1], "a");
    assert!(owner(&case, 0) < 2);
    assert_eq!(owner(&case, 7), 7);
    assert_eq!(check(&case).unwrap_err().place.item, Item::Operation(0, 0, 0));
}

/// Replaces, removes, doubles or cuts words of a text.
fn edit(text: &str, edits: &[(usize, usize, u8)]) -> String {
    let mut words: Vec<&str> = text.split_inclusive([' ', '\n', ';', ':']).collect();
    for &(at, from, kind) in edits {
        let (at, from) = (at % words.len(), from % words.len());
        match kind % 4 {
            0 => words[at] = words[from],
            1 => words.insert(at, words[from]),
            2 => words.swap(at, from),
            _ if words.len() > 1 => drop(words.remove(at)),
            _ => {}
        }
    }
    words.concat()
}

fn holds_the_laws(text: &str) {
    let Ok(case) = parse(text) else { return };
    assert_eq!(check(&case), Ok(()));
    let printed = case.to_string();
    assert_eq!(read(&printed), case, "parse(print(c)) == c for {printed}");
    assert_eq!(read(&printed).to_string(), printed);
    let bare = Case { notes: Vec::new(), expect: None, others: Vec::new(), ..case };
    let lines = bare.to_string().lines().filter(|line| !line.is_empty()).count();
    assert_eq!(bare.lines(), lines, "{bare}");
}

/// Trees made from the full one by changes that often, but not always, break a rule.
fn changed() -> impl Strategy<Value = Case> {
    let note = proptest::collection::vec("[ -~ä\t]{0,6}", 0..3);
    let word = "[a-z;# ]{0,1}[!-~]{0,3}";
    let numbers = (any::<u16>(), 0..5u16, 0..20u8, proptest::option::of(0..4u32), any::<u64>());
    (note, word, numbers, 0..9usize).prop_map(
        |(notes, word, (adj, high, pages, nth, seed), cut)| {
            let mut case = read(FULL);
            (case.notes, case.others[0].0) = (notes, word);
            case.machine.high = high;
            case.processes[0].adj = (adj % 2200) as i16 - 1100;
            case.processes[0].vmas[1].pages = pages;
            case.faults[0].fail_nth = nth;
            case.schedule.strategy = POS.of(&[seed]);
            case.schedule.segments.truncate(cut);
            case.processes[3].threads[0].operations.truncate(cut);
            case
        },
    )
}

/// The same texts every time.
fn fixed() -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(1);
    ProptestConfig { failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(fixed())]

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = drawn(&bytes);
        let _ = drawn(&[&FULL.as_bytes()[..bytes.len()], &bytes].concat());
    }

    #[test]
    fn any_line_is_taken(line in "\\PC{0,60}") {
        let text = format!("{SMALL}{line}\n");
        let _ = drawn(text.as_bytes());
        holds_the_laws(&text);
    }

    #[test]
    fn edited_text_holds_the_laws(
        edits in proptest::collection::vec((any::<usize>(), any::<usize>(), any::<u8>()), 0..4),
    ) {
        let text = edit(FULL, &edits);
        let _ = drawn(text.as_bytes());
        holds_the_laws(&text);
    }

    #[test]
    fn accepted_trees_hold_the_laws(case in changed()) {
        if check(&case).is_ok() {
            holds_the_laws(&case.to_string());
            prop_assert_eq!(read(&case.to_string()), case);
        } else {
            prop_assert!(parse(&case.to_string()) != Ok(case));
        }
    }

    #[test]
    fn truncated_text_holds_the_laws(end in 0..FULL.len()) {
        let _ = drawn(&FULL.as_bytes()[..end]);
        holds_the_laws(&FULL[..FULL.floor_char_boundary(end)]);
    }
}

#[test]
fn examples_of_the_documentation_are_cases() {
    let page = include_str!("../FORMAT.md");
    let examples: Vec<_> = page.split("```mmreap\n").skip(1).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let text = example.split("```").next().unwrap_or_default();
        assert_eq!(read(text).to_string(), text);
    }
}

//! The web pack's behaviour rules on recorded scenarios, live: what a hunt finds, in any order.

use sigyn_runtime::live::Settings;

use crate::world::*;

#[test]
fn scenarios_are_the_same_live() {
    let logs = root().join("../shared/data/web/behaviour");
    let Ok(entries) = std::fs::read_dir(&logs) else {
        eprintln!("skipped: {} is not there", logs.display());
        return;
    };
    let program = program_of(folder("rules/web"));
    let random = &mut Random(7);
    let (mut logs, mut found) = (0, 0);
    for path in entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "log"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let feed = Feed { name: name.as_str().into(), lines: text.lines().map(str::to_owned).collect() };
        let feeds = [feed];
        let expected = hunted(&program, &feeds);
        let mut order = chunks(random, &feeds, 40);
        for is_shuffled in [false, true] {
            if is_shuffled {
                random.shuffle(&mut order);
            }
            let mut settings = Settings::standard();
            settings.repair_after = 20 * SECOND;
            let mut run = Run::new(&program, settings, &feeds);
            for chunk in &order {
                run.now += SECOND;
                run.take(&feeds, std::slice::from_ref(chunk));
            }
            same(&format!("{name} shuffled {is_shuffled}"), &expected, &run.finish().0);
        }
        logs += 1;
        found += expected.values().filter(|told| !told.is_empty()).count();
    }
    assert!(logs > 5 && found > 20, "{logs} {found}");
}

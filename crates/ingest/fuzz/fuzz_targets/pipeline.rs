//! A pipeline of outside bytes loads or says why not: `pipeline.toml`, a zero byte, its view.

#![no_main]

use std::cell::OnceCell;
use std::fs;

use lazaret_ingest::Pipeline;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (toml, view) = (parts.next().unwrap_or(&[]), parts.next().unwrap_or(&[]));
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("views")).unwrap();
            folder
        });
        fs::write(folder.path().join("pipeline.toml"), toml).unwrap();
        fs::write(folder.path().join("views/v.json"), view).unwrap();
        if let Ok(pipeline) = Pipeline::load(folder.path()) {
            for table in pipeline.tables() {
                let first = table.columns.first().map(|column| column.name.as_str());
                assert_eq!(first, Some("person_id"));
                assert!(table.rows_per_person > 0);
            }
        }
    });
});

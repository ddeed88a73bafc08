//! What only one of the databases can do wrong, and addresses.

use super::*;
use crate::StoreError;

#[tokio::test]
async fn survives_a_full_disk() {
    on_sqlite(|place| async move {
        let store = filled(&place, 1).await;
        let mut session = store.writer().take_idle().unwrap();
        ddl(&mut session, "PRAGMA max_page_count = 60".into()).await;
        store.writer().keep(session);
        let long = "x".repeat(300_000);
        let error = store
            .write(event("full"), async |tx| {
                tx.execute(ADD_USER, &user(&long)).await
            })
            .await
            .unwrap_err();
        // The first error is told, not that there was nothing left to roll back.
        assert!(
            matches!(&error, StoreError::Database(what) if what.contains("full")),
            "{error}"
        );
        assert_eq!(users(&store).await, 1);
        filled_again(&store).await;
    })
    .await;
}

#[tokio::test]
async fn waits_for_the_disk_whatever_the_server_says() {
    on_postgres("waits_for_the_disk", |place| async move {
        for (given, used) in [("off", "on"), ("remote_apply", "remote_apply")] {
            let url = format!("{}&options[synchronous_commit]={given}", place.url);
            let store = Store::open(&url).await.unwrap();
            let sql = "SELECT current_setting('synchronous_commit') AS mode";
            let row = store
                .write(event("x"), async |tx| tx.row(sql, &[]).await)
                .await;
            assert_eq!(row.unwrap().unwrap().text("mode"), Ok(used));
        }
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn keeps_its_files_to_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    on_sqlite(|place| async move {
        let store = filled(&place, 1).await;
        let folder = place.folder.as_ref().unwrap().path();
        let files = || {
            std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path())
        };
        assert_eq!(files().count(), 3, "the database, its log and its index");
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert!(files().all(|path| mode(path) == 0o600));
        store.close().await.unwrap();
        drop(store);
        let path = folder.join("store.db");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let store = place.open().await;
        assert_eq!(mode(path), 0o600);
        assert_eq!(users(&store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn has_a_sqlite_without_the_reset_bug() {
    on_sqlite(|place| async move {
        let sql = "SELECT sqlite_version() AS version";
        let store = place.open().await;
        let row = store
            .read(async |tx| tx.row(sql, &[]).await)
            .await
            .unwrap()
            .unwrap();
        let numbers = row
            .text("version")
            .unwrap()
            .split('.')
            .map(|part| part.parse().unwrap());
        assert!(numbers.collect::<Vec<u32>>() >= vec![3, 51, 3]);
    })
    .await;
}

#[tokio::test]
async fn names_wrong_addresses_without_their_secrets() {
    for url in [
        "",
        "mysql://u:secret@h/d",
        "secret",
        "sqlite::memory:",
        "sqlite:///a?mode=memory",
    ] {
        let error = Store::open(url).await.err().unwrap();
        assert!(matches!(error, StoreError::Url(_)), "{url}: {error}");
        assert!(
            url == "secret" || !error.to_string().contains("secret"),
            "{error}"
        );
    }
    let error = Store::open("sqlite:///no/such/folder/store.db")
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Unfit(_)), "{error}");
    let error = Store::open("postgres://u:secret@127.0.0.1:1/d")
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn futures_are_small() {
    on_sqlite(|place| async move {
        let store = place.open().await;
        let big = [7u8; 16_384];
        let small = 1024;
        let write = store.write(event("x"), async |tx| {
            let add = tx.execute(ADD_USER, &[]);
            assert!(size_of_val(&add) < small, "{}", size_of_val(&add));
            drop(add);
            assert_eq!(big.len(), 16_384);
            Ok::<_, StoreError>(())
        });
        assert!(size_of_val(&write) < small, "{}", size_of_val(&write));
        write.await.unwrap();
        let verify = store.verify();
        assert!(size_of_val(&verify) < small, "{}", size_of_val(&verify));
        assert!(size_of_val(&Store::open("x")) < small);
    })
    .await;
}

//! The log inside a transaction: appending an entry, reading entries, and checking them all.

use crate::merkle::{Head, Tree};
use crate::session::{Guarded, Session};
use crate::value::{timestamp, wrong};
use crate::{Damage, Entry, Event, Row, StoreError};

/// Entries that are read at a time.
const PAGE: u64 = 1_000;

const HEAD: &str = "SELECT size, root, edge FROM tree_head WHERE id = 0";
const ENTRIES: &str = "SELECT seq, at, actor, kind, subject, entry, leaf FROM event \
                       WHERE seq >= $1 ORDER BY seq LIMIT $2";
const COUNT: &str = "SELECT COUNT(*) AS entries FROM event";
const APPEND: &str = "INSERT INTO event (seq, at, actor, kind, subject, entry, leaf) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
const ADVANCE: &str = "UPDATE tree_head SET size = $1, root = $2, edge = $3 \
                       WHERE id = 0 AND size = $4";

/// Appends an event, as the last statements of its transaction.
pub(crate) async fn append(session: &mut Session, event: Event) -> Result<(), StoreError> {
    let rows = session.rows(HEAD, &[]).await?;
    let mut tree = tree(&rows)?;
    let seq = tree.size();
    let unfit = || {
        wrong(
            "event",
            "cannot be kept: a year, nesting or NUL is out of bounds",
        )
    };
    // PostgreSQL cannot hold the character NUL, so neither database is given it.
    if [&event.actor, &event.subject]
        .iter()
        .any(|text| text.contains('\0'))
    {
        return Err(unfit());
    }
    let entry = Entry::write(event, seq, tree.root()).ok_or_else(unfit)?;
    tree.push(entry.leaf);
    let row = [
        seq.try_into()?,
        entry.event.at.into(),
        entry.event.actor.as_str().into(),
        entry.kind_word().into(),
        entry.event.subject.as_str().into(),
        entry.text.as_str().into(),
        entry.leaf.to_string().into(),
    ];
    session.execute(APPEND, &row).await?;
    let head = [
        tree.size().try_into()?,
        tree.root().to_string().into(),
        tree.edge().into(),
        seq.try_into()?,
    ];
    match session.execute(ADVANCE, &head).await? {
        1 => Ok(()),
        _ => Err(broken(seq, Damage::Head)),
    }
}

/// The log's head.
pub(crate) async fn head(session: &mut Guarded) -> Result<Head, StoreError> {
    Ok(tree(&session.rows(HEAD, &[]).await?)?.head())
}

/// Entries from a place on, at most so many. Each is checked to be itself.
pub(crate) async fn entries(
    session: &mut Guarded,
    from: u64,
    limit: u64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = session
        .rows(ENTRIES, &[from.try_into()?, limit.try_into()?])
        .await?;
    rows.iter().map(entry).collect()
}

/// Recomputes every leaf, every root an entry recorded, the head and the heads that witnesses saw.
pub(crate) async fn verify(session: &mut Guarded, witnessed: &[Head]) -> Result<Head, StoreError> {
    let stored = session.rows(HEAD, &[]).await?;
    let head = stored.first().ok_or_else(|| broken(0, Damage::Head))?;
    let size = head.unsigned("size")?;
    let mut tree = Tree::default();
    witness(&tree, witnessed)?;
    loop {
        let page = session
            .rows(ENTRIES, &[tree.size().try_into()?, PAGE.try_into()?])
            .await?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            follow(&mut tree, size, row)?;
            witness(&tree, witnessed)?;
        }
    }
    if tree.size() < size {
        return Err(broken(tree.size(), Damage::Truncated));
    }
    // What stands outside the numbers of the tree was not read above.
    let count = session.rows(COUNT, &[]).await?;
    if count.first().map_or(Ok(0), |row| row.unsigned("entries"))? != size {
        return Err(broken(size, Damage::Beyond));
    }
    if head.text("root")? != tree.root().to_string() || head.text("edge")? != tree.edge() {
        return Err(broken(size.saturating_sub(1), Damage::Head));
    }
    if witnessed.iter().any(|head| head.size > size) {
        return Err(broken(size, Damage::Truncated));
    }
    Ok(tree.head())
}

/// Appends a row to the tree, if it is the entry that comes next.
fn follow(tree: &mut Tree, size: u64, row: &Row) -> Result<(), StoreError> {
    let seq = tree.size();
    if seq >= size {
        return Err(broken(seq, Damage::Beyond));
    }
    if row.unsigned("seq")? != seq {
        return Err(broken(seq, Damage::Missing));
    }
    let entry = entry(row)?;
    if entry.root_before != tree.root() {
        return Err(broken(seq, Damage::Rewritten));
    }
    tree.push(entry.leaf);
    Ok(())
}

/// The tree that the head describes, if head and edge fit each other.
fn tree(rows: &[Row]) -> Result<Tree, StoreError> {
    let head = rows.first().ok_or_else(|| broken(0, Damage::Head))?;
    let size = head.unsigned("size")?;
    let tree = Tree::from_edge(size, head.text("edge")?);
    let root = head.text("root")?;
    tree.filter(|tree| tree.root().to_string() == root)
        .ok_or_else(|| broken(size.saturating_sub(1), Damage::Head))
}

/// The entry of a row, if its text, its leaf and the columns copied from it fit each other.
fn entry(row: &Row) -> Result<Entry, StoreError> {
    let seq = row.unsigned("seq")?;
    let changed = || broken(seq, Damage::Changed);
    let entry = Entry::parse(row.text("entry")?).ok_or_else(changed)?;
    if row.text("leaf")?.parse() != Ok(entry.leaf) {
        return Err(changed());
    }
    if entry.seq != seq {
        return Err(broken(seq, Damage::Moved));
    }
    let copied = row.text("at")? == timestamp(entry.event.at)
        && row.text("actor")? == entry.event.actor
        && row.text("kind")? == entry.kind_word()
        && row.text("subject")? == entry.event.subject;
    if copied { Ok(entry) } else { Err(changed()) }
}

fn witness(tree: &Tree, witnessed: &[Head]) -> Result<(), StoreError> {
    let other = |head: &&Head| head.size == tree.size() && head.root != tree.root();
    match witnessed.iter().find(other) {
        Some(head) => Err(broken(head.size, Damage::Witness)),
        None => Ok(()),
    }
}

const fn broken(seq: u64, damage: Damage) -> StoreError {
    StoreError::Broken { seq, damage }
}

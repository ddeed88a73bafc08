//! `lazaret init`: a new home with the keys of its role.

use std::path::Path;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use anyhow::{Context, bail};
use lazaret_permit::SigningKey;
use lazaret_pseudonym::{CentreKey, HolderKey};
use lazaret_store::{Event, EventKind};
use serde_json::json;

use crate::args::{Init, Role};
use crate::config::FILE;
use crate::console::Console;
use crate::home::{Home, KeyFile, hex, random};
use crate::{DONE, secret};

/// Makes the folder, the configuration, the keys and the store.
pub(crate) async fn init(dir: &Path, init: &Init, console: &mut Console<'_>) -> anyhow::Result<u8> {
    make(dir, init).await?;
    console.note(&format!(
        "made a home of role `{}` in {}",
        word(init.role),
        dir.display()
    ));
    if init.demo {
        console.note("it is marked as a demo home: no real record belongs here");
    } else {
        console.note(&format!(
            "next: give each dataset a cap in {}",
            dir.join(FILE).display()
        ));
    }
    Ok(DONE)
}

/// The same without a word, for the demo.
pub(crate) async fn make(dir: &Path, init: &Init) -> anyhow::Result<()> {
    let config = dir.join(FILE);
    if config.exists() {
        bail!(
            "{} is there already: a home is never made twice",
            config.display()
        );
    }
    let keys = dir.join("keys");
    std::fs::create_dir_all(&keys).with_context(|| keys.display().to_string())?;
    owner_only(&keys)?;
    std::fs::write(&config, configuration(init)).with_context(|| config.display().to_string())?;
    if init.demo {
        Home::mark_demo(dir)?;
    }
    let home = Home::open(dir)?;
    let holder = matches!(init.role, Role::Holder | Role::All);
    let access_body = matches!(init.role, Role::Hdab | Role::All);
    let centre = matches!(init.role, Role::TrustCentre | Role::All);
    if holder {
        make_holder_keys(&home)?;
    }
    if centre {
        CentreKey::generate(&mut random()?)?.save_new(&home.key(KeyFile::Centre))?;
    }
    if access_body {
        make_pair(&home, KeyFile::Permit, KeyFile::PermitPublic)?;
    }
    let detail = json!({ "role": word(init.role), "demo": init.demo });
    let event = Event::new(home.clock.now(), "operator", EventKind::Init, "home").detail(detail);
    home.store().await?.record(event).await?;
    Ok(())
}

/// What a data holder's engine needs besides the access body's public key.
fn make_holder_keys(home: &Home) -> anyhow::Result<()> {
    HolderKey::generate(&mut random()?)?.save_new(&home.key(KeyFile::Holder))?;
    let quarantine = Identity::generate();
    secret::save_new(
        &home.key(KeyFile::Quarantine),
        quarantine.to_string().expose_secret(),
    )?;
    make_pair(home, KeyFile::Release, KeyFile::ReleasePublic)?;
    secret::save_new(&home.key(KeyFile::Bounding), &hex(&random::<32>()?))
}

fn make_pair(home: &Home, private: KeyFile, public: KeyFile) -> anyhow::Result<()> {
    let key = SigningKey::generate()?;
    secret::save_new(&home.key(private), &key.to_pem()?)?;
    let path = home.key(public);
    std::fs::write(&path, key.verifying_key().to_pem()).with_context(|| path.display().to_string())
}

#[cfg(unix)]
fn owner_only(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}

#[cfg(not(unix))]
fn owner_only(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Holder => "holder",
        Role::Hdab => "hdab",
        Role::TrustCentre => "trust-centre",
        Role::All => "all",
    }
}

fn configuration(init: &Init) -> String {
    let role = word(init.role);
    let parts = format!(
        "[home]\nrole = \"{role}\"\n\
         # paths in this folder, or URLs\n\
         lake = \"lake\"\nstore = \"store.db\"\nkeys = \"keys\"\nquarantine = \"quarantine\"\n"
    );
    let dataset = "\n# what all permits on the dataset together may spend in its lifetime\n\
                   [dataset.fr-demo]\ntitle = \"Synthetic people of France\"\n\
                   cap = { epsilon = 20.0, delta = 1e-6 }\n";
    if init.demo { parts + dataset } else { parts }
}
